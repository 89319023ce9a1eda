//! The body of `POST /v1/validate`, before the endpoint itself: whatever it is, without a token of ours in it the answer is
//! one of the contract's refusals, and the store is not asked.
#![no_main]

use std::sync::LazyLock;

use fuzz::{NOW, at_once, event};
use lambda_http::Body;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sna_api::{Edge, Endpoint, serve};
use sna_config::Env;
use sna_tokens::{AccessToken, Issuer, Scope, SigningKey};
use validate::Validate;

const URL: &str = "https://gateway.example";

static ENDPOINT: LazyLock<(Validate, String)> = LazyLock::new(|| {
    let key = SigningKey::generate().expect("a key");
    let statements = SigningKey::generate().and_then(|key| key.paserk()).expect("another key");
    let public = key.public_paserk().expect("its public half");
    let token = AccessToken { user_id: "shop".into(), scope: Scope::Both, native: false };
    let bearer = Issuer::new(key, URL).access(&token, NOW * 1000, 3600).expect("a token");
    let mut env = Env::from_fn(|name| match name {
        "PUBLIC_URL" => Some(URL.to_owned()),
        "STATEMENT_KEY" => Some(statements.clone()),
        "TOKEN_PUBLIC_KEYS" => Some(public.clone()),
        "OTP_PEPPER" => Some("0b".repeat(32)),
        "SESSIONS_TABLE" | "USAGE_TABLE" | "EVENTS_TABLE" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("fuzz".to_owned()),
        "OPERATORS" => Some(concat!("file:", env!("CARGO_MANIFEST_DIR"), "/../operators.json").to_owned()),
        // What the table refers to.
        name if name.starts_with("OPERATOR_") => Some("0b".repeat(32)),
        // The discard port: nobody listens.
        "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://127.0.0.1:9".to_owned()),
        _ => None,
    });
    let endpoint = Validate::from_env(&mut env);
    (env.finish(endpoint).expect("a good environment"), bearer)
});

fuzz_target!(|body: &str| {
    let (endpoint, bearer) = &*ENDPOINT;
    let headers = json!({ "authorization": format!("Bearer {bearer}"), "content-type": "application/json" });
    let Some(event) = event("POST", Validate::PATH, "", &headers, body) else { return };
    let response = at_once(serve(endpoint, Edge::default(), event, NOW * 1000));
    assert!(matches!(response.status().as_u16(), 400 | 413), "{}", response.status());
    let Body::Text(answer) = response.body() else { panic!("no text") };
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    assert!(answer["error"].is_string() && answer["error_description"].is_string());
});
