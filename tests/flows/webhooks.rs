//! What webhooks are told: of each attempt that has ended, once, whatever is lost on the way.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;
use gateway_tests::{
    Gateway,
    faults::{DOWN, Fault, Faults, Order},
    steps::register,
};
use sandbox::{
    dynamodb,
    listen::{Bound, Servers},
    sqs::Queue,
};
use serde_json::{Value, json};
use sna_customers::{CustomerId, Customers};
use sna_tokens::{Event, PublicKeys, Verifier};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::steps::{Customer, Started, another, claims, client, device, newest_code};

const VODAFONE: &str = "+447700900620";
/// Vodafone's too; the device holds another number.
const NOT_ITS_OWN: &str = "+447700900621";

/// How a customer's server answers.
type Answers = Arc<Mutex<Box<dyn FnMut() -> Response + Send>>>;

/// A customer's server. Each delivery: the header `webhook-id`, and the body.
struct Receiver {
    url: String,
    deliveries: UnboundedReceiver<(String, Value)>,
    _servers: Servers,
}

impl Receiver {
    /// One that answers so, in this order, and then with 204.
    async fn start(answers: Vec<Response>) -> Self {
        let (mut servers, bound) = (Servers::new(), Bound::at(0).await.expect("a free port"));
        let (url, (sender, deliveries)) = (format!("{}/hook?tenant=7", bound.url()), unbounded_channel());
        let mut answers = answers.into_iter();
        let next = move || answers.next().unwrap_or_else(|| StatusCode::NO_CONTENT.into_response());
        let answers: Answers = Arc::new(Mutex::new(Box::new(next)));
        servers.serve(bound, Router::new().fallback(receive).with_state((sender, answers)));
        Self { url, deliveries, _servers: servers }
    }

    /// The next delivery, verified as its customer would.
    async fn next(&mut self, gateway: &Gateway) -> (Event, String) {
        let (id, body) = self.deliveries.recv().await.expect("a delivery");
        let token = body["event"].as_str().expect("an event");
        let env = gateway.world.env();
        let keys = PublicKeys::parse(&env["STATEMENT_PUBLIC_KEYS"]).expect("keys");
        let (event, _) = Verifier::new(keys, &env["PUBLIC_URL"]).event(token, u64::MAX / 2).expect("a signed event");
        assert_eq!((&body["id"], &id), (&json!(event.jti), &event.jti));
        (event, token.to_owned())
    }

    async fn verdicts(&mut self, gateway: &Gateway, count: usize) -> Vec<String> {
        let mut verdicts = Vec::new();
        for _ in 0..count {
            let (event, _) = self.next(gateway).await;
            verdicts.push(format!("{} {} {}", event.correlation_id.unwrap_or_default(), event.service, event.verdict));
        }
        verdicts.sort();
        verdicts
    }
}

async fn receive(
    State((sender, answers)): State<(UnboundedSender<(String, Value)>, Answers)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let id = headers["webhook-id"].to_str().expect("text").to_owned();
    sender.send((id, body)).expect("a test that listens");
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    (*answers)()
}

/// A bank with this webhook, signed in.
async fn bank(gateway: &Gateway, webhook_url: Option<&str>) -> Customer {
    let secret = register(gateway, "bank", |bank| bank.webhook_url = webhook_url.map(str::to_owned)).await;
    Customer::sign_in_as(gateway, "bank", &secret, "authenticate otp").await
}

async fn start(gateway: &Gateway, customer: &Customer, number: &str, correlation_id: &str) -> Started {
    customer.start(&device(gateway, number), &[("correlation_id", correlation_id)]).await
}

