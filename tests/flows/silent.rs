//! Silent authentication from the token to the answer.

use gateway_tests::Gateway;
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

#[tokio::test(flavor = "multi_thread")]
async fn every_device_of_the_sandbox_ends_in_its_outcome() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let mut wrong = Vec::new();
    for device in gateway.world.gateway().devices.clone() {
        if device.expected == sandbox::gateway::OTP_ONLY {
            continue;
        }
        let started = customer.start(&device, &[]).await;
        let hop = started.open(None).await;
        let (status, verdict) =
            customer.validate(&json!({ "id_token": started.id_token, "payload": hop.json() })).await;
        let outcome = match status {
            200 if verdict["authenticated"] == "true" => json!("MATCH"),
            200 => verdict["reason"].clone(),
            _ => verdict["error"].clone(),
        };
        if outcome != *device.expected {
            wrong.push(format!(
                "{} {}: {status} {verdict} after {} {}",
                device.msisdn, device.expected, hop.status, hop.body
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
