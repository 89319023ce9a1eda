//! Answers that are lost after the engine has done its work: what was asked happens once, and the caller learns it.

use std::time::Duration;

use gateway_tests::{
    Gateway,
    engine::Engine,
    faults::{DOWN, Fault, Faults, Order, Proxy},
    steps::{Answer, Customer, another, answer, client, device, invalid, newest_code, returned},
};
use sandbox::inbox;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NUMBER: &str = "+447700900620";

struct Bed {
    gateway: Gateway,
    faults: Faults,
    customer: Customer,
    _engine: Engine,
    _proxy: Proxy,
}

impl Bed {
    async fn on(engine: Engine) -> Self {
        let faults = Faults::default();
        let proxy = Proxy::start(&engine.url, &faults).await;
        let gateway = Gateway::over(&engine, &proxy.url).await;
        let customer = Customer::sign_in(&gateway).await;
        Self { gateway, faults, customer, _engine: engine, _proxy: proxy }
    }

    async fn validate(&self, key: Option<&str>, body: &Value) -> Answer {
        let request = client().post(format!("{}/v1/validate", self.gateway.url)).bearer_auth(&self.customer.token);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        answer(request.json(body).send().await.expect("an answer")).await
    }
}

/// Each endpoint loses the answer of each of its writes, one after another.
async fn lost(engine: Engine, fault: Fault) {
    let name = engine.name;
    let bed = Bed::on(engine).await;
    let (gateway, customer, faults) = (&bed.gateway, &bed.customer, &bed.faults);
    let device = device(gateway, NUMBER);
    let used = invalid("The provided token is invalid.");

    let id = crate::fresh();
    faults.once("TransactWriteItems", fault);
    customer.start(&device, &[("correlation_id", &id)]).await;
    let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20"), ("correlation_id", &id)];
    assert_eq!(customer.get_config(&form).await, invalid("The correlation_id has already been used."));

    let url = format!("{}/v1/callback/vodafone", gateway.url);
    for skip in 0..2 {
        let started = customer.start(&device, &[]).await;
        faults.once("PutItem", fault);
        let back = returned(&started.open(Some(&url)).await);
        faults.order(Order { on: "PutItem", skip, times: 1, fault });
        let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
        let (status, payload) = answer(request.send().await.expect("an answer")).await;
        assert_eq!(status, 200, "{name} {fault:?} {skip}: {payload}");
        let body = json!({ "id_token": started.id_token, "payload": payload });
        faults.once("PutItem", fault);
        assert_eq!(bed.validate(None, &body).await.1["authenticated"], "true", "{name} {fault:?}");
        assert_eq!(bed.validate(None, &body).await, used);
    }
    let exchanges = gateway.world.operators().requests().iter().filter(|seen| seen.path.ends_with("/token")).count();
    assert_eq!(exchanges, 2, "{name} {fault:?}");

    let started = customer.start(&device, &[]).await;
    faults.once("TransactWriteItems", fault);
    assert_eq!(started.send_otp().await.0, 200, "{name} {fault:?}");
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 1);
    let code = newest_code(gateway, &device);
    // Were one of them counted twice, the fifth would not be judged.
    for _ in 0..4 {
        faults.once("TransactWriteItems", fault);
        let (_, verdict) = customer.guess(&started, &another(&code)).await;
        assert_eq!(verdict["reason"], "WRONG_CODE", "{name} {fault:?}");
    }
    faults.once("TransactWriteItems", fault);
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true", "{name} {fault:?}");
    assert_eq!(customer.guess(&started, &code).await, used);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_made_once_and_known_to_be_made() {
    let mut tries = JoinSet::new();
    for fault in [Fault::LoseAnswer, Fault::HangDone] {
        for engine in Engine::all().await.into_iter().filter(|engine| engine.name != "endpoint") {
            tries.spawn(lost(engine, fault));
        }
    }
    tries.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_nobody_heard_is_learnt_with_the_idempotency_key_only() {
    let bed = Bed::on(Engine::embedded().await).await;
    let started = bed.customer.start(&device(&bed.gateway, NUMBER), &[]).await;
    let payload = started.open(None).await.json();
    let body = json!({ "id_token": started.id_token, "payload": payload });
    // The write is made, its answer lost, and then nothing answers any more.
    bed.faults.once("PutItem", Fault::LoseAnswer);
    bed.faults.order(Order { on: "PutItem", skip: 1, times: usize::MAX, fault: DOWN });
    assert_eq!(bed.validate(Some("key"), &body).await.0, 503);
    bed.faults.heal();
    assert_eq!(bed.validate(None, &body).await, invalid("The provided token is invalid."));
    assert_eq!(bed.validate(Some("key"), &body).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_sns_never_acknowledged_is_sent_once_and_another_may_follow() {
    let bed = Bed::on(Engine::embedded().await).await;
    let started = bed.customer.start(&device(&bed.gateway, NUMBER), &[]).await;
    bed.gateway.world.inbox().fail(NUMBER, inbox::Fault::Hang);
    assert_eq!(started.send_otp().await.0, 503);
    bed.gateway.world.inbox().heal(NUMBER);
    assert_eq!(bed.gateway.world.inbox().publishes(NUMBER), 1);
    assert_eq!(started.send_otp().await.0, 400, "the gap runs");
    bed.gateway.advance(Duration::from_secs(30));
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(&bed.gateway, &started.device);
    assert_eq!(bed.customer.guess(&started, &code).await.1["authenticated"], "true");
}
