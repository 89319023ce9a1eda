//! How often a request goes to DynamoDB, and that it does not wait for one answer before it asks what it could have asked
//! at the same time.

use gateway_tests::{
    Captured, Gateway,
    calls::{MOST, count},
    engine::Engine,
    faults::{Fault, Faults, Proxy},
};
use tracing::Level;

use crate::steps::{Customer, device};

#[tokio::test(flavor = "multi_thread")]
async fn no_request_goes_to_dynamodb_more_often_than_it_must() {
    let logged = Captured::begin(Level::INFO);
    let gateway = Gateway::start().await;
    let calls = count(&gateway, &logged).await;
    for (endpoint, most) in MOST {
        let asked: Vec<u64> = calls.iter().filter(|(path, _)| path == endpoint).map(|(_, calls)| *calls).collect();
        // The first for a token has its customer to read.
        let warm = if endpoint == "/v1/oauth/token" { &asked[1..] } else { &asked[..] };
        assert!(!warm.is_empty() && warm.iter().all(|calls| *calls <= most), "{endpoint}: {asked:?}, at most {most}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_after_customer_and_session_were_read_at_the_same_time() {
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let gateway = Gateway::over(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    // Neither is answered before both have been asked.
    faults.heal();
    faults.always("GetItem", Fault::Meet);
    assert_eq!(started.send_otp().await.0, 200);
    assert_eq!(faults.asked("GetItem"), 2);
}
