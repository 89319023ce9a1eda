//! `GET /v1/.well-known/paseto-keys`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{answer::json, target::Target};

const PATH: &str = "/v1/.well-known/paseto-keys";

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_are_told_to_anyone_and_to_caches() {
    let target = Target::open().await;
    let answer = target.get(PATH).send().await;
    assert_eq!(answer, json(200, answer.body.clone()).with("cache-control", "public, max-age=300"));
    let published = answer.good();
    assert_eq!(published["issuer"], *target.url);
    // The newest token was signed with one of them.
    let access = target.sign_in("otp").await;
    let footer = BASE64_URL_SAFE_NO_PAD.decode(access.rsplit('.').next().expect("a footer")).expect("base64");
    let footer: Value = serde_json::from_slice(&footer).expect("JSON");
    let keys = published["keys"].as_array().expect("keys");
    assert!(keys.iter().any(|key| key["kid"] == footer["kid"]), "{footer}");
    assert_eq!(target.get(&format!("{PATH}?ignored=x")).send().await, answer);
}
