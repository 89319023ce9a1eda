//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{config, context, http, run};
use serde_json::{Value, json};
use sna_adapter::{Answer, Arrival, Operation};

/// `{"typ":"dc-authorization+sd-jwt"}`, and a binding of `{"typ":"kb+jwt"}`; the host checks signatures.
const CREDENTIAL: &str = "eyJ0eXAiOiJkYy1hdXRob3JpemF0aW9uK3NkLWp3dCJ9.e30.c2ln~eyJ0eXAiOiJrYitqd3QifQ.e30.c2ln";
/// SHA-256 of what stands before the binding, in base64url.
const SD_HASH: &str = "q9DqJyhu0n2kH8RGj2O3T67KQe4w_lrGdTv57eaL_kI";

fn signed() -> Answer {
    Answer::Signed { jwt: "a.b.c".into() }
}

/// The phone's answer, with this nonce, and the operator's word.
fn present(nonce: &str, verified: bool) -> (Vec<Value>, Value) {
    let now = context().now;
    let issued = json!({
        "iss": config()["issuer"], "vct": "number-verification/verify/ts43", "exp": now + 300, "cnf": { "jwk": {} },
    });
    let binding = json!({
        "nonce": nonce, "aud": config()["audiences"][0], "iat": now, "sd_hash": SD_HASH, "encrypted_credential": "e.n.c",
    });
    let payload = json!({ "vp_token": { "gateway": [CREDENTIAL] } });
    let answers = [
        Answer::Verified { claims: issued },
        Answer::Verified { claims: binding },
        Answer::Decrypted { text: json!({ "temp_token": "the-operator-token" }).to_string() },
        signed(),
        http(200, &json!({ "access_token": "the-token", "token_type": "Bearer" })),
        http(200, &json!({ "devicePhoneNumberVerified": verified })),
    ];
    run(Operation::Validate { payload }, context(), answers)
}

#[test]
fn the_phone_is_asked_for_the_operators_credential() {
    let jwk = json!({ "kty": "EC", "crv": "P-256" });
    let answers = [Answer::EncryptionKey { jwk: jwk.clone() }, signed()];
    let (asks, reply) = run(Operation::Arrive { request: Arrival::default() }, context(), answers);
    assert_eq!(asks[0]["type"], "encryption_key");
    let claims = &asks[1]["claims"];
    assert_eq!((&claims["nonce"], &claims["iss"]), (&json!("the-nonce"), &config()["aggregator"]));
    assert_eq!(claims["jwks"]["keys"], json!([jwk]));
    assert_eq!(asks[1]["certificates"], config()["certificates"]);
    let request = reply["outcome"]["json"]["digital_request"].as_str().unwrap();
    let request: Value = serde_json::from_str(request).unwrap();
    let data = &request["requests"][0]["data"];
    assert_eq!((&data["response_type"], &data["nonce"]), (&json!("vp_token"), &json!("the-nonce")));
    let claims = &data["dcql_query"]["credentials"][0]["claims"];
    assert_eq!(claims[0]["values"], config()["carriers"]);
}

#[test]
fn the_operators_token_is_exchanged_and_the_number_compared_by_the_operator() {
    let (asks, reply) = present("the-nonce", true);
    let [issued, binding, decrypt, sign, token, verify] = asks.as_slice() else { panic!("{asks:?}") };
    assert_eq!((&issued["type"], &issued["jwks_uri"]), (&json!("verify"), &config()["jwks_uri"]));
    assert_eq!((&binding["type"], &decrypt["jwe"]), (&json!("verify_with"), &json!("e.n.c")));
    assert_eq!(sign["claims"]["sub"], "operatortoken:the-operator-token");
    assert_eq!(sign["claims"]["scope"], "dpv:FraudPreventionAndDetection number-verification:verify");
    assert_eq!(token["url"], config()["token_endpoint"]);
    assert_eq!(verify["url"], config()["resource_endpoint"]);
    assert_eq!(verify["headers"]["authorization"], "Bearer the-token");
    let number: Value = serde_json::from_str(verify["body"].as_str().unwrap()).unwrap();
    assert_eq!(number, json!({ "phoneNumber": context().msisdn }));
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
}

#[test]
fn another_number_is_a_mismatch_and_another_sessions_credential_a_violation() {
    assert_eq!(present("the-nonce", false).1["outcome"]["verdict"], "MISMATCH");
    let payload = json!({ "vp_token": {} });
    let (asks, reply) = run(Operation::Validate { payload }, context(), []);
    assert!(asks.is_empty() && reply["type"] == "malformed");
}
