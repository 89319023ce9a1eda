//! Whose operator a handset has: MVNOs, customers that an operator has not approved, and mobile data of another network.

use gateway_tests::{Captured, Event, Gateway, OPERATORS, rogue::Rogue, staged_adapters};
use sandbox::handset::Handset;
use serde_json::{Value, json};
use sna_customers::AddressPolicy;

use crate::steps::{Answer, Customer, claims, device, error, register};

const O2: &str = "+447700900920";

async fn gateway(change: impl FnOnce(&mut Value)) -> Gateway {
    let known: Value = serde_json::from_str(OPERATORS).expect("JSON");
    let mut table = json!({ "O2": known["O2"] });
    change(&mut table);
    Gateway::build(Event::HttpApi, &staged_adapters(), &[], &table.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_of_an_mvno_is_recognised_by_its_host_on_the_hosts_mobile_data() {
    let gateway = gateway(|table| table["GIFFGAFF"] = json!({ "mvno_of": "O2", "ranges": ["44770090092"] })).await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, O2), &[]).await;
    let claims = claims(&started.id_token);
    assert_eq!((&claims["network"], &claims["vendor_type"]), (&json!("GIFFGAFF"), &json!("o2")));
    let payload = started.open(None).await.json();
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
    assert_eq!(verdict["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_filters_the_mvno_or_the_customer_there_is_a_code() {
    let filtered = json!({ "mvno_of": "O2", "filtered": true, "ranges": ["44770090092"] });
    let filtered = gateway(|table| table["TESCO"] = filtered).await;
    let listed = gateway(|table| {
        table["O2"]["only_listed"] = true.into();
        table["O2"]["customers"] = json!({ "listed": {} });
    })
    .await;
    for gateway in [&filtered, &listed] {
        let started = Customer::sign_in(gateway).await.start(&device(gateway, O2), &[]).await;
        let network = json!({ "error": "invalid_request", "error_description": "Network provided is invalid" });
        assert_eq!(started.json["authorize"], network);
        assert_eq!(started.send_otp().await.0, 200);
    }
    let secret = register(&listed, "listed", |_| ()).await;
    let customer = Customer::sign_in_as(&listed, "listed", &secret, "authenticate").await;
    let started = customer.start(&device(&listed, O2), &[]).await;
    assert_eq!(started.open(None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn mobile_data_of_another_network_matters_only_to_an_operator_that_needs_its_own() {
    for (needs, status) in [("require", 400), ("prefer", 400), ("never", 200)] {
        let rogue = Rogue::start(json!({ "supports_callback": false, "needs_mobile_ip": needs }), json!({})).await;
        let customer = Customer::sign_in(&rogue.gateway).await;
        let started = customer.start(&device(&rogue.gateway, gateway_tests::rogue::NUMBER), &[]).await;
        let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        let elsewhere = Handset::at([127, 0, 4, 20].into()).expect("a handset");
        assert_eq!(elsewhere.open(uri, None).await.pop().expect("a hop").status, status, "{needs}");
        let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
        let reason = if status == 400 { json!("IP_NUMBER_NETWORK_MISMATCH") } else { Value::Null };
        assert_eq!(verdict["reason"], reason, "{needs}");
    }
}

/// get_config for O2's number, reported at `client_ip`.
async fn ask(customer: &Customer, client_ip: &str) -> Answer {
    customer.get_config(&[("msisdn", O2), ("client_ip", client_ip)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_on_another_networks_mobile_data_gets_a_code_at_once() {
    let gateway = gateway(|_| ()).await;
    let customer = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "silent_only", |_| ()).await;
    let silent_only = Customer::sign_in_as(&gateway, "silent_only", &secret, "authenticate").await;
    let network = json!({ "error": "invalid_request", "error_description": "Network provided is invalid" });
    for elsewhere in ["148.252.128.20", "2607:fb90::1", "::ffff:92.40.176.20"] {
        let (status, json) = ask(&customer, elsewhere).await;
        assert_eq!((status, &json["authorize"]), (200, &network), "{elsewhere}");
        assert!(json["otp_authorization_uri"].is_string());
        // The link that was not given opens nothing either.
        let uri = format!("{}/v1/authenticate?id_token={}", gateway.url, json["id_token"].as_str().expect("a token"));
        let opened = Handset::at([127, 0, 4, 20].into()).expect("a handset").open(&uri, None).await;
        assert_eq!(opened.last().expect("a hop").status, 400, "{elsewhere}");
        assert_eq!(ask(&silent_only, elsewhere).await, error(400, "invalid_request", "Network provided is invalid"));
    }
    for at_home in ["82.132.128.20", "127.0.4.20", "::ffff:127.0.4.20"] {
        assert_eq!(ask(&customer, at_home).await.1["authorize"]["request_type"], "GET", "{at_home}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_address_says_nothing_the_customers_policy_does() {
    let gateway = gateway(|_| ()).await;
    let secret = register(&gateway, "page", |record| record.address_policy = AddressPolicy::Skip).await;
    let page = Customer::sign_in_as(&gateway, "page", &secret, "authenticate otp").await;
    let app = Customer::sign_in(&gateway).await;
    // A fixed line of Sky's, and an address that no table has.
    for address in ["90.192.0.1", "81.2.69.99"] {
        let (status, json) = ask(&page, address).await;
        assert_eq!((status, &json["authorize"]["error"]), (200, &json!("invalid_request")), "{address}");
        assert!(ask(&app, address).await.1["authorize"]["authorization_uri"].is_string(), "{address}");
    }
    assert!(ask(&page, "82.132.128.20").await.1["authorize"]["authorization_uri"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_why_without_the_number() {
    let logs = Captured::begin(tracing::Level::INFO);
    let gateway = gateway(|_| ()).await;
    let customer = Customer::sign_in(&gateway).await;
    for (address, seen, reasons) in [
        ("82.132.128.20", "same", "range_holder same_network"),
        ("148.252.128.20", "other", "range_holder another_mobile_network"),
        ("90.192.0.1", "fixed", "range_holder fixed_line policy_tries"),
        ("81.2.69.99", "unknown", "range_holder address_unknown policy_tries"),
    ] {
        ask(&customer, address).await;
        let logged = logs.functions();
        let line = logged.lines().rev().find(|line| line.contains("/v1/get_config")).expect("a line");
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&line["network"], &line["network_by"]), (&json!("O2"), &json!("range")), "{line}");
        assert_eq!((&line["address"], &line["reasons"]), (&json!(seen), &json!(reasons)), "{line}");
        assert!(!logged.contains(&O2[1..]) && !logged.contains(address));
    }
}
