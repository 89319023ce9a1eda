//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{config, context, http, run};
use serde_json::{Value, json};
use sna_adapter::{Answer, Arrival, Context, Operation};

const CHECK: &str = "https://aggregator.example/check/1";

fn token() -> Answer {
    http(200, &json!({ "access_token": "the-token", "token_type": "Bearer" }))
}

/// A check is made: the asks, and the session as it is then.
fn plan() -> (Vec<Value>, Context) {
    let created = json!({ "check_id": "check-1", "ttl": 120, "_links": { "check_url": { "href": CHECK } } });
    let (asks, reply) = run(Operation::Plan, context(), [token(), http(201, &created)]);
    let kept = reply["kept"].as_str().unwrap().to_owned();
    (asks, Context { kept, ..context() })
}

fn come_back(check: &str, found: &Value) -> (Vec<Value>, Value) {
    let params = [("state", "the-state"), ("check_id", check), ("code", "the-code")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    run(Operation::Callback { params }, plan().1, [token(), http(200, found)])
}

#[test]
fn a_check_of_the_number_is_made() {
    let (asks, _) = plan();
    let [token, create] = asks.as_slice() else { panic!("{asks:?}") };
    assert_eq!(token["url"], config()["token_endpoint"]);
    assert_eq!(token["body"], "grant_type=client_credentials&scope=phone_check");
    assert_eq!((&create["method"], &create["url"]), (&json!("POST"), &config()["checks_endpoint"]));
    assert_eq!(create["headers"]["authorization"], "Bearer the-token");
    let body: Value = serde_json::from_str(create["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["phone_number"], &body["phone_ip"]), (&json!(context().msisdn), &json!(context().client_ip)));
    assert_eq!(body["redirect_url"], "https://gateway.example/v1/callback/{{id}}?state=the-state");
}

#[test]
fn the_handset_is_sent_to_the_check() {
    let (asks, reply) = run(Operation::Arrive { request: Arrival::default() }, plan().1, []);
    assert!(asks.is_empty());
    assert_eq!(reply["outcome"], json!({ "type": "redirect", "uri": CHECK }));
}

#[test]
fn the_code_is_added_to_the_check_which_says_whether_it_is_the_number() {
    let (asks, reply) = come_back("check-1", &json!({ "check_id": "check-1", "status": "COMPLETED", "match": true }));
    let [_, patch] = asks.as_slice() else { panic!("{asks:?}") };
    let url = format!("{}/check-1", config()["checks_endpoint"].as_str().unwrap());
    assert_eq!((&patch["method"], &patch["url"]), (&json!("PATCH"), &json!(url)));
    assert_eq!(patch["headers"]["content-type"], "application/json-patch+json");
    let body: Value = serde_json::from_str(patch["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!([{ "op": "add", "path": "/code", "value": "the-code" }]));
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_check_a_violation() {
    let (_, reply) = come_back("check-1", &json!({ "check_id": "check-1", "status": "COMPLETED", "match": false }));
    assert_eq!(reply["outcome"]["verdict"], "MISMATCH");
    let params = [("state".into(), "the-state".into()), ("check_id".into(), "check-2".into())].into();
    let (_, reply) = run(Operation::Callback { params }, plan().1, []);
    assert_eq!(reply["verdict"], "PROTOCOL_VIOLATION");
}
