//! Silent authentication from the token to the answer.

use futures_util::{StreamExt, stream};
use gateway_tests::Gateway;
use sandbox::gateway::{Device, OTP_ONLY};
use serde_json::json;

use crate::steps::{Customer, device, invalid, returned};

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_that_holds_the_number_is_sent_back_with_a_code_that_proves_it_once() {
    let gateway = Gateway::start().await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let customer = Customer::sign_in(&gateway).await;
    for msisdn in ["+447700900620", "+447700900920"] {
        let correlation_id = format!("login-{msisdn}");
        let more = [("correlation_id", correlation_id.as_str()), ("redirect_uri", &redirect_uri)];
        let started = customer.start(&device(&gateway, msisdn), &more).await;
        let back = returned(&started.open(Some(&redirect_uri)).await);
        assert_eq!(back["correlation_id"], correlation_id);
        assert_eq!(back.len(), 2, "{back:?}");
        let proof = json!({ "id_token": started.id_token, "code": back["code"], "correlation_id": correlation_id });
        let good = json!({ "authenticated": "true", "correlation_id": correlation_id, "service": "authenticate" });
        assert_eq!(customer.validate(&proof).await, (200, good));
        assert_eq!(customer.validate(&proof).await, invalid("The provided token is invalid."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_redirect_uri_the_handset_gets_json_that_proves_it() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let hop = started.open(None).await;
    assert_eq!(hop.status, 200, "{}", hop.body);
    assert_eq!(hop.json().as_object().map(|json| json.len()), Some(1));
    let proof = json!({ "id_token": started.id_token, "payload": hop.json() });
    assert_eq!(customer.validate(&proof).await, (200, json!({ "authenticated": "true", "service": "authenticate" })));
}

/// Devices that sign in at the same time: more would wait for each other.
const AT_ONCE: usize = 16;

/// The outcome of a silent attempt, as the sandbox names it, and what there was to see.
async fn outcome(customer: &Customer, device: &Device) -> (String, String) {
    let started = customer.start(device, &[]).await;
    if started.json["authorize"]["error"].is_string() {
        return (OTP_ONLY.to_owned(), started.json.to_string());
    }
    let hop = started.open(None).await;
    let (status, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": hop.json() })).await;
    let outcome = match status {
        200 if verdict["authenticated"] == "true" => "MATCH",
        200 => verdict["reason"].as_str().unwrap_or_default(),
        _ => verdict["error"].as_str().unwrap_or_default(),
    };
    (outcome.to_owned(), format!("{status} {verdict} after {} {}", hop.status, hop.body))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_of_the_sandbox_ends_in_its_outcome() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let devices = gateway.world.gateway().devices.clone();
    let customer = &customer;
    let ended = stream::iter(&devices).map(|device| async move { (device, outcome(customer, device).await) });
    let ended: Vec<_> = ended.buffer_unordered(AT_ONCE).collect().await;
    let wrong = ended.into_iter().filter(|(device, (outcome, _))| *outcome != device.expected);
    let wrong: Vec<_> =
        wrong.map(|(device, (_, seen))| format!("{} {}: {seen}", device.msisdn, device.expected)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_attempt_ends_well_where_the_first_met_a_busy_line_or_a_stale_address() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for (scenario, first) in [(29, "OPERATOR_ERROR"), (47, "MISMATCH")] {
        for network in ["+4477009006", "+4477009009"] {
            let device = device(&gateway, &format!("{network}{scenario}"));
            assert_eq!(outcome(&customer, &device).await.0, first);
            assert_eq!(outcome(&customer, &device).await.0, "MATCH");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_true_in_quotes_is_a_yes() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, "+447700900643");
    for expected in ["OPERATOR_ERROR", "OPERATOR_ERROR", "MATCH"] {
        assert_eq!(outcome(&customer, &device).await.0, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_scenario_decides_until_it_is_taken_back() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, "+447700900920");
    for (scenario, expected) in [(Some(31), "OPERATOR_ERROR"), (Some(21), "MISMATCH"), (None, "MATCH")] {
        gateway.world.force(&device.msisdn, scenario).expect("a scenario of the operator's");
        assert_eq!(outcome(&customer, &device).await.0, expected);
    }
}
