//! `POST /v1/validate` before anything was proved: bad input costs nothing.

use serde_json::{Value, json};

use crate::{
    answer::{field, invalid, json as expected_json, refused, token, unauthorized},
    target::{Target, fresh, text},
};

const PATH: &str = "/v1/validate";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_access_token_nothing_is_told() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let config = target.begin(&access, "").await;
    let body = json!({ "id_token": config["id_token"], "otp_code": "123456" });
    assert_eq!(target.post(PATH).json(&body).await, unauthorized("Bearer"));
    for credentials in ["", "x", text(&config["id_token"])] {
        assert_eq!(target.post(PATH).bearer(credentials).json(&body).await, unauthorized("Bearer"), "{credentials}");
    }
    assert_eq!(target.post(PATH).basic("a", "b").json(&body).await, unauthorized("Bearer"));
    // Whoever is not known learns nothing of the body either.
    assert_eq!(target.post(PATH).body("text/plain", "{").await, unauthorized("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_proof_and_the_right_one() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let id = fresh("sign-in");
    let config = target.begin(&access, &format!("&correlation_id={id}")).await;
    let id_token = &config["id_token"];
    let both = invalid("Invalid request. Received both 'payload' and 'code' in validate request.");
    let code = invalid("The required field `code` is missing or is invalid.");
    let payload = invalid("The required field `payload` is missing or is invalid.");
    for (body, expected) in [
        (json!({ "id_token": id_token, "code": "x", "payload": {} }), both.clone()),
        (json!({ "id_token": id_token, "code": "x", "payload": "x" }), both.clone()),
        (json!({ "id_token": id_token, "code": "x", "payload": {}, "otp_code": "123456" }), both),
        (json!({ "id_token": id_token, "code": "x" }), code.clone()),
        (json!({ "id_token": id_token, "code": "64a5b190-0000-0000-0000-000000000000" }), code.clone()),
        (json!({ "id_token": id_token, "code": "x", "payload": null, "otp_code": null, "correlation_id": "" }), code),
        (json!({ "id_token": id_token, "payload": { "session_id": "x" } }), payload.clone()),
        (json!({ "id_token": id_token, "payload": "{\"session_id\":\"x\"}" }), payload.clone()),
        (json!({ "id_token": id_token, "payload": { "session_id": null } }), payload.clone()),
        (json!({ "id_token": id_token, "payload": { "authenticated": "true" } }), payload.clone()),
        (json!({ "id_token": id_token, "payload": { "error": "access_denied" } }), payload.clone()),
        (json!({ "id_token": id_token, "payload": [1] }), payload.clone()),
        (json!({ "id_token": id_token, "payload": true }), payload.clone()),
        (json!({ "id_token": id_token }), payload.clone()),
        (json!({ "id_token": id_token, "code": "", "payload": "", "otp_code": "" }), payload.clone()),
        (json!({ "id_token": id_token, "payload": { "session_id": "x" }, "otp_code": "123456" }), payload),
        (json!({ "id_token": id_token, "code": "x", "otp_code": "123456" }), field()),
        (json!({ "id_token": id_token, "otp_code": "12345" }), field()),
        (json!({ "id_token": id_token, "otp_code": "1234567" }), field()),
        (json!({ "id_token": id_token, "otp_code": "12345a" }), field()),
        (json!({ "id_token": id_token, "otp_code": "١٢٣٤٥٦" }), field()),
        (json!({ "id_token": id_token, "otp_code": 123_456 }), field()),
        (json!({ "id_token": id_token, "code": 7 }), field()),
        (json!({ "id_token": id_token, "correlation_id": "other", "otp_code": "123456" }), field()),
        (json!({ "id_token": id_token, "correlation_id": 7, "otp_code": "123456" }), field()),
        (json!({ "otp_code": "123456" }), field()),
        (json!({ "id_token": "", "otp_code": "123456" }), field()),
        (json!({ "id_token": null, "otp_code": "123456" }), field()),
        (json!([]), field()),
        (Value::Null, field()),
        (json!({ "id_token": "x", "otp_code": "123456" }), token()),
        (json!({ "id_token": access, "otp_code": "123456" }), token()),
    ] {
        assert_eq!(target.post(PATH).bearer(&access).json(&body).await, expected, "{body}");
    }
    let twice = format!(r#"{{"id_token":{id_token},"otp_code":"123456","otp_code":"123456"}}"#);
    assert_eq!(target.post(PATH).bearer(&access).body("application/json", twice).await, field());
    for body in ["", "{", "null", "id_token=x"] {
        assert_eq!(target.post(PATH).bearer(&access).body("application/json", body).await, field(), "{body}");
    }
    // None of it cost anything: still nothing was tried.
    let verdict = format!(
        r#"{{"authenticated":"false","correlation_id":"{id}","fallback_advised":"true","reason":"NOT_ATTEMPTED","service":"otp"}}"#
    );
    let body = json!({ "id_token": id_token, "otp_code": "123456", "correlation_id": id, "more": {} });
    assert_eq!(target.post(PATH).bearer(&access).json(&body).await, expected_json(200, verdict));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_good_for_one_body() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let config = target.begin(&access, "").await;
    let body = |code: &str| json!({ "id_token": config["id_token"], "otp_code": code });
    let keyed =
        |key: &str, code: &str| target.post(PATH).bearer(&access).header("idempotency-key", key).json(&body(code));
    assert_eq!(keyed("k", "123456").await.status, 200);
    let reused = refused(422, "invalid_request", "The Idempotency-Key has already been used with another request.");
    assert_eq!(keyed("k", "123457").await, reused);
    assert_eq!(keyed("a b", "123456").await, field());
}
