//! Operators that lie, stall, flood or send elsewhere: each ends in its outcome, within the deadline, and nothing of it
//! reaches the handset.

use std::{fs, future::Future, time::Duration};

use gateway_tests::{
    Event, Gateway, OPERATORS, staged_adapters,
    steps::{Customer, Started, device, error, invalid, newest_code},
};
use sandbox::handset::Handset;
use serde_json::{Value, json};

const NETWORKS: [&str; 2] = ["+4477009006", "+4477009009"];
/// The operators' deadline of these tests is 1.5 s; the rest is for a busy machine.
const DEADLINE: Duration = Duration::from_secs(6);

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("an end within the deadline")
}

/// The attempt of the device with this number: what its handset got, and what the customer is told.
async fn attempt(gateway: &Gateway, customer: &Customer, msisdn: &str) -> ((u16, Value), Value) {
    let started = customer.start(&device(gateway, msisdn), &[]).await;
    let hop = in_time(started.open(None)).await;
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
    ((hop.status, hop.json()), verdict)
}

fn denied() -> (u16, Value) {
    error(400, "access_denied", "The phone number could not be authenticated.")
}

fn key_fetches(gateway: &Gateway) -> usize {
    gateway.world.operators().requests().iter().filter(|seen| seen.path.ends_with("/jwks")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_with_any_flaw_is_a_violation() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in NETWORKS {
        // Nonce, audience and no signature in turn; HS256 with the public key; issuer; expired; a key nobody published.
        for scenario in [39, 39, 39, 51, 52, 53, 54] {
            let (handset, verdict) = attempt(&gateway, &customer, &format!("{network}{scenario}")).await;
            assert_eq!(handset, denied(), "{network} {scenario}");
            assert_eq!(verdict["reason"], "PROTOCOL_VIOLATION", "{network} {scenario}");
            assert_eq!(verdict["fallback_advised"], "false", "{network} {scenario}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_id_fetches_the_operators_keys_once_more() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in NETWORKS {
        let before = key_fetches(&gateway);
        customer.start(&device(&gateway, &format!("{network}20")), &[]).await.open(None).await;
        assert_eq!(key_fetches(&gateway), before + 1);
        customer.start(&device(&gateway, &format!("{network}20")), &[]).await.open(None).await;
        assert_eq!(key_fetches(&gateway), before + 1, "they are kept");
        attempt(&gateway, &customer, &format!("{network}54")).await;
        assert_eq!(key_fetches(&gateway), before + 2, "one refetch an attempt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_bombs_drips_and_silence_end_within_the_deadline() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let unavailable = error(400, "temporarily_unavailable", "Service is unavailable");
    for network in NETWORKS {
        // 10 MiB and a gzip bomb in turn; a byte every 20 ms; an answer that never begins; broken JSON and an empty object.
        for (scenario, reason) in [
            (44, "OPERATOR_ERROR"),
            (44, "OPERATOR_ERROR"),
            (50, "OPERATOR_TIMEOUT"),
            (34, "OPERATOR_TIMEOUT"),
            (43, "OPERATOR_ERROR"),
            (43, "OPERATOR_ERROR"),
        ] {
            let (handset, verdict) = attempt(&gateway, &customer, &format!("{network}{scenario}")).await;
            assert_eq!(handset, unavailable, "{network} {scenario}");
            assert_eq!((&verdict["reason"], &verdict["fallback_advised"]), (&json!(reason), &json!("true")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_redirects_inwards_is_not_followed() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in NETWORKS {
        let (handset, verdict) = attempt(&gateway, &customer, &format!("{network}55")).await;
        assert_eq!(verdict["reason"], "OPERATOR_ERROR");
        assert!(!handset.1.to_string().contains("169.254"), "{handset:?}");
    }
}

/// The staged adapters, with a manifest of O2 that lets the table list any host, and the sandbox's for handsets.
fn layer_of_any_host() -> tempfile::TempDir {
    let layer = tempfile::tempdir().expect("a folder");
    fs::copy(staged_adapters().join("o2.so"), layer.path().join("o2.so")).expect("a copy");
    let manifest = fs::read(staged_adapters().join("manifest.json")).expect("a manifest");
    let mut manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    manifest["o2"]["hosts"] = json!([]);
    manifest["o2"]["cleartext_hops"] = json!(["127.0.0.1"]);
    fs::write(layer.path().join("manifest.json"), manifest.to_string()).expect("written");
    layer
}

/// The table lists the host, and allows no loopback. Each attempt goes as far as the token endpoint, and no further.
#[tokio::test(flavor = "multi_thread")]
async fn a_listed_host_with_an_address_that_is_not_public_is_never_called() {
    // Who listens on loopback would hear of a connection, before any TLS.
    let inside = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    inside.set_nonblocking(true).expect("a socket");
    let port = inside.local_addr().expect("an address").port();
    let layer = layer_of_any_host();
    for (origin, reason) in [
        // A name: known only after DNS, at the connection.
        (format!("https://localhost:{port}"), "OPERATOR_ERROR"),
        (format!("https://127.0.0.1:{port}"), "CONFIG_ERROR"),
        (format!("https://[::ffff:127.0.0.1]:{port}"), "CONFIG_ERROR"),
        ("https://[::1]".into(), "CONFIG_ERROR"),
        ("https://10.0.0.1".into(), "CONFIG_ERROR"),
        ("https://169.254.169.254".into(), "CONFIG_ERROR"),
        ("https://[fe80::1]".into(), "CONFIG_ERROR"),
    ] {
        let mut table: Value = serde_json::from_str(OPERATORS).expect("a table");
        let entry = &mut table["O2"];
        entry["allow_loopback"] = false.into();
        entry["config"]["token_endpoint"] = format!("{origin}/o2/token").into();
        entry["origins"].as_array_mut().expect("origins").push(origin.clone().into());
        let gateway = Gateway::build(Event::HttpApi, layer.path(), &[], &table.to_string()).await;
        let customer = Customer::sign_in(&gateway).await;
        let (handset, verdict) = attempt(&gateway, &customer, "+447700900920").await;
        assert_eq!(handset, error(400, "temporarily_unavailable", "Service is unavailable"), "{origin}");
        assert_eq!((&verdict["reason"], &verdict["fallback_advised"]), (&json!(reason), &json!("true")), "{origin}");
        let seen = gateway.world.operators().requests();
        assert!(seen.iter().any(|seen| seen.path.ends_with("/resume")), "the handset was at the operator");
        assert!(!seen.iter().any(|seen| seen.path.ends_with("/token")), "{origin}");
        assert!(inside.accept().is_err(), "{origin} was called");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_that_is_led_in_circles_gives_up_and_takes_the_code() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in NETWORKS {
        let device = device(&gateway, &format!("{network}42"));
        let started = customer.start(&device, &[]).await;
        let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        let hops = in_time(Handset::at(device.source_ip).expect("a handset").open(uri, None)).await;
        assert_eq!((hops.len(), hops.last().map(|hop| hop.status)), (11, Some(302)));
        // Nobody ever said how it ended, so there is nothing to tell.
        let nothing = customer.validate(&json!({ "id_token": started.id_token })).await;
        assert_eq!(nothing, invalid("The required field `payload` is missing or is invalid."));
        gateway.advance(Duration::from_secs(5));
        assert_eq!(started.send_otp().await.0, 200);
        let code = newest_code(&gateway, &device);
        assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_nobody_ended_gives_nothing_when_its_time_is_over() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let payload = started.open(None).await.json();
    gateway.advance(Duration::from_secs(600));
    let late: &Started = &started;
    let token = invalid("The provided token is invalid.");
    assert_eq!(customer.validate(&json!({ "id_token": late.id_token, "payload": payload })).await, token);
    let again = late.open(None).await;
    assert_eq!((again.status, again.json()), token);
    assert_eq!(late.send_otp().await, invalid("The provided token is invalid"));
}
