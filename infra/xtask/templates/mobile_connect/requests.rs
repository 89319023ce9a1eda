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
        "iat": 1_800_000_000, "exp": 1_800_000_300, "acr": "2", "amr": ["SEAM_OK"],
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
        "scope=openid%20mc_vm_match_hash",
        "version=mc_di_r2_v2.3",
        "acr_values=2",
        "state=the-state",
        "nonce=the-nonce",
    ] {
        assert!(uri.split(['?', '&']).any(|found| found == part), "{part} is not in {uri}");
    }
}

#[test]
fn the_code_is_redeemed_and_the_number_compared_by_the_operator() {
    let (asks, reply) = come_back(json!({}), &json!({ "sub": "subject", "device_msisdn_verified": true }));
    let [token, id_token, verify] = asks.as_slice() else { panic!("{asks:?}") };
    assert_eq!(token["url"], config()["token_endpoint"]);
    assert_eq!(token["auth"]["type"], "client_secret_basic");
    let body = token["body"].as_str().unwrap();
    for part in ["grant_type=authorization_code", "code=the-code"] {
        assert!(body.split('&').any(|found| found == part), "{part} is not in {body}");
    }
    assert_eq!(*id_token, json!({ "type": "verify", "jwt": "a.b.c", "jwks_uri": config()["jwks_uri"] }));
    assert_eq!(verify["url"], config()["resource_endpoint"]);
    assert_eq!(verify["headers"]["authorization"], "Bearer the-token");
    let body: Value = serde_json::from_str(verify["body"].as_str().unwrap()).unwrap();
    let hash = body["mc_claims"]["device_msisdn_hash"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash} is no SHA-256");
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_sessions_id_token_a_violation() {
    let (_, reply) = come_back(json!({}), &json!({ "sub": "subject", "device_msisdn_verified": false }));
    assert_eq!(reply["outcome"]["verdict"], "MISMATCH");
    let yes = json!({ "sub": "subject", "device_msisdn_verified": true });
    let (_, reply) = come_back(json!({ "nonce": "another" }), &yes);
    assert_eq!(reply["verdict"], "PROTOCOL_VIOLATION");
}
