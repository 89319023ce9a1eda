//! Requests that come twice although they were made once: a proxy, a client or Lambda itself tries again, at the same time or
//! later. The events of these tests all carry one request id, so a second one is the very same event; nothing goes by it.

use futures_util::future::join_all;
use gateway_tests::{Captured, Gateway};
use serde_json::json;

use crate::{
    limits::keyed,
    steps::{Answer, Customer, another, device, invalid, newest_code},
};

const NUMBER: &str = "+447700900620";

async fn twice<F: Future<Output = Answer>>(request: impl Fn() -> F) -> Vec<Answer> {
    join_all([request(), request()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_code_that_comes_twice_sends_one_message() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    let wait = invalid("You have to wait a few second before trying to get otp sms again");
    let (sent, refused): (Vec<_>, Vec<_>) =
        twice(|| started.send_otp()).await.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!((sent.len(), refused), (1, vec![wait.clone()]));
    assert_eq!(started.send_otp().await, wait);
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 1);
    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_that_comes_twice_costs_one_attempt_with_a_key_and_two_without() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    let wrong = json!({ "id_token": started.id_token, "otp_code": another(&code) });
    let of = |answers: Vec<Answer>| answers.into_iter().map(|(_, json)| json["reason"].clone()).collect::<Vec<_>>();
    assert_eq!(of(twice(|| keyed(&gateway, &customer, "/v1/validate", "k", &wrong)).await), ["WRONG_CODE"; 2]);
    for _ in 0..2 {
        assert_eq!(of(twice(|| customer.validate(&wrong)).await), ["WRONG_CODE"; 2]);
    }
    // One and four are the five that there are.
    assert_eq!(customer.guess(&started, &code).await.1["reason"], "ATTEMPTS_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validate_that_comes_twice_is_true_twice_with_a_key_and_once_without() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let good = (200, json!({ "authenticated": "true", "service": "otp" }));
    for (key, expected) in [(true, good.clone()), (false, invalid("The provided token is invalid."))] {
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        started.send_otp().await;
        let body = json!({ "id_token": started.id_token, "otp_code": newest_code(&gateway, &started.device) });
        let validate = || async {
            if key {
                keyed(&gateway, &customer, "/v1/validate", "k", &body).await
            } else {
                customer.validate(&body).await
            }
        };
        let mut answers = twice(validate).await;
        answers.sort_by_key(|(status, _)| *status);
        assert_eq!(answers, [good.clone(), expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_config_that_comes_twice_with_its_key_begins_one_session() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let body = json!({ "msisdn": NUMBER, "client_ip": "148.252.128.20" });
    let answers = twice(|| keyed(&gateway, &customer, "/v1/get_config", "k", &body)).await;
    assert!(answers[0].0 == 200 && answers[0] == answers[1], "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_opened_twice_at_once_asks_the_operator_once() {
    let (log, gateway) = (Captured::begin(tracing::Level::INFO), Gateway::start().await);
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    let hops = join_all([started.open(None), started.open(None)]).await;
    let mut statuses: Vec<_> = hops.iter().map(|hop| hop.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{}", log.functions());
    let exchanges = gateway.world.operators().requests();
    assert_eq!(exchanges.iter().filter(|seen| seen.path.ends_with("/token")).count(), 1);
}
