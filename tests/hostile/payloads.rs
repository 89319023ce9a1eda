//! Payloads that are another session's, another customer's, used, or many at once.

use gateway_tests::{
    engine::Engine,
    faults::{BROKEN, Faults, Proxy},
    rogue::{NUMBER, Rogue},
    steps::{Customer, Started, answer, client, device, invalid, newest_code, register},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const SUPERSEDED: &str = "The provided token is invalid.";

async fn begin(rogue: &Rogue, customer: &Customer) -> (Started, Value) {
    let started = customer.start(&device(&rogue.gateway, NUMBER), &[]).await;
    let trace = &started.json["authorize"]["request_config"]["parameters"]["trace"];
    let body = json!({ "id_token": started.id_token, "payload": { "trace": trace, "token": "good" } });
    (started, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payload_of_one_session_is_a_violation_for_another() {
    let rogue = Rogue::direct().await;
    let customer = Customer::sign_in(&rogue.gateway).await;
    let ((_, own), (_, mut mixed)) = (begin(&rogue, &customer).await, begin(&rogue, &customer).await);
    mixed["payload"] = own["payload"].clone();
    let (status, verdict) = customer.validate(&mixed).await;
    assert_eq!((status, &verdict["reason"]), (200, &json!("PROTOCOL_VIOLATION")));
    assert_eq!((&verdict["authenticated"], &verdict["fallback_advised"]), (&json!("false"), &json!("false")));
    assert_eq!(rogue.asked(), 0);
    // It is still good where it belongs.
    assert_eq!(customer.validate(&own).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_was_judged_is_good_for_nobody_again() {
    let rogue = Rogue::direct().await;
    let customer = Customer::sign_in(&rogue.gateway).await;
    let secret = register(&rogue.gateway, "thief", |_| ()).await;
    let thief = Customer::sign_in_as(&rogue.gateway, "thief", &secret, "authenticate otp").await;
    let (_, body) = begin(&rogue, &customer).await;
    // Another customer's session looks like none, and is not touched.
    assert_eq!(thief.validate(&body).await, invalid(SUPERSEDED));
    assert_eq!(customer.validate(&body).await.1["authenticated"], "true");
    for again in [&customer, &thief] {
        assert_eq!(again.validate(&body).await, invalid(SUPERSEDED));
    }
    assert_eq!(rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_validates_of_one_payload_ask_the_operator_once_and_give_one_true() {
    for engine in Engine::all().await {
        let rogue = Rogue::by_payload_over(&engine, &engine.url).await;
        let customer = Customer::sign_in(&rogue.gateway).await;
        let (started, body) = begin(&rogue, &customer).await;
        assert_eq!(started.open(None).await.status, 200);
        let url = format!("{}/v1/validate", rogue.gateway.url);
        let calls = (0..100).map(|_| {
            let request = client().post(&url).bearer_auth(&customer.token).json(&body);
            async move { answer(request.send().await.expect("an answer")).await }
        });
        let answers = calls.collect::<JoinSet<_>>().join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(won, [(200, json!({ "authenticated": "true", "service": "authenticate" }))], "{}", engine.name);
        // An engine under load may send some away.
        assert!(lost.iter().all(|one| *one == invalid(SUPERSEDED) || one.0 == 503), "{}", engine.name);
        assert_eq!(rogue.asked(), 1, "{}", engine.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_between_the_claim_and_the_verdict_has_spent_the_attempt_and_a_code_still_works() {
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let rogue = Rogue::by_payload_over(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&rogue.gateway).await;
    let (started, body) = begin(&rogue, &customer).await;
    assert_eq!(started.open(None).await.status, 200);
    // The claim is written; the verdict is not.
    faults.always("TransactWriteItems", BROKEN);
    assert_eq!(customer.validate(&body).await.0, 503);
    faults.heal();
    assert_eq!(customer.validate(&body).await, invalid(SUPERSEDED));
    assert_eq!(rogue.asked(), 1);
    rogue.gateway.advance(std::time::Duration::from_secs(5));
    assert_eq!(started.send_otp().await.0, 200);
    let (_, verdict) = customer.guess(&started, &newest_code(&rogue.gateway, &started.device)).await;
    assert_eq!(verdict["authenticated"], "true");
}
