//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{config, context, http, run};
use serde_json::{Value, json};
use sna_adapter::{Arrival, Operation};

/// The number as these operators have it: digits only.
fn digits() -> String {
    context().msisdn.replace('+', "")
}

fn come_back(found: &Value) -> (Vec<Value>, Value) {
    let params = [("state".into(), "the-state".into()), ("code".into(), "the-code".into())].into();
    let token = http(200, &json!({ "access_token": "the-token", "token_type": "Bearer" }));
    run(Operation::Callback { params }, context(), [token, http(200, found)])
}

#[test]
fn the_operator_is_asked_first_whether_it_can_do_this_number() {
    let (asks, reply) = run(Operation::Plan, context(), [http(200, &json!({ "available": true }))]);
    let endpoint = config()["coverage_endpoint"].as_str().unwrap().to_owned();
    let url = format!("{endpoint}/{}?client_id=gateway&phone={}", context().client_ip, digits());
    assert_eq!((&asks[0]["method"], &asks[0]["url"]), (&json!("GET"), &json!(url)));
    assert_eq!(reply["outcome"]["type"], "authorize");
    let (_, reply) = run(Operation::Plan, context(), [http(200, &json!({ "available": false }))]);
    assert_eq!(reply["verdict"], "NETWORK_UNSUPPORTED");
}

#[test]
fn the_handset_is_sent_to_the_operator_with_what_was_agreed() {
    let (asks, reply) = run(Operation::Arrive { request: Arrival::default() }, context(), []);
    assert!(asks.is_empty());
    let uri = reply["outcome"]["uri"].as_str().unwrap();
    assert!(uri.starts_with(config()["authorization_endpoint"].as_str().unwrap()), "{uri}");
    for part in [
        "response_type=code",
        "client_id=gateway",
        "redirect_uri=https%3A%2F%2Fgateway.example%2Fv1%2Fcallback%2F{{id}}",
        "scope=openid%20ip%3Aphone_verify",
        "state=the-state",
        &format!("login_hint={}", digits()),
    ] {
        assert!(uri.split(['?', '&']).any(|found| found == part), "{part} is not in {uri}");
    }
}

#[test]
fn the_code_is_redeemed_and_userinfo_says_whether_it_is_the_number() {
    let yes = json!({ "sub": "subject", "login_hint": digits(), "phone_number_verified": "true" });
    let (asks, reply) = come_back(&yes);
    let [token, userinfo] = asks.as_slice() else { panic!("{asks:?}") };
    assert_eq!((&token["url"], &token["auth"]["type"]), (&config()["token_endpoint"], &json!("client_secret_post")));
    assert!(token["body"].as_str().unwrap().contains("code=the-code"));
    assert_eq!((&userinfo["method"], &userinfo["url"]), (&json!("POST"), &config()["resource_endpoint"]));
    assert_eq!(userinfo["body"], "access_token=the-token");
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_login_hint_a_violation() {
    let no = json!({ "sub": "subject", "login_hint": digits(), "phone_number_verified": "false" });
    assert_eq!(come_back(&no).1["outcome"]["verdict"], "MISMATCH");
    let foreign = json!({ "sub": "subject", "login_hint": "10000000000", "phone_number_verified": "true" });
    assert_eq!(come_back(&foreign).1["verdict"], "PROTOCOL_VIOLATION");
}
