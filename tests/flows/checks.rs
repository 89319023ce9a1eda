//! Aggregators' checks and IP sessions: what several attempts of one device come to, and proofs that are another's.

use gateway_tests::{
    Gateway,
    steps::{Customer, Started, device, error, invalid, returned},
};
use sandbox::handset::Handset;
use serde_json::{Value, json};

/// Three, Jio, T-Mobile and Verizon, without the scenario.
const NETWORKS: [&str; 4] = ["+4477009005", "+9181234567", "+120655501", "+121255501"];
const PAYLOAD: &str = "The required field `payload` is missing or is invalid.";

async fn outcome(customer: &Customer, started: &Started) -> Value {
    let hop = started.open(None).await;
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": hop.json() })).await;
    if verdict["authenticated"] == "true" { json!("MATCH") } else { verdict["reason"].clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_attempts_end_as_the_scenario_says() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in NETWORKS {
        for (scenario, expected) in [
            (29, &["OPERATOR_ERROR", "MATCH"][..]),
            (43, &["OPERATOR_ERROR", "OPERATOR_ERROR", "MATCH"]),
            (47, &["MISMATCH", "MATCH"]),
        ] {
            let device = device(&gateway, &format!("{network}{scenario}"));
            for expected in expected {
                let started = customer.start(&device, &[]).await;
                assert_eq!(outcome(&customer, &started).await, *expected, "{}", device.msisdn);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_the_service_and_an_address_of_nobody_are_told_at_once() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let (_, network_invalid) = invalid("Network provided is invalid");
    for number in [
        "+447700900522",
        "+447700900523",
        "+447700900527",
        "+918123456722",
        "+918123456728",
        "+12065550127",
        "+12125550128",
    ] {
        let started = customer.start(&device(&gateway, number), &[]).await;
        assert_eq!(started.json["authorize"], network_invalid, "{number}");
        assert!(started.json["otp_authorization_uri"].is_string(), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_another_sim_opened_is_a_mismatch() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for network in ["+4477009005", "+120655501", "+121255501"] {
        let started = customer.start(&device(&gateway, &format!("{network}20")), &[]).await;
        let other = device(&gateway, &format!("{network}33"));
        let started = Started { device: other, ..started };
        assert_eq!(outcome(&customer, &started).await, "MISMATCH", "{network}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_of_another_session_proves_nothing() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for (network, vendor) in [("+4477009005", "three"), ("+9181234567", "jio_in")] {
        // The attacker's own handset, and a session of the number that it would like to be.
        let [victim, attacker] = [20, 33].map(|scenario| device(&gateway, &format!("{network}{scenario}")));
        let [wanted, own] = [customer.start(&victim, &[]).await, customer.start(&attacker, &[]).await];
        let callback = format!("{}/v1/callback/{vendor}", gateway.url);
        let mut backs = Vec::new();
        for (started, device) in [(&wanted, &victim), (&own, &attacker)] {
            let handset = Handset::at(device.source_ip).expect("a handset");
            let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a URI");
            // As far as the callback, which nobody opens.
            let hops = handset.open(uri, Some(&callback)).await;
            let back = hops.last().and_then(|hop| hop.location.clone()).expect("a way back");
            assert!(back.starts_with(&callback), "{back}");
            backs.push(back);
        }
        let forged = backs[1].replace(&state(&backs[1]), &state(&backs[0]));
        let hops = Handset::at(attacker.source_ip).expect("a handset").open(&forged, None).await;
        let refused = hops.last().expect("a hop").json();
        let (_, verdict) = customer.validate(&json!({ "id_token": wanted.id_token, "payload": refused })).await;
        assert_eq!(verdict["reason"], "PROTOCOL_VIOLATION", "{network}: {verdict}");
    }
}

fn state(uri: &str) -> String {
    let uri = url::Url::parse(uri).expect("a URL");
    let state = uri.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
    state.expect("a state")
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_the_aggregators_is_for_one_session_and_once() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, "+12125550120");
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let client_ip = device.client_ip.to_string();
    let form = [("msisdn", device.msisdn.as_str()), ("client_ip", &client_ip), ("redirect_uri", &redirect_uri)];
    let refused = invalid("Network does not support callback on redirect_uri");
    assert_eq!(customer.get_config(&form).await, refused);

    let [own, other] = [customer.start(&device, &[]).await, customer.start(&device, &[]).await];
    let (own_json, other_json) = (own.open(None).await.json(), other.open(None).await.json());
    let proof = |started: &Started, payload: &Value| json!({ "id_token": started.id_token, "payload": payload });
    for payload in [&other_json, &json!({}), &json!({ "code": own_json["code"] }), &json!([own_json])] {
        assert_eq!(customer.validate(&proof(&own, payload)).await, invalid(PAYLOAD), "{payload}");
    }
    let good = json!({ "authenticated": "true", "service": "authenticate" });
    assert_eq!(customer.validate(&proof(&own, &own_json)).await, (200, good));
    assert_eq!(customer.validate(&proof(&own, &own_json)).await.0, 400);
    let forged = json!({ "request_id": other_json["request_id"], "code": own_json["code"] });
    let (_, verdict) = customer.validate(&proof(&other, &forged)).await;
    assert_eq!((&verdict["authenticated"], &verdict["reason"]), (&json!("false"), &json!("PROTOCOL_VIOLATION")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_redirected_home_gets_a_code_of_ours() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    for network in &NETWORKS[..3] {
        let device = device(&gateway, &format!("{network}20"));
        let started = customer.start(&device, &[("redirect_uri", &redirect_uri)]).await;
        let back = returned(&started.open(Some(&redirect_uri)).await);
        let proof = json!({ "id_token": started.id_token, "code": back["code"] });
        assert_eq!(customer.validate(&proof).await.1["authenticated"], "true", "{network}");
        let again = customer.validate(&proof).await;
        assert_eq!(again, error(400, "invalid_request", "The provided token is invalid."), "{network}");
    }
}
