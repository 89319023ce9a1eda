//! The fallback: a code by SMS, from the send to the answer.

use std::time::Duration;

use gateway_tests::{Captured, Gateway};
use sandbox::inbox::Fault;
use serde_json::json;

use crate::steps::{Customer, another, device, error, invalid, newest_code};

const SILENT_GAP: Duration = Duration::from_secs(5);
const RESEND_GAP: Duration = Duration::from_secs(30);

fn right() -> (u16, serde_json::Value) {
    (200, json!({ "authenticated": "true", "service": "otp" }))
}

fn wrong(reason: &str, fallback: &str) -> (u16, serde_json::Value) {
    (200, json!({ "authenticated": "false", "fallback_advised": fallback, "reason": reason, "service": "otp" }))
}

fn unavailable() -> (u16, serde_json::Value) {
    error(503, "temporarily_unavailable", "Service is unavailable")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_on_wifi_falls_back_to_a_code() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900622"), &[]).await;
    let refused = started.open(None).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("access_denied")));

    assert_eq!(started.send_otp().await, error(400, "invalid scope", "OTP requested before Authenticate"));
    assert_eq!(gateway.world.inbox().publishes("+447700900622"), 0);
    gateway.advance(SILENT_GAP);
    let (status, sent) = started.send_otp().await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(sent["expires_in"], "300");
    assert_eq!(
        (&sent["code_length"], &sent["resend_after"], &sent["attempts_left"]),
        (&json!("6"), &json!("30"), &json!("5"))
    );

    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &another(&code)).await, wrong("WRONG_CODE", "true"));
    assert_eq!(customer.guess(&started, &code).await, right());
    assert_eq!(customer.guess(&started, &code).await, invalid("The provided token is invalid."));
    assert_eq!(started.send_otp().await, invalid("The provided token is invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_names_the_customer_and_ends_in_the_webotp_line() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    let sms = gateway.world.inbox().messages("+447700900620").remove(0);
    assert!(
        sms.text.contains("Demo Shop") && sms.text.ends_with(&format!("\n\n@shop.example #{code}")),
        "{}",
        sms.text
    );
    assert_eq!(sms.sender.as_deref(), Some("DemoShop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_waits_and_supersedes_the_older_code_and_there_are_three_sends() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let wait = invalid("You have to wait a few second before trying to get otp sms again");
    assert_eq!(started.send_otp().await.0, 200);
    let first = newest_code(&gateway, &started.device);
    assert_eq!(started.send_otp().await, wait);
    gateway.advance(RESEND_GAP);
    assert_eq!(started.send_otp().await.0, 200);
    let second = newest_code(&gateway, &started.device);
    if first != second {
        assert_eq!(customer.guess(&started, &first).await, wrong("WRONG_CODE", "true"));
    }
    gateway.advance(RESEND_GAP);
    assert_eq!(started.send_otp().await.0, 200);
    gateway.advance(RESEND_GAP);
    assert_eq!(started.send_otp().await, invalid("Exceeded maximum number of retry attempts."));
    assert_eq!(gateway.world.inbox().publishes("+447700900620"), 3);
    assert_eq!(customer.guess(&started, &newest_code(&gateway, &started.device)).await, right());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_end_it_and_malformed_ones_cost_nothing() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    assert_eq!(customer.guess(&started, "123456").await, wrong("NOT_ATTEMPTED", "true"));
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    for malformed in ["12345", "1234567", "12345a", " 12345", "١٢٣٤٥٦", "-12345"] {
        let refused = invalid("The required field is missing or it is invalid.");
        assert_eq!(customer.guess(&started, malformed).await, refused, "{malformed}");
    }
    for _ in 0..5 {
        assert_eq!(customer.guess(&started, &another(&code)).await, wrong("WRONG_CODE", "true"));
    }
    assert_eq!(customer.guess(&started, &code).await, wrong("ATTEMPTS_EXCEEDED", "false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_before_its_session() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    gateway.advance(Duration::from_secs(300));
    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &code).await, wrong("CODE_EXPIRED", "true"));
    gateway.advance(Duration::from_secs(300));
    assert_eq!(customer.guess(&started, &code).await, invalid("The provided token is invalid."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_sns_refuses_is_given_back() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    for fault in [Fault::Refuse, Fault::OptedOut, Fault::Throttle] {
        gateway.world.inbox().fail("+447700900620", fault);
        assert_eq!(started.send_otp().await, unavailable());
    }
    gateway.world.inbox().heal("+447700900620");
    assert_eq!(started.send_otp().await.0, 200);
    assert_eq!(customer.guess(&started, &newest_code(&gateway, &started.device)).await, right());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_of_sns_is_an_outage_with_its_cause_in_the_log_and_costs_nothing() {
    let (log, gateway) = (Captured::begin(tracing::Level::INFO), Gateway::start().await);
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    for (fault, cause) in [
        (Fault::SpendLimit, "spend_limit"),
        (Fault::OptedOut, "opted_out"),
        (Fault::Sandboxed, "sandboxed"),
        (Fault::Throttle, "throttled"),
        (Fault::Refuse, "refused"),
    ] {
        gateway.world.inbox().fail("+447700900620", fault);
        assert_eq!(started.send_otp().await, unavailable());
        assert!(log.functions().contains(&format!("SNS did not take the message: {cause} (")), "{cause}");
        assert!(log.requests().iter().any(|line| line["cause"] == cause && line["sms_failures"] == 1), "{cause}");
    }
    gateway.world.inbox().heal("+447700900620");
    assert_eq!(started.send_otp().await.0, 200);
    assert!(!log.functions().contains("7700900620"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_inside_sns_the_message_may_be_on_its_way_and_counts() {
    let (log, gateway) = (Captured::begin(tracing::Level::INFO), Gateway::start().await);
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    gateway.world.inbox().fail("+447700900620", Fault::Internal);
    assert_eq!(started.send_otp().await, unavailable());
    assert!(log.requests().iter().any(|line| line["cause"] == "unavailable" && line["sms_failures"] == 1));
    gateway.world.inbox().heal("+447700900620");
    assert_eq!(started.send_otp().await.0, 400, "the gap runs");
    gateway.advance(RESEND_GAP);
    assert_eq!(started.send_otp().await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_sns_takes_and_never_delivers_counts_as_sent_and_another_may_follow() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    gateway.world.inbox().fail("+447700900620", Fault::Lose);
    assert_eq!(started.send_otp().await.0, 200, "nobody knows yet");
    assert_eq!(gateway.world.inbox().messages("+447700900620"), []);
    gateway.world.inbox().heal("+447700900620");
    assert_eq!(started.send_otp().await.0, 400, "the gap runs");
    gateway.advance(RESEND_GAP);
    assert_eq!(started.send_otp().await.0, 200);
    assert_eq!(customer.guess(&started, &newest_code(&gateway, &started.device)).await, right());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_code_is_still_good_after_a_resend_that_sns_refused() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    gateway.advance(RESEND_GAP);
    gateway.world.inbox().fail("+447700900620", Fault::Throttle);
    assert_eq!(started.send_otp().await, unavailable());
    assert_eq!(customer.guess(&started, &code).await, right());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_answer_was_lost_stays_counted_and_its_code_is_good() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    gateway.world.inbox().fail("+447700900620", Fault::Drop);
    assert_eq!(started.send_otp().await, unavailable());
    gateway.world.inbox().heal("+447700900620");
    let wait = invalid("You have to wait a few second before trying to get otp sms again");
    assert_eq!(started.send_otp().await, wait);
    assert_eq!(gateway.world.inbox().publishes("+447700900620"), 1);
    assert_eq!(customer.guess(&started, &newest_code(&gateway, &started.device)).await, right());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_the_handset_may_come_along_with_the_code() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let (_, sent) = started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    let foreign = json!({ "id_token": started.id_token, "otp_code": code, "payload": { "session_id": "another" } });
    let refused = invalid("The required field `payload` is missing or is invalid.");
    assert_eq!(customer.validate(&foreign).await, refused);
    let silent = json!({ "id_token": started.id_token, "payload": { "session_id": sent["session_id"] } });
    assert_eq!(customer.validate(&silent).await, refused);
    let whole = json!({ "id_token": started.id_token, "otp_code": code, "payload": sent });
    assert_eq!(customer.validate(&whole).await, right());
}
