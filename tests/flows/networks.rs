//! Whose operator a handset has: MVNOs, customers that an operator has not approved, and mobile data of another network.

use gateway_tests::{Event, Gateway, OPERATORS, rogue::Rogue, staged_adapters};
use sandbox::handset::Handset;
use serde_json::{Value, json};

use crate::steps::{Customer, claims, device, register};

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
