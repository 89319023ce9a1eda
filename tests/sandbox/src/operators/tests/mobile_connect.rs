//! Mobile Connect: the checks of the authorize, token and premiuminfo endpoints.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::{Value, json};

use super::bed::{Bed, VODAFONE, VODAFONE_BACK, answer, location, param};

#[tokio::test]
async fn the_number_of_the_sim_matches() {
    let bed = Bed::start().await;
    let callback = bed.walk(VODAFONE, 20).await;
    assert_eq!(param(&callback, "state").unwrap(), "S1");
    assert_eq!(param(&callback, "correlation_id").unwrap(), "C1");
    assert_eq!(param(&callback, "iss"), None);

    let (_, tokens) = answer(bed.token_request(VODAFONE, &param(&callback, "code").unwrap())).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(3599)));
    let claims = id_token(&bed, tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["nonce"], "N1");
    assert_eq!((&claims["acr"], &claims["amr"], &claims["azp"]), (&json!("2"), &json!(["SEAM_OK"]), &json!("gateway")));
    assert!(!claims.to_string().contains("77009"), "the token names the number");

    let token = tokens["access_token"].as_str().unwrap();
    let (status, found) = answer(bed.resource_request(VODAFONE, token, "+447700900620")).await;
    assert_eq!((status, found), (200, json!({ "sub": claims["sub"], "device_msisdn_verified": true })));
    let (_, found) = answer(bed.resource_request(VODAFONE, token, "+447700900621")).await;
    assert_eq!(found["device_msisdn_verified"], false);
}

async fn id_token(bed: &Bed, token: &str) -> Value {
    let keys: JwkSet =
        bed.http.get(format!("{}/vodafone/jwks", bed.public)).send().await.unwrap().json().await.unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["gateway"]);
    rules.set_issuer(&[format!("{}/vodafone", bed.public)]);
    decode(token, &key, &rules).unwrap().claims
}

#[tokio::test]
async fn an_unregistered_redirect_uri_gets_a_page_and_no_redirect() {
    let bed = Bed::start().await;
    let longer = format!("{VODAFONE_BACK}/");
    for changed in [
        ("redirect_uri", Some("http://127.0.0.1:9/v1/callback/evil")),
        ("redirect_uri", Some(longer.as_str())),
        ("redirect_uri", None),
        ("client_id", Some("someone")),
    ] {
        let response = bed.http.get(bed.authorize(VODAFONE, &[changed])).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(!response.headers().contains_key("location"));
        assert!(response.text().await.unwrap().contains("is invalid"));
    }
}

#[tokio::test]
async fn a_faulty_authorize_request_is_refused_in_the_words_of_the_document() {
    let bed = Bed::start().await;
    for (name, value, error, text) in [
        ("scope", None, "invalid_request", "MANDATORY parameter scope is missing"),
        ("scope", Some("openid"), "invalid_scope", "The scope value is invalid"),
        ("scope", Some("openid mc_vm_match_hash phone"), "invalid_scope", "The scope value is invalid"),
        ("version", Some("mc_v1.1"), "invalid_request", "MANDATORY parameter version is missing / invalid."),
        ("nonce", None, "invalid_request", "MANDATORY parameter nonce is missing (or) invalid."),
        ("acr_values", Some("9"), "invalid_request", "MANDATORY parameter acr_values are missing or invalid values."),
        ("prompt", Some("login"), "invalid_request", "Prompt value is invalid"),
        ("response_type", Some("token"), "unsupported_response_type", "response_type is not supported"),
    ] {
        let response = bed.http.get(bed.authorize(VODAFONE, &[(name, value)])).send().await.unwrap();
        let callback = location(&response);
        assert_eq!(param(&callback, "error").unwrap(), error);
        assert_eq!(param(&callback, "error_description").unwrap(), text);
        assert_eq!(param(&callback, "state").unwrap(), "S1");
        assert_eq!(param(&callback, "correlation_id").unwrap(), "C1");
    }
}

#[tokio::test]
async fn a_doubled_parameter_is_refused() {
    let bed = Bed::start().await;
    let doubled = format!("{}&nonce=N2", bed.authorize(VODAFONE, &[]));
    let callback = location(&bed.http.get(doubled).send().await.unwrap());
    assert_eq!(param(&callback, "error_description").unwrap(), "Malformed request, duplicate parameter entries");
    let doubled = format!("{}&redirect_uri=http://evil.example/", bed.authorize(VODAFONE, &[]));
    assert_eq!(bed.http.get(doubled).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_code_works_once_and_its_replay_revokes_the_token() {
    let bed = Bed::start().await;
    let code = bed.code(VODAFONE, 20).await;
    let (_, tokens) = answer(bed.token_request(VODAFONE, &code)).await;
    let (status, refused) = answer(bed.token_request(VODAFONE, &code)).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let token = tokens["access_token"].as_str().unwrap();
    let (status, refused) = answer(bed.resource_request(VODAFONE, token, "+447700900620")).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn a_token_request_needs_the_secret_and_the_same_redirect_uri() {
    let bed = Bed::start().await;
    let code = bed.code(VODAFONE, 20).await;
    let wrong = bed.vodafone_token("wrong", &[("code", &code), ("redirect_uri", VODAFONE_BACK)]);
    let response = wrong.send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key("www-authenticate"));
    let other = bed.vodafone_token(&bed.secret, &[("code", &code), ("redirect_uri", super::bed::O2_BACK)]);
    let (status, refused) = answer(other).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn the_resource_takes_one_lower_case_hash_and_nothing_else() {
    let bed = Bed::start().await;
    let token = bed.access_token(VODAFONE, 20).await;
    let hash = "a".repeat(64);
    for body in [
        json!({}),
        json!({ "mc_claims": { "device_msisdn": "+447700900620" } }),
        json!({ "mc_claims": { "device_msisdn_hash": hash.to_uppercase() } }),
        json!({ "mc_claims": { "device_msisdn_hash": hash, "device_msisdn": "+447700900620" } }),
    ] {
        let url = format!("{}/vodafone/mobileconnect/premiuminfo", bed.public);
        let (status, refused) = answer(bed.http.post(url).bearer_auth(&token).json(&body)).await;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_request")));
    }
}