/// A sign-in by a code that is right at once.
async fn by_code(gateway: &Gateway, customer: &Customer, correlation_id: &str) {
    let started = start(gateway, customer, "+447700900999", correlation_id).await;
    started.send_otp().await;
    let code = newest_code(gateway, &started.device);
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_that_has_ended_is_told_once_and_a_match_only_when_it_was_validated() {
    let gateway = Gateway::with_webhook(&Faults::default()).await;
    let mut receiver = Receiver::start(Vec::new()).await;
    let customer = bank(&gateway, Some(&receiver.url)).await;

    // A match, validated twice at the same time, after nobody was told that the operator knows the handset.
    let started = start(&gateway, &customer, VODAFONE, "match").await;
    let proof = json!({ "id_token": started.id_token, "payload": started.open(None).await.json() });
    by_code(&gateway, &customer, "code").await;
    let (event, token) = receiver.next(&gateway).await;
    let session = event.session.clone();
    assert_eq!((event.correlation_id.as_deref(), event.service.as_str()), (Some("code"), "otp"));
    let statuses = join_all([customer.validate(&proof), customer.validate(&proof)]).await;
    assert_eq!(statuses.iter().filter(|(status, _)| *status == 200).count(), 1);
    let (event, _) = receiver.next(&gateway).await;
    let expected = Event {
        jti: event.jti.clone(),
        user_id: "bank".into(),
        session: claims(&started.id_token)["jti"].as_str().expect("a session").to_owned(),
        correlation_id: Some("match".into()),
        service: "authenticate".into(),
        verdict: "MATCH".into(),
        network: Some("VODAFONE".into()),
    };
    assert_eq!(event, expected);
    assert_ne!(event.session, session);

    // A mismatch, read by validate as often as one likes, and then the code; guesses that are all wrong.
    let started = start(&gateway, &customer, NOT_ITS_OWN, "fallback").await;
    started.open(None).await;
    for _ in 0..2 {
        assert_eq!(customer.validate(&json!({ "id_token": started.id_token })).await.1["reason"], "MISMATCH");
    }
    assert_eq!(receiver.verdicts(&gateway, 1).await, ["fallback authenticate MISMATCH"]);
    gateway.advance(std::time::Duration::from_secs(6));
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
    let started = start(&gateway, &customer, "+447700900999", "guessed").await;
    started.send_otp().await;
    let wrong = another(&newest_code(&gateway, &started.device));
    for reason in ["WRONG_CODE", "WRONG_CODE", "WRONG_CODE", "WRONG_CODE", "WRONG_CODE", "ATTEMPTS_EXCEEDED"] {
        assert_eq!(customer.guess(&started, &wrong).await.1["reason"], reason);
    }
    assert_eq!(receiver.verdicts(&gateway, 2).await, ["fallback otp MATCH", "guessed otp ATTEMPTS_EXCEEDED"]);

    // Whatever else was under way would have come before this.
    by_code(&gateway, &customer, "last").await;
    assert_eq!(receiver.verdicts(&gateway, 1).await, ["last otp MATCH"]);
    let number = &VODAFONE[3..];
    assert!(!claims(&token).to_string().contains(number));

    // It opens nothing.
    let as_access = client().get(format!("{}/v1/coverage", gateway.url)).bearer_auth(&token).send().await;
    assert_eq!(as_access.expect("an answer").status(), 401);
    let as_id = customer.validate(&json!({ "id_token": token, "otp_code": "123456" })).await;
    assert_eq!(as_id, crate::steps::invalid("The provided token is invalid."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_is_told_the_same_again_after_ever_longer_waits_and_given_up_at_last() {
    let gateway = Gateway::with_webhook(&Faults::default()).await;
    let elsewhere = Receiver::start(Vec::new()).await;
    let redirect = [(header::LOCATION, elsewhere.url.clone())];
    let mut answers = vec![
        StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        (StatusCode::TEMPORARY_REDIRECT, redirect).into_response(),
        (StatusCode::OK, "x".repeat(70_000)).into_response(),
        StatusCode::NOT_MODIFIED.into_response(),
    ];
    answers.extend((0..3).map(|_| StatusCode::SERVICE_UNAVAILABLE.into_response()));
    let mut receiver = Receiver::start(answers).await;
    let customer = bank(&gateway, Some(&receiver.url)).await;
    by_code(&gateway, &customer, "one").await;
    let queue: &Queue = gateway.world.queue();
    let (mut told, mut waits) = (Vec::new(), Vec::new());
    for handled in 1..=7 {
        told.push(receiver.next(&gateway).await);
        queue.handled(handled).await;
        waits.extend(queue.hasten());
    }
    assert_eq!(waits, [Some(10), Some(60), Some(300), Some(1800), Some(7200), Some(21_600), None]);
    assert!(told.iter().all(|each| *each == told[0]), "another event");
    // The next of another session finds the first among the dead.
    by_code(&gateway, &customer, "two").await;
    assert_eq!(receiver.verdicts(&gateway, 1).await, ["two otp MATCH"]);
    assert_eq!(queue.dead().len(), 1);
    assert!(elsewhere.deliveries.is_empty(), "the redirect was followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_between_the_verdict_and_the_queue_is_told_all_the_same() {
    let faults = Faults::default();
    let gateway = Gateway::with_webhook(&faults).await;
    let mut receiver = Receiver::start(Vec::new()).await;
    let customer = bank(&gateway, Some(&receiver.url)).await;
    // As often as the SDK tries by itself, and once more: the stream has to hand it over again, as after a crash.
    faults.order(Order { on: "SendMessageBatch", skip: 0, times: 4, fault: DOWN });
    by_code(&gateway, &customer, "down").await;
    let (event, _) = receiver.next(&gateway).await;
    assert_eq!((event.correlation_id.as_deref(), faults.asked("SendMessageBatch")), (Some("down"), 5));

    // It is in the queue, and nobody knows: it is put there twice, and told twice under one id.
    faults.once("SendMessageBatch", Fault::LoseAnswer);
    by_code(&gateway, &customer, "lost").await;
    let (first, again) = (receiver.next(&gateway).await, receiver.next(&gateway).await);
    assert_eq!(first, again);
    assert_eq!(first.0.correlation_id.as_deref(), Some("lost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_webhook_nothing_is_written_and_without_it_any_more_nothing_is_told() {
    let gateway = Gateway::with_webhook(&Faults::default()).await;
    let customer = bank(&gateway, None).await;
    by_code(&gateway, &customer, "unwanted").await;
    let dynamodb = dynamodb::client(&gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    let written = async || dynamodb.scan().table_name(dynamodb::EVENTS).send().await.expect("items").count();
    assert_eq!(written().await, 0);

    // The session began with a webhook, which is gone when its end is to be told.
    let shop = Customer::sign_in(&gateway).await;
    let started = start(&gateway, &shop, NOT_ITS_OWN, "late").await;
    let (customers, id) = (Customers::new(dynamodb.clone(), dynamodb::CUSTOMERS), &gateway.customer.client_id);
    let mut record = customers.get(&CustomerId::parse(id).expect("an id")).await.expect("read").expect("the shop");
    let url = record.webhook_url.take().expect("a webhook");
    customers.put(&record).await.expect("written");
    started.open(None).await;
    gateway.world.queue().handled(1).await;
    assert_eq!((written().await, gateway.world.queue().waiting()), (1, 0));
    let received = client().get(url + "s").send().await.expect("an answer");
    assert_eq!(received.json::<Value>().await.expect("JSON"), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_of_the_sandbox_verifies_and_shows_what_it_is_told_and_refuses_the_rest() {
    let gateway = Gateway::with_webhook(&Faults::default()).await;
    let shop = Customer::sign_in(&gateway).await;
    by_code(&gateway, &shop, "order-1").await;
    gateway.world.queue().handled(1).await;
    let sandbox = &gateway.world.gateway().sandbox;
    let received = async || client().get(format!("{sandbox}/webhooks")).send().await.expect("an answer");
    let received: Value = received().await.json().await.expect("JSON");
    assert_eq!(
        (&received[0]["correlation_id"], &received[0]["verdict"], &received[0]["deliveries"]),
        (&json!("order-1"), &json!("MATCH"), &json!(1))
    );
    let tell = async |event: &str| {
        let request = client().post(format!("{sandbox}/webhook")).json(&json!({ "id": "x", "event": event }));
        request.send().await.expect("an answer").status().as_u16()
    };
    let token = received[0]["token"].as_str().expect("a token");
    assert_eq!(tell(token).await, 204, "again");
    assert_eq!(tell(&shop.token).await, 400, "an access token");
    assert_eq!(tell(&token.replace("v4.public.", "v4.public.A")).await, 400, "a forged one");
    let again: Value =
        client().get(format!("{sandbox}/webhooks")).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((again.as_array().map(Vec::len), &again[0]["deliveries"]), (Some(1), &json!(2)));
}
