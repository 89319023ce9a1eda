//! Rows that another customer's record brings.

use std::time::Duration;

use gateway_tests::{Gateway, steps::register};
use serde_json::json;
use sna_customers::{Scope, TestNumber, WireTypes};

use crate::{
    answer::{invalid, refused, scope, token, unauthorized},
    target::{Target, path_of, text},
};

const NUMBER: &str = "+447700900620";
const GOOD: &str = "grant_type=client_credentials&scope=otp";

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_only_the_scopes_that_it_has() {
    let target = Target::of(Gateway::start().await);
    let secret = register(target.gateway(), "otp-only", |record| record.scopes = [Scope::Otp].into()).await;
    for asked in ["authenticate", "authenticate+otp"] {
        let body = format!("grant_type=client_credentials&scope={asked}");
        assert_eq!(target.post("/v1/oauth/token").basic("otp-only", &secret).form(body).await, scope());
    }
    let access = target.sign_in_as("otp-only", &secret, "otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    assert!(config.get("authorize").is_none(), "{config}");
    let silent = target.get(&format!("/v1/authenticate?id_token={}", text(&config["id_token"]))).send().await;
    assert_eq!(silent, scope());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_is_disabled_is_unknown_and_its_tokens_begin_nothing() {
    let target = Target::of(Gateway::start().await);
    let secret = register(target.gateway(), "gone", |_| ()).await;
    let access = target.sign_in_as("gone", &secret, "authenticate+otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let secret = register(target.gateway(), "gone", |record| record.enabled = false).await;
    target.gateway().advance(Duration::from_millis(sna_customers::MAX_AGE_MS));
    assert_eq!(target.post("/v1/oauth/token").basic("gone", &secret).form(GOOD).await, unauthorized("Basic"));
    let form = "msisdn=%2B447700900620&client_ip=148.252.128.20";
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(form).await, token());
    let otp = target.get(path_of(&target, &config["otp_authorization_uri"])).send().await;
    assert_eq!(otp, invalid("The provided token is invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_native_types_gets_numbers_and_booleans_everywhere() {
    let target = Target::of(Gateway::start().await);
    let secret = register(target.gateway(), "native", |record| record.wire_types = WireTypes::Native).await;
    let body = "grant_type=client_credentials&scope=authenticate+otp";
    let signed_in = target.post("/v1/oauth/token").basic("native", &secret).form(body).await.good();
    assert_eq!(signed_in["expires_in"], json!(3600));
    let access = text(&signed_in["access_token"]);
    let config = target.begin_for(access, NUMBER, "").await;
    assert_eq!((&config["expires_in"], &config["authorize"]["ajax"]), (&json!(600), &json!(false)));
    let body = json!({ "id_token": config["id_token"], "otp_code": "123456" });
    let verdict = target.post("/v1/validate").bearer(access).json(&body).await;
    let expected = r#"{"authenticated":false,"fallback_advised":true,"reason":"NOT_ATTEMPTED","service":"otp"}"#;
    assert_eq!(verdict.body, expected);
    let sent = target.get(path_of(&target, &config["otp_authorization_uri"])).send().await.good();
    let expected = json!({
        "session_id": sent["session_id"], "expires_in": 300, "code_length": 6, "resend_after": 30, "attempts_left": 5,
    });
    assert_eq!(sent, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_may_use_the_countries_of_its_list_and_no_other() {
    let target = Target::of(Gateway::start().await);
    let secret = register(target.gateway(), "french", |record| record.countries = vec!["FR".into()]).await;
    let access = target.sign_in_as("french", &secret, "otp").await;
    let ask = |number: &str| {
        let form = format!("msisdn={number}&client_ip=148.252.128.20");
        target.post("/v1/get_config").bearer(&access).form(form)
    };
    assert_eq!(ask("%2B33612345678").await.status, 200);
    assert_eq!(ask("%2B447700900620").await, unauthorized("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_number_need_not_be_in_any_plan() {
    let target = Target::of(Gateway::start().await);
    let number = TestNumber { msisdn: "+447700900123".into(), code: "424242".into(), expires_at: u64::MAX };
    let secret = register(target.gateway(), "tester", |record| record.test_numbers = vec![number]).await;
    let access = target.sign_in_as("tester", &secret, "otp").await;
    let ask = |number: &str| {
        let form = format!("msisdn=%2B{number}&client_ip=148.252.128.20");
        target.post("/v1/get_config").bearer(&access).form(form)
    };
    assert_eq!(ask("447700900123").await.status, 200);
    assert_eq!(ask("447700900124").await, invalid("The provided request is invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_token_of_another_customer_is_none() {
    let target = Target::of(Gateway::start().await);
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let secret = register(target.gateway(), "thief", |_| ()).await;
    let thief = target.sign_in_as("thief", &secret, "authenticate+otp").await;
    let body = json!({ "id_token": config["id_token"], "otp_code": "123456" });
    assert_eq!(target.post("/v1/validate").bearer(&thief).json(&body).await, token());
}

/// A template without the code in it cannot be sent: the record is our mistake, and the customer is told no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_of_ours_is_an_internal_error_without_details() {
    let target = Target::of(Gateway::start().await);
    let secret = register(target.gateway(), "odd", |record| record.otp_template = Some("{nothing}".into())).await;
    let access = target.sign_in_as("odd", &secret, "otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let sent = target.get(path_of(&target, &config["otp_authorization_uri"])).send().await;
    assert_eq!(sent, refused(500, "server_error", "Internal error"));
    assert_eq!(target.gateway().world.inbox().publishes(NUMBER), 0);
}
