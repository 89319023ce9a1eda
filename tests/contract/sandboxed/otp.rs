//! A code by SMS, and when there is none.

use serde_json::json;

use crate::{
    answer::{invalid, json as expected_json, refused, token},
    target::{Target, path_of, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_and_the_next_must_wait() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let msisdn = target.any_number();
    let config = target.begin_for(&access, &msisdn, "").await;
    let link = path_of(&target, &config["otp_authorization_uri"]);
    let sent = target.get(link).send().await;
    let id = sent.good();
    let expected = format!(
        r#"{{"session_id":"{}","expires_in":"300","code_length":"6","resend_after":"30","attempts_left":"5"}}"#,
        text(&id["session_id"])
    );
    assert_eq!(sent, expected_json(200, expected));
    let again = target.get(link).send().await;
    let wait = again.headers.get("retry-after").expect("a Retry-After").clone();
    assert!((1..=30).contains(&wait.parse::<u64>().expect("seconds")), "{wait}");
    let gap = invalid("You have to wait a few second before trying to get otp sms again");
    assert_eq!(again, gap.with("retry-after", &wait));

    let code = target.newest_code(&msisdn).await;
    let wrong = if code.starts_with('1') { "2" } else { "1" }.to_owned() + &code[1..];
    let guess = |code: &str| {
        let body = json!({ "id_token": config["id_token"], "otp_code": code });
        target.post("/v1/validate").bearer(&access).json(&body)
    };
    let mistake = r#"{"authenticated":"false","fallback_advised":"true","reason":"WRONG_CODE","service":"otp"}"#;
    assert_eq!(guess(&wrong).await, expected_json(200, mistake));
    assert_eq!(guess(&code).await, expected_json(200, r#"{"authenticated":"true","service":"otp"}"#));
    assert_eq!(guess(&code).await, token());
    // A session that is answered sends nothing more.
    assert_eq!(target.get(link).send().await, invalid("The provided token is invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_not_sent_within_five_seconds_of_a_silent_attempt() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&access, "+447700900620", "").await;
    let silent = target.get(path_of(&target, &config["authorize"]["authorization_uri"])).send().await;
    assert_eq!(silent.status, 302);
    let answer = target.get(path_of(&target, &config["otp_authorization_uri"])).send().await;
    let wait = answer.headers.get("retry-after").expect("a Retry-After").clone();
    assert!((1..=5).contains(&wait.parse::<u64>().expect("seconds")), "{wait}");
    let too_soon = refused(400, "invalid scope", "OTP requested before Authenticate");
    assert_eq!(answer, too_soon.with("retry-after", &wait));
}
