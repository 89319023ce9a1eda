//! Nothing leaks: every flow runs with its logs captured, and no number, code, secret or token is in them.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use gateway_tests::Gateway;
use serde_json::json;

use crate::steps::{Customer, another, device, newest_code};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_holds_a_number_a_code_a_secret_or_a_token() {
    let captured = Captured::default();
    let writer = captured.clone();
    // Everything that the functions and their libraries can say; nextest gives each test its own process.
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone()).init();
    let gateway = Gateway::start().await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let customer = Customer::sign_in(&gateway).await;
    let mut marks = vec![
        ("access token", customer.token.clone()),
        ("client secret", gateway.world.gateway().customer.client_secret.clone()),
        ("operator's secret", gateway.world.env()["VODAFONE_CLIENT_SECRET"].clone()),
        ("pepper", gateway.world.env()["OTP_PEPPER"].clone()),
        ("signing key", gateway.world.env()["TOKEN_KEY"].clone()),
    ];
    for device in gateway.world.gateway().devices.clone() {
        let started = customer.start(&device, &[("redirect_uri", &redirect_uri)]).await;
        let payload = started.id_token.trim_start_matches("v4.public.").split('.').next().expect("a payload");
        let claims = String::from_utf8_lossy(&BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64")).into_owned();
        assert!(!claims.contains(&device.msisdn[3..]), "the id_token holds the number: {claims}");
        if started.json["authorize"]["authorization_uri"].is_string() {
            started.open(Some(&redirect_uri)).await;
        }
        marks.extend([("number", device.msisdn[1..].to_owned()), ("id_token", started.id_token.clone())]);
    }
    let started = customer.start(&device(&gateway, "+447700900622"), &[]).await;
    gateway.advance(Duration::from_secs(5));
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    customer.guess(&started, &another(&code)).await;
    customer.guess(&started, &code).await;
    customer.validate(&json!({ "id_token": started.id_token, "code": "wrong" })).await;

    let logged = String::from_utf8_lossy(&captured.0.lock().expect("a lock")).into_owned();
    let functions: String = logged
        .lines()
        .filter(|line| !line.contains("\"target\":\"dynoxide") && !line.contains("\"target\":\"sandbox"))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(functions.contains("\"outcome\":\"MATCH\"") && functions.contains("\"status\":200"), "there are lines");
    for (what, mark) in marks {
        let line = functions.lines().find(|line| line.contains(&mark));
        assert!(line.is_none(), "a line holds a {what}: {line:?}");
    }
    // Six digits may stand in a timestamp: only a line of ours about this session could hold the code.
    let line =
        functions.lines().find(|line| line.contains(&format!("\"{code}\"")) || line.contains(&format!("#{code}")));
    assert!(line.is_none(), "a line holds the code: {line:?}");
}
