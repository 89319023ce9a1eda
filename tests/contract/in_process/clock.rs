//! Rows that time brings: what expires, what counts up.

use std::time::Duration;

use gateway_tests::Gateway;
use serde_json::json;

use crate::{
    answer::{invalid, json as expected_json, refused, token, unauthorized},
    target::{Target, path_of, text},
};

const NUMBER: &str = "+447700900620";
const GAP: Duration = Duration::from_secs(30);

async fn target() -> Target {
    Target::of(Gateway::start().await)
}

fn slow_down(wait: u64) -> crate::answer::Answer {
    refused(429, "slow_down", "Too many requests").with("retry-after", &wait.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_sends_three_codes() {
    let target = target().await;
    let access = target.sign_in("otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let link = path_of(&target, &config["otp_authorization_uri"]);
    for _ in 0..3 {
        assert_eq!(target.get(link).send().await.status, 200);
        target.gateway().advance(GAP);
    }
    assert_eq!(target.get(link).send().await, invalid("Exceeded maximum number of retry attempts."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_gets_five_messages_an_hour() {
    let target = target().await;
    target.gateway().at_midnight();
    let access = target.sign_in("otp").await;
    let mut last = None;
    for _ in 0..6 {
        let config = target.begin_for(&access, NUMBER, "").await;
        last = Some(target.get(path_of(&target, &config["otp_authorization_uri"])).send().await);
    }
    let last = last.expect("an answer");
    let wait = last.headers["retry-after"].parse().expect("seconds");
    assert!((3500..=3600).contains(&wait), "{wait}");
    assert_eq!(last, slow_down(wait));
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_fail_are_limited() {
    let target = target().await;
    target.gateway().at_midnight();
    let ask = || target.post("/v1/oauth/token").basic("nobody", "x").form("grant_type=client_credentials&scope=otp");
    for _ in 0..10 {
        assert_eq!(ask().await, unauthorized("Basic"));
    }
    let answer = ask().await;
    let wait = answer.headers["retry-after"].parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer, slow_down(wait));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_as_good_as_none() {
    let target = target().await;
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let id_token = text(&config["id_token"]).to_owned();
    target.gateway().advance(Duration::from_secs(600));
    let otp = target.get(path_of(&target, &config["otp_authorization_uri"])).send().await;
    assert_eq!(otp, invalid("The provided token is invalid"));
    let silent = target.get(path_of(&target, &config["authorize"]["authorization_uri"])).send().await;
    assert_eq!(silent, token());
    let body = json!({ "id_token": id_token, "otp_code": "123456" });
    assert_eq!(target.post("/v1/validate").bearer(&access).json(&body).await, token());
    target.gateway().advance(Duration::from_secs(3600));
    assert_eq!(target.post("/v1/validate").bearer(&access).json(&body).await, unauthorized("Bearer"));
    let form = "msisdn=%2B447700900620&client_ip=148.252.128.20";
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(form).await, unauthorized("Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_by_time_or_by_five_mistakes() {
    let target = target().await;
    let access = target.sign_in("otp").await;
    let verdict = |reason: &str, fallback: &str| {
        let verdict = format!(
            r#"{{"authenticated":"false","fallback_advised":"{fallback}","reason":"{reason}","service":"otp"}}"#
        );
        expected_json(200, verdict)
    };
    let config = target.begin_for(&access, NUMBER, "").await;
    let guess = |code: &str| {
        let body = json!({ "id_token": config["id_token"], "otp_code": code });
        target.post("/v1/validate").bearer(&access).json(&body)
    };
    let link = path_of(&target, &config["otp_authorization_uri"]);
    assert_eq!(target.get(link).send().await.status, 200);
    let code = target.newest_code(NUMBER).await;
    target.gateway().advance(Duration::from_secs(300));
    assert_eq!(guess(&code).await, verdict("CODE_EXPIRED", "true"));
    assert_eq!(target.get(link).send().await.status, 200);
    let code = target.newest_code(NUMBER).await;
    let wrong = gateway_tests::steps::another(&code);
    for _ in 0..5 {
        assert_eq!(guess(&wrong).await, verdict("WRONG_CODE", "true"));
    }
    assert_eq!(guess(&code).await, verdict("ATTEMPTS_EXCEEDED", "false"));
}
