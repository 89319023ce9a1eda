//! What a customer has used, from the functions to `sna usage` and the sandbox's page.

use std::{collections::BTreeMap, fs, time::Duration};

use clap::Parser;
use gateway_tests::{
    Gateway,
    steps::{Customer, another, client, device, newest_code, register},
};
use sandbox::inbox::Fault;
use serde_json::{Value, json};
use sna_customers::TestNumber;

use crate::bed::{local, local_at, now, text};

const OWN: &str = "+447700900620";
/// The device holds another number.
const NOT_ITS_OWN: &str = "+447700900621";
const O2: &str = "+447700900920";
const TEST: &str = "+447700900699";

/// What the sandbox tells its page.
async fn charted(gateway: &Gateway, query: &str) -> (u16, Value) {
    let url = format!("{}/usage?{query}", gateway.world.gateway().sandbox);
    let answer = client().get(url).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn silent(gateway: &Gateway, customer: &Customer, number: &str) {
    let started = customer.start(&device(gateway, number), &[]).await;
    let payload = started.open(None).await.json();
    let proof = json!({ "id_token": started.id_token, "payload": payload });
    for _ in 0..2 {
        customer.validate(&proof).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_codes_are_shown_by_day_and_network_as_they_were_used() {
    let gateway = Gateway::start().await;
    let (id, expires_at) = ("bank", now() / 1000 + 3600);
    let number = TestNumber { msisdn: TEST.into(), code: "123456".into(), expires_at };
    let secret = register(&gateway, id, |record| record.test_numbers = vec![number]).await;
    let customer = Customer::sign_in_as(&gateway, id, &secret, "authenticate otp").await;
    silent(&gateway, &customer, OWN).await;
    silent(&gateway, &customer, OWN).await;
    silent(&gateway, &customer, NOT_ITS_OWN).await;
    silent(&gateway, &customer, O2).await;
    // Two messages, a guess that is wrong and one that is right; which comes again.
    let started = customer.start(&device(&gateway, OWN), &[]).await;
    for _ in 0..2 {
        assert_eq!(started.send_otp().await.0, 200);
        gateway.advance(Duration::from_secs(30));
    }
    let code = newest_code(&gateway, &started.device);
    for code in [&another(&code), &code, &code] {
        customer.guess(&started, code).await;
    }
    // A message that is refused, and one to nobody.
    gateway.world.inbox().fail(OWN, Fault::Throttle);
    let refused = customer.start(&device(&gateway, OWN), &[]).await;
    assert_eq!(refused.send_otp().await.0, 503);
    let (_, config) = customer.get_config(&[("msisdn", TEST), ("client_ip", "148.252.128.20")]).await;
    let uri = config["otp_authorization_uri"].as_str().expect("a uri");
    assert_eq!(client().get(uri).send().await.expect("an answer").status(), 200);
    let proof = json!({ "id_token": config["id_token"], "otp_code": "123456" });
    assert_eq!(customer.validate(&proof).await.1["authenticated"], "true");

    // A minute has passed for the functions, and perhaps a midnight.
    let (_, used) = local_at(&gateway, &[], &["usage", "--customer", id], 60_000).await.expect("usage");
    let rows = used.as_array().expect("rows");
    let counts = ["silent_attempts", "matches", "mismatches", "otp_sent", "otp_verified"];
    let of = |network: &str| {
        let own = || rows.iter().filter(|row| row["network"] == network);
        let saved: f64 = own().map(|row| row["sms_usd_saved"].as_f64().expect("a number")).sum();
        (counts.map(|name| own().map(|row| row[name].as_u64().expect("a number")).sum::<u64>()), saved)
    };
    assert_eq!((of("O2"), of("VODAFONE")), (([1, 1, 0, 0, 0], 0.2), ([3, 2, 1, 2, 1], 0.4)));
    let (from, to) = (text(&rows[0], "day"), text(&rows[rows.len() - 1], "day"));
    assert_eq!(charted(&gateway, &format!("customer={id}&from={from}&to={to}")).await, (200, used.clone()));

    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), serde_json::to_vec(gateway.world.env()).expect("JSON")).expect("a file");
    let place = ["sna", "--env", file.path().to_str().expect("a path"), "usage", "--customer", id];
    let more = ["--from", from, "--to", to, "--sms-usd", "0.5", "--csv"];
    let arguments = sna::Arguments::try_parse_from(place.into_iter().chain(more)).expect("arguments");
    let csv = sna::run(arguments, BTreeMap::new(), now()).await.map_err(|error| error.to_string()).expect("usage");
    let line = |row: &Value| {
        let counts = counts.map(|name| row[name].to_string()).join(",");
        let saved = row["matches"].as_f64().expect("a number") * 0.5;
        format!("{},{},{counts},{saved:?}\r\n", text(row, "day"), text(row, "network"))
    };
    let lines: String = rows.iter().map(line).collect();
    assert_eq!(csv.text(), format!("day,network,{},sms_usd_saved\r\n{lines}", counts.join(",")));
    assert!(!csv.text().contains("7700900"));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_cannot_be_asked_for_are_refused_with_the_reason() {
    let gateway = Gateway::start().await;
    let usage = async |more: &[&str]| local(&gateway, &[&["usage", "--customer", "demo-shop"], more].concat()).await;
    assert_eq!(usage(&[]).await.expect("nothing").1, json!([]));
    assert_eq!(usage(&["--from", "2026-01-01", "--to", "2027-02-04"]).await.expect("nothing").1, json!([]));
    for (more, why) in [
        (["--from", "2026-02-30"].as_slice(), "2026-11-01"),
        (&["--to", "tomorrow"], "2026-11-01"),
        (&["--from", "2026-02-02", "--to", "2026-02-01"], "1 to 400 days"),
        (&["--from", "2026-01-01", "--to", "2027-02-05"], "1 to 400 days"),
        (&["--customer", "a b"], "customer"),
    ] {
        let error = usage(more).await.expect_err(why);
        assert!(error.contains(why), "{error}");
    }
    for query in ["from=x", "to=2026-02-30", "from=2020-01-01&to=2026-01-01"] {
        assert_eq!(charted(&gateway, query).await.0, 400, "{query}");
    }
    assert_eq!(charted(&gateway, "").await, (200, json!([])));
}
