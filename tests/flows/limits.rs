//! Limits that a new session or a new code does not reset, and requests that come again.

use std::time::Duration;

use gateway_tests::Gateway;
use reqwest::StatusCode;
use sandbox::inbox::Fault;
use serde_json::{Value, json};
use sna_customers::{Limits, TestNumber};

use crate::steps::{Answer, Customer, Started, another, answer, client, device, error, invalid, newest_code, register};

const NUMBER: &str = "+447700900620";

fn slow_down() -> Answer {
    error(429, "slow_down", "Too many requests")
}

/// Asks for a code, and how long to wait if it is not given.
async fn send(started: &Started) -> (u16, Option<u64>) {
    let uri = started.json["otp_authorization_uri"].as_str().expect("a uri");
    let response = client().get(uri).send().await.expect("an answer");
    let wait =
        response.headers().get("retry-after").map(|value| value.to_str().expect("text").parse().expect("seconds"));
    (response.status().as_u16(), wait)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_gets_five_messages_an_hour_over_all_sessions_and_customers() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let first = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "other", |_| ()).await;
    let second = Customer::sign_in_as(&gateway, "other", &secret, "otp").await;
    for (index, customer) in [&first, &second, &first, &second, &first].into_iter().enumerate() {
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        assert_eq!(send(&started).await.0, 200, "send {index}");
    }
    let started = second.start(&device(&gateway, NUMBER), &[]).await;
    assert_eq!(started.send_otp().await, slow_down());
    let (status, wait) = send(&started).await;
    let wait = wait.expect("a Retry-After");
    assert!(status == 429 && (1..=3600).contains(&wait), "{status} {wait}");
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 5);
    // Another number is not concerned, and Retry-After tells the truth.
    let other = first.start(&device(&gateway, "+447700900621"), &[]).await;
    assert_eq!(send(&other).await.0, 200);
    gateway.advance(Duration::from_secs(wait));
    let second = Customer::sign_in_as(&gateway, "other", &secret, "otp").await;
    let started = second.start(&device(&gateway, NUMBER), &[]).await;
    assert_eq!(send(&started).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ipv6_network_gets_ten_messages_an_hour() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let customer = Customer::sign_in(&gateway).await;
    let devices = gateway.world.gateway().devices.clone();
    let mut statuses = Vec::new();
    for (index, device) in devices.iter().take(11).enumerate() {
        let mut device = device.clone();
        device.client_ip = format!("2a00:23c0:1:2::{index:x}").parse().expect("an address");
        statuses.push(send(&customer.start(&device, &[]).await).await.0);
    }
    assert_eq!(statuses, [vec![200; 10], vec![429]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_sns_refused_is_not_counted_for_its_number() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    gateway.world.inbox().fail(NUMBER, Fault::Throttle);
    for _ in 0..8 {
        assert_eq!(send(&started).await, (503, Some(1)));
    }
    gateway.world.inbox().heal(NUMBER);
    assert_eq!(send(&started).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_codes_a_day_block_a_number_for_that_customer_only_even_in_new_sessions() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let customer = Customer::sign_in(&gateway).await;
    for _ in 0..2 {
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        started.send_otp().await;
        let code = newest_code(&gateway, &started.device);
        for _ in 0..5 {
            assert_eq!(customer.guess(&started, &another(&code)).await.1["reason"], "WRONG_CODE");
        }
    }
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    for guess in [another(&code), code] {
        let (status, verdict) = customer.guess(&started, &guess).await;
        assert_eq!((status, &verdict["reason"]), (200, &json!("ATTEMPTS_EXCEEDED")));
        assert_eq!(verdict["authenticated"], "false");
    }
    let secret = register(&gateway, "other", |_| ()).await;
    let other = Customer::sign_in_as(&gateway, "other", &secret, "otp").await;
    let started = other.start(&device(&gateway, NUMBER), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    assert_eq!(other.guess(&started, &code).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_own_limits_replace_the_deployments() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let own = Limits { sends_an_hour: Some(1), wrong_codes_a_day: Some(1), ..Limits::default() };
    let secret = register(&gateway, "strict", |record| record.limits = own).await;
    let customer = Customer::sign_in_as(&gateway, "strict", &secret, "otp").await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    assert_eq!(send(&started).await.0, 200);
    let again = customer.start(&device(&gateway, NUMBER), &[]).await;
    assert_eq!(send(&again).await.0, 429);
    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &another(&code)).await.1["reason"], "WRONG_CODE");
    assert_eq!(customer.guess(&started, &code).await.1["reason"], "ATTEMPTS_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_are_limited_for_their_id_and_lock_nobody_out() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let credentials = gateway.world.gateway().customer.clone();
    let attempt = |id: &str, secret: &str| {
        let form = [("grant_type", "client_credentials"), ("scope", "otp")];
        let request = client().post(format!("{}/v1/oauth/token", gateway.url)).basic_auth(id, Some(secret)).form(&form);
        async move { answer(request.send().await.expect("an answer")).await.0 }
    };
    for id in [credentials.client_id.as_str(), "nobody"] {
        for _ in 0..10 {
            assert_eq!(attempt(id, "wrong").await, 401);
        }
        assert_eq!(attempt(id, "wrong").await, 429);
    }
    // What cannot be an id is nobody's, and has no counter that all strangers would share.
    for _ in 0..11 {
        assert_eq!(attempt("not an id", "wrong").await, 401);
    }
    assert_eq!(attempt(&credentials.client_id, &credentials.client_secret).await, 200);
    gateway.advance(Duration::from_secs(60));
    assert_eq!(attempt("nobody", "wrong").await, 401);
}

pub async fn keyed(gateway: &Gateway, customer: &Customer, path: &str, key: &str, body: &Value) -> Answer {
    let request = client().post(format!("{}{path}", gateway.url)).bearer_auth(&customer.token);
    answer(request.header("Idempotency-Key", key).json(body).send().await.expect("an answer")).await
}

fn key_reused() -> Answer {
    error(422, "invalid_request", "The Idempotency-Key has already been used with another request.")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validate_that_comes_again_with_its_key_learns_the_verdict_and_a_thief_does_not() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    let payload = started.open(None).await.json();
    let body = json!({ "id_token": started.id_token, "payload": payload });
    let good = (200, json!({ "authenticated": "true", "service": "authenticate" }));
    for _ in 0..3 {
        assert_eq!(keyed(&gateway, &customer, "/v1/validate", "k1", &body).await, good);
    }
    let token = invalid("The provided token is invalid.");
    assert_eq!(customer.validate(&body).await, token);
    assert_eq!(keyed(&gateway, &customer, "/v1/validate", "k2", &body).await, token);
    let other = json!({ "id_token": started.id_token, "payload": { "session_id": "x" } });
    assert_eq!(keyed(&gateway, &customer, "/v1/validate", "k1", &other).await, key_reused());
    let secret = register(&gateway, "thief", |_| ()).await;
    let thief = Customer::sign_in_as(&gateway, "thief", &secret, "authenticate").await;
    assert_eq!(keyed(&gateway, &thief, "/v1/validate", "k1", &body).await, token);
    gateway.advance(Duration::from_secs(600));
    assert_eq!(keyed(&gateway, &customer, "/v1/validate", "k1", &body).await, token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_config_that_comes_again_with_its_key_gets_the_same_answer() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let body = json!({ "msisdn": NUMBER, "client_ip": "148.252.128.20", "correlation_id": "mine" });
    let first = keyed(&gateway, &customer, "/v1/get_config", "k", &body).await;
    assert_eq!(first.0, 200, "{}", first.1);
    gateway.advance(Duration::from_secs(10));
    assert_eq!(keyed(&gateway, &customer, "/v1/get_config", "k", &body).await, first);
    let used = invalid("The correlation_id has already been used.");
    assert_eq!(keyed(&gateway, &customer, "/v1/get_config", "another", &body).await, used);
    let other = json!({ "msisdn": NUMBER, "client_ip": "148.252.128.21" });
    assert_eq!(keyed(&gateway, &customer, "/v1/get_config", "k", &other).await, key_reused());
    let secret = register(&gateway, "neighbour", |_| ()).await;
    let neighbour = Customer::sign_in_as(&gateway, "neighbour", &secret, "authenticate otp").await;
    let theirs = keyed(&gateway, &neighbour, "/v1/get_config", "k", &body).await;
    assert!(theirs.0 == 200 && theirs.1["id_token"] != first.1["id_token"]);
    let malformed = client().post(format!("{}/v1/get_config", gateway.url)).bearer_auth(&customer.token);
    let malformed = malformed.header("Idempotency-Key", "a b").json(&body).send().await.expect("an answer");
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_code_of_another_length_than_the_deployments_is_our_fault_and_sends_nothing() {
    let gateway = Gateway::start().await;
    let number = TestNumber { msisdn: NUMBER.into(), code: "42424242".into(), expires_at: u64::MAX };
    let secret = register(&gateway, "tester", |record| record.test_numbers = vec![number]).await;
    let customer = Customer::sign_in_as(&gateway, "tester", &secret, "otp").await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    assert_eq!(started.send_otp().await, error(500, "server_error", "Internal error"));
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_number_has_a_fixed_code_until_its_day_and_reaches_nobody() {
    let gateway = Gateway::start().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let number = TestNumber { msisdn: NUMBER.into(), code: "424242".into(), expires_at: now + 3600 };
    let secret = register(&gateway, "tester", |record| record.test_numbers = vec![number]).await;
    let customer = Customer::sign_in_as(&gateway, "tester", &secret, "authenticate otp").await;
    for _ in 0..7 {
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        assert_eq!(started.json["authorize"], invalid("Network provided is invalid").1);
        assert_eq!(started.send_otp().await.0, 200);
        assert_eq!(customer.guess(&started, "424243").await.1["reason"], "WRONG_CODE");
        assert_eq!(customer.guess(&started, "424242").await.1["authenticated"], "true");
    }
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 0);
    assert!(gateway.world.operators().requests().is_empty());
    // For another customer it is a number like any other; and so it is for this one after its day.
    let plain = Customer::sign_in(&gateway).await;
    assert!(plain.start(&device(&gateway, NUMBER), &[]).await.json["authorize"]["authorization_uri"].is_string());
    gateway.advance(Duration::from_secs(3590));
    let customer = Customer::sign_in_as(&gateway, "tester", &secret, "authenticate otp").await;
    gateway.advance(Duration::from_secs(10));
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    assert!(started.json["authorize"]["authorization_uri"].is_string());
}
