//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{config, context, http, run};
use serde_json::{Value, json};
use sna_adapter::{Answer, Operation};

fn mac(hex: &str) -> Answer {
    Answer::Mac { hex: hex.into() }
}

/// What the operator gave the page, and what it says of the token then (its message id is the request's).
fn validate(result: &str) -> (Vec<Value>, Value) {
    let payload = json!({ "header": {}, "body": { "resultCode": "103000", "token": "the-token" } });
    let (operation, answers) = (Operation::Validate { payload }, [mac("aa"), mac("bb"), http(500, &json!({}))]);
    let (asks, _) = run(operation.clone(), context(), answers);
    let body: Value = serde_json::from_str(asks[2]["body"].as_str().unwrap()).unwrap();
    let answer = json!({ "header": { "msgId": body["header"]["msgId"], "resultCode": result } });
    let (_, reply) = run(operation, context(), [mac("aa"), mac("bb"), http(200, &answer)]);
    (asks, reply)
}

#[test]
fn the_page_is_told_what_to_send_signed_by_us() {
    let (asks, reply) = run(Operation::Plan, context(), [mac("the-signature")]);
    assert_eq!(asks[0]["type"], "mac");
    let authorize = &reply["outcome"];
    assert_eq!(authorize["uri"], config()["device_endpoint"]);
    assert_eq!(authorize["headers"], json!({ "Content-Type": "application/json" }));
    assert_eq!(authorize["parameters"]["appId"], config()["app_id"]);
    assert_eq!(authorize["parameters"]["sign"], "the-signature");
    assert_eq!(authorize["parameters"]["timestamp"], "20270115160000000");
}

#[test]
fn the_token_is_validated_with_the_numbers_hash() {
    let (asks, reply) = validate("000");
    let [digest, sign, token] = asks.as_slice() else { panic!("{asks:?}") };
    let national = context().msisdn.replacen("+{{calling}}", "", 1);
    assert_eq!((&digest["type"], &digest["before"]), (&json!("digest"), &json!(national)));
    assert_eq!(sign["type"], "mac");
    assert_eq!((&token["method"], &token["url"]), (&json!("POST"), &config()["verify_endpoint"]));
    let body: Value = serde_json::from_str(token["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["body"]["token"], &body["body"]["phoneNum"]), (&json!("the-token"), &json!("AA")));
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_payload_is_malformed() {
    assert_eq!(validate("001").1["outcome"]["verdict"], "MISMATCH");
    let (asks, reply) = run(Operation::Validate { payload: json!({ "session_id": "x" }) }, context(), []);
    assert!(asks.is_empty() && reply["type"] == "malformed");
}
