//! Who serves a number now: ported numbers, what is remembered, and a lookup that goes wrong.

use std::time::Duration;

use gateway_tests::{Gateway, OPERATORS};
use sandbox::{gateway::Device, lookup::Fault};
use serde_json::{Value, json};

use crate::steps::{Customer, claims, device};

/// Vodafone's.
const NUMBER: &str = "+447700900620";
/// Of Vodafone's block, and O2's since.
const PORTED: &str = "+447700900649";

async fn bed() -> (Gateway, Customer) {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    (gateway, customer)
}

/// Which network get_config names; none where it offers no silent authentication.
async fn network(customer: &Customer, device: &Device) -> Option<String> {
    let started = customer.start(device, &[]).await;
    let offered = started.json["authorize"]["authorization_uri"].is_string();
    let network = claims(&started.id_token)["network"].as_str().map(str::to_owned);
    network.filter(|_| offered)
}

fn is(network: &str) -> Option<String> {
    Some(network.to_owned())
}

/// A silent attempt from its start to the customer's answer.
async fn walk(customer: &Customer, device: &Device) -> Value {
    let started = customer.start(device, &[]).await;
    let payload = started.open(None).await.json();
    customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ported_number_signs_in_on_the_network_that_serves_it_now() {
    let (gateway, customer) = bed().await;
    let device = device(&gateway, PORTED);
    assert_eq!(network(&customer, &device).await, is("O2"));
    assert_eq!(walk(&customer, &device).await["authenticated"], "true");

    let alone = Gateway::with_operators(OPERATORS).await;
    let customer = Customer::sign_in(&alone).await;
    let started = customer.start(&device, &[]).await;
    let error = json!({ "error": "invalid_request", "error_description": "Network provided is invalid" });
    assert_eq!(started.json["authorize"], error, "the range holder is Vodafone, the address O2's");
    assert_eq!(alone.world.lookup().asked(PORTED), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_looked_up_once_a_day() {
    let (gateway, customer) = bed().await;
    let device = device(&gateway, NUMBER);
    for asked in [1, 1, 2] {
        if asked == 2 {
            gateway.advance(Duration::from_secs(86_401));
        }
        let customer = if asked == 2 { &Customer::sign_in(&gateway).await } else { &customer };
        assert_eq!(network(customer, &device).await, is("VODAFONE"));
        assert_eq!(gateway.world.lookup().asked(NUMBER), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_its_operator_does_not_know_is_looked_up_again() {
    let (gateway, customer) = bed().await;
    let device = device(&gateway, "+447700900645");
    for asked in 1..=3 {
        assert_eq!(walk(&customer, &device).await["reason"], "SUBSCRIBER_UNKNOWN");
        assert_eq!(gateway.world.lookup().asked(&device.msisdn), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_goes_wrong_leaves_the_range_holder_and_is_not_remembered() {
    for fault in [Fault::Down, Fault::Hangs, Fault::Nonsense, Fault::OtherNumber, Fault::Redirects, Fault::Huge] {
        let (gateway, customer) = bed().await;
        let device = device(&gateway, NUMBER);
        gateway.world.lookup().fail(NUMBER, fault);
        assert_eq!(network(&customer, &device).await, is("VODAFONE"), "{fault:?}");
        assert_eq!(walk(&customer, &device).await["authenticated"], "true", "{fault:?}");
        assert_eq!(gateway.world.lookup().asked(NUMBER), 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_costs_a_code_by_sms_and_nothing_more() {
    for fault in [Fault::NoSubscriber, Fault::OtherNetwork] {
        let (gateway, customer) = bed().await;
        let device = device(&gateway, NUMBER);
        gateway.world.lookup().fail(NUMBER, fault);
        let started = customer.start(&device, &[]).await;
        assert!(started.json["authorize"]["error"].is_string(), "{fault:?}");
        assert_eq!(started.send_otp().await.0, 200, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_nobody_has_a_number_is_believed_for_ten_minutes() {
    let (gateway, customer) = bed().await;
    // Of Vodafone's block: the lookup hears of the subscriber later.
    let device = device(&gateway, NUMBER);
    gateway.world.lookup().fail(NUMBER, Fault::NoSubscriber);
    for _ in 0..2 {
        assert_eq!(network(&customer, &device).await, None);
        assert_eq!(gateway.world.lookup().asked(NUMBER), 1);
    }
    gateway.world.lookup().heal(NUMBER);
    assert_eq!(network(&customer, &device).await, None);
    gateway.advance(Duration::from_secs(601));
    assert_eq!(network(&customer, &device).await, is("VODAFONE"));
    assert_eq!(gateway.world.lookup().asked(NUMBER), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_is_down_is_left_alone_for_half_a_minute() {
    let (gateway, customer) = bed().await;
    let lookup = gateway.world.lookup();
    let devices: Vec<_> = (20..=28).map(|digits| device(&gateway, &format!("+4477009006{digits}"))).collect();
    lookup.fail_all(Some(Fault::Down));
    for device in &devices {
        customer.start(device, &[]).await;
    }
    let asked = || devices.iter().map(|device| lookup.asked(&device.msisdn)).sum::<u64>();
    assert_eq!(asked(), 5);
    lookup.fail_all(None);
    customer.start(&devices[0], &[]).await;
    assert_eq!(asked(), 5);
    gateway.advance(Duration::from_secs(31));
    for device in &devices[..2] {
        assert_eq!(network(&customer, device).await, is("VODAFONE"));
    }
    assert_eq!(asked(), 7);
}
