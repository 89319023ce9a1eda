//! CAMARA: the checks of the authorize, token and verify endpoints. The verify cases are those of CAMARA's own tests
//! (`phone_number_verify`, r3.2).

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bed::{Bed, O2, VERIFIER, answer, location, param};
use crate::operators::now;

#[tokio::test]
async fn the_number_of_the_sim_matches_plain_or_hashed() {
    let bed = Bed::start().await;
    let callback = bed.walk(O2, 20).await;
    assert_eq!(param(&callback, "iss").unwrap(), format!("{}/o2", bed.public));
    let (_, tokens) = answer(bed.token_request(O2, &param(&callback, "code").unwrap())).await;
    assert_eq!(tokens["expires_in"], 300);
    let keys: JwkSet = bed.http.get(format!("{}/o2/jwks", bed.public)).send().await.unwrap().json().await.unwrap();
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["gateway"]);
    rules.set_issuer(&[format!("{}/o2", bed.public)]);
    let claims = decode::<Value>(tokens["id_token"].as_str().unwrap(), &key, &rules).unwrap().claims;
    assert_eq!(claims["nonce"], "N1");

    let token = tokens["access_token"].as_str().unwrap();
    let (status, found) = answer(bed.resource_request(O2, token, "+447700900920")).await;
    assert_eq!((status, found), (200, json!({ "devicePhoneNumberVerified": true })));

    let hash = hex::encode_upper(Sha256::digest("+447700900920"));
    let (_, found) = verify(&bed, json!({ "hashedPhoneNumber": hash })).await;
    assert_eq!(found["devicePhoneNumberVerified"], true);
}

/// With a fresh token, because each works once.
async fn verify(bed: &Bed, body: Value) -> (u16, Value) {
    let token = bed.access_token(O2, 20).await;
    let url = format!("{}/o2/number-verification/v2/verify", bed.public);
    answer(bed.http.post(url).bearer_auth(token).json(&body)).await
}

#[tokio::test]
async fn a_faulty_authorize_request_is_refused() {
    let bed = Bed::start().await;
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("scope", Some("openid number-verification:verify"), "invalid_scope"),
        ("scope", Some("openid dpv:A dpv:FraudPreventionAndDetection number-verification:verify"), "invalid_scope"),
        ("scope", Some("openid dpv:Marketing number-verification:verify"), "invalid_scope"),
        ("state", None, "invalid_request"),
        ("nonce", None, "invalid_request"),
        ("prompt", Some("login"), "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("request", Some("a.b.c"), "request_not_supported"),
    ] {
        let response = bed.http.get(bed.authorize(O2, &[(name, value)])).send().await.unwrap();
        let callback = location(&response);
        assert_eq!(param(&callback, "error").unwrap(), error, "{name}");
        assert!(param(&callback, "iss").is_some(), "RFC 9207 2: iss is in error responses too");
    }
    let wrong = bed.authorize(O2, &[("redirect_uri", Some("http://127.0.0.1:9/v1/callback/evil"))]);
    assert_eq!(bed.http.get(wrong).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_wrong_verifier_is_refused_and_uses_the_code_up() {
    let bed = Bed::start().await;
    let code = bed.code(O2, 20).await;
    let wrong = VERIFIER.replace("dB", "Bd");
    for verifier in [wrong.as_str(), VERIFIER] {
        let (status, refused) = answer(bed.o2_token(&bed.assertion(json!({})), &code, verifier)).await;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    }
}

#[tokio::test]
async fn a_client_assertion_works_once() {
    let bed = Bed::start().await;
    let assertion = bed.assertion(json!({}));
    let code = bed.code(O2, 20).await;
    assert_eq!(answer(bed.o2_token(&assertion, &code, VERIFIER)).await.0, 200);
    let code = bed.code(O2, 20).await;
    let (status, refused) = answer(bed.o2_token(&assertion, &code, VERIFIER)).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn a_faulty_client_assertion_is_refused_and_leaves_the_code_alone() {
    let bed = Bed::start().await;
    let code = bed.code(O2, 20).await;
    let seconds = now() / 1000;
    let good = bed.assertion(json!({}));
    let (head, _) = good.rsplit_once('.').unwrap();
    for assertion in [
        bed.assertion(json!({ "iss": "someone" })),
        bed.assertion(json!({ "sub": "someone" })),
        bed.assertion(json!({ "aud": format!("{}/o2", bed.public) })),
        bed.assertion(json!({ "exp": seconds + 301 })),
        bed.assertion(json!({ "iat": seconds - 400, "exp": seconds - 100 })),
        bed.assertion(json!({ "iat": seconds + 60, "exp": seconds + 120 })),
        bed.assertion(json!({ "jti": "" })),
        format!("{head}."),
        Bed::start().await.assertion(json!({ "aud": format!("{}/o2/token", bed.public) })),
    ] {
        let (status, refused) = answer(bed.o2_token(&assertion, &code, VERIFIER)).await;
        assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    }
    assert_eq!(answer(bed.o2_token(&good, &code, VERIFIER)).await.0, 200);
}

#[tokio::test]
async fn an_access_token_works_once() {
    let bed = Bed::start().await;
    let token = bed.access_token(O2, 20).await;
    assert_eq!(answer(bed.resource_request(O2, &token, "+447700900920")).await.0, 200);
    let (status, refused) = answer(bed.resource_request(O2, &token, "+447700900920")).await;
    assert_eq!((status, &refused["code"]), (401, &json!("UNAUTHENTICATED")));
}

#[tokio::test]
async fn verify_takes_exactly_one_well_formed_number() {
    let bed = Bed::start().await;
    let hash = "0".repeat(64);
    for body in [
        json!({}),
        json!({ "other": 1 }),
        json!({ "phoneNumber": "447700900920" }),
        json!({ "hashedPhoneNumber": &hash[1..] }),
        json!({ "phoneNumber": "+447700900920", "hashedPhoneNumber": hash }),
    ] {
        let (status, refused) = verify(&bed, body).await;
        assert_eq!((status, &refused["code"], &refused["status"]), (400, &json!("INVALID_ARGUMENT"), &json!(400)));
    }
}

#[tokio::test]
async fn the_correlator_comes_back_even_with_an_error() {
    let bed = Bed::start().await;
    let request = bed.resource_request(O2, "unknown", "+447700900920");
    let response = request.header("x-correlator", "b4333c46-49c0").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-correlator"]),
        (401, &"b4333c46-49c0".parse().unwrap())
    );
    let request = bed.resource_request(O2, "unknown", "+447700900920").header("x-correlator", "a b");
    assert_eq!(answer(request).await.1["code"], "INVALID_ARGUMENT");
}
