//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{config, context, http, run};
use serde_json::{Value, json};
use sna_adapter::{Answer, Arrival, Operation};

/// Ours, with these claims changed.
fn claims(changes: Value) -> Answer {
    let mut claims = json!({
        "iss": config()["issuer"], "aud": "gateway", "sub": "subject", "nonce": "the-nonce",
        "iat": 1_800_000_000, "exp": 1_800_000_300,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Answer::Verified { claims }
}

fn come_back(id_token: Value, resource: &Value) -> (Vec<Value>, Value) {
    let issuer = config()["issuer"].as_str().unwrap().to_owned();
    let params = [("state", "the-state"), ("code", "the-code"), ("iss", issuer.as_str())];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let token = http(200, &json!({ "access_token": "the-token", "token_type": "Bearer", "id_token": "a.b.c" }));
    run(Operation::Callback { params }, context(), [token, claims(id_token), http(200, resource)])
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
        "scope=openid%20dpv%3AFraudPreventionAndDetection%20number-verification%3Averify",
        "state=the-state",
        "nonce=the-nonce",
        "code_challenge=the-challenge",
        "code_challenge_method=S256",
    ] {
        assert!(uri.split(['?', '&']).any(|found| found == part), "{part} is not in {uri}");
    }
}

#[test]
fn the_code_is_redeemed_and_the_number_compared_by_the_operator() {
    let (asks, reply) = come_back(json!({}), &json!({ "devicePhoneNumberVerified": true }));
    let [token, id_token, verify] = asks.as_slice() else { panic!("{asks:?}") };
    assert_eq!(token["url"], config()["token_endpoint"]);
    assert_eq!(token["auth"]["type"], "private_key_jwt");
    let body = token["body"].as_str().unwrap();
    for part in ["grant_type=authorization_code", "code=the-code", "code_verifier=the-verifier"] {
        assert!(body.split('&').any(|found| found == part), "{part} is not in {body}");
    }
    assert_eq!(*id_token, json!({ "type": "verify", "jwt": "a.b.c", "jwks_uri": config()["jwks_uri"] }));
    assert_eq!(verify["url"], config()["resource_endpoint"]);
    assert_eq!(verify["headers"]["authorization"], "Bearer the-token");
    let number: Value = serde_json::from_str(verify["body"].as_str().unwrap()).unwrap();
    assert_eq!(number, json!({ "phoneNumber": context().msisdn }));
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_sessions_id_token_a_violation() {
    let (_, reply) = come_back(json!({}), &json!({ "devicePhoneNumberVerified": false }));
    assert_eq!(reply["outcome"]["verdict"], "MISMATCH");
    let (_, reply) = come_back(json!({ "nonce": "another" }), &json!({ "devicePhoneNumberVerified": true }));
    assert_eq!(reply["verdict"], "PROTOCOL_VIOLATION");
}
