//! The families that never send the handset back, with their own adapters and operators: what one session's answer is
//! worth in another, and what is left of an answer that was changed on its way.

use std::sync::Arc;

use gateway_tests::{
    Gateway,
    steps::{Customer, Started, device},
};
use sandbox::{customer::Customer as Shop, flow::Flow};
use serde_json::{Value, json};

const CHINA_MOBILE: &str = "+8613900000020";
const CHINA_UNICOM: &str = "+8618600000020";
const TELKOMSEL: &str = "+6281112345620";
const DIALOG: &str = "+94771234520";

async fn answered(customer: &Customer, started: &Started, payload: &Value) -> (u16, Value) {
    customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_for_the_session_that_asked_and_for_no_other() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    for number in [CHINA_MOBILE, TELKOMSEL] {
        let device = device(&gateway, number);
        let (own, other) = (customer.start(&device, &[]).await, customer.start(&device, &[]).await);
        let payload = own.open(None).await.json();
        other.open(None).await;
        let (status, foreign) = answered(&customer, &other, &payload).await;
        assert_eq!((status, &foreign["reason"]), (200, &json!("PROTOCOL_VIOLATION")), "{number}");
        let (status, verdict) = answered(&customer, &own, &payload.to_string().into()).await;
        assert_eq!((status, &verdict["authenticated"]), (200, &json!("true")), "{number}: as text too");
        assert_eq!(answered(&customer, &own, &payload).await.0, 400, "{number}: once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_number_s_phone_is_a_mismatch() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    // The thief's phone does what the victim's session asks for.
    let victim = customer.start(&device(&gateway, CHINA_MOBILE), &[]).await;
    let thief = Started { device: device(&gateway, "+8613900000033"), ..victim };
    let payload = thief.open(None).await.json();
    let (_, verdict) = answered(&customer, &thief, &payload).await;
    assert_eq!((&verdict["authenticated"], &verdict["reason"]), (&json!("false"), &json!("MISMATCH")));

    // A wallet gives nothing where the number that is asked for is not its own.
    let victim = customer.start(&device(&gateway, TELKOMSEL), &[]).await;
    let thief = Started { device: device(&gateway, "+6281112345633"), ..victim };
    let payload = thief.open(None).await.json();
    assert_eq!(payload, json!({ "error": "NoCredentialException" }));
    let (_, verdict) = answered(&customer, &thief, &payload).await;
    assert_eq!(verdict["reason"], "NETWORK_UNSUPPORTED");
}

/// The credential with one character of it another.
fn changed(payload: &Value, at: usize) -> Value {
    let credential = payload["vp_token"]["gateway"][0].as_str().expect("a credential");
    let other = if &credential[at..=at] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &credential[..at], &credential[at + 1..]);
    json!({ "vp_token": { "gateway": [changed] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_with_one_character_changed_authenticates_nobody() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, TELKOMSEL);
    for part in 0..10 {
        let started = customer.start(&device, &[]).await;
        let payload = started.open(None).await.json();
        let length = payload["vp_token"]["gateway"][0].as_str().expect("a credential").len();
        // The last character of a base64url text may have bits that no reader minds.
        let (_, verdict) = answered(&customer, &started, &changed(&payload, length * part / 10)).await;
        assert_ne!(verdict["authenticated"], "true", "{part}: {verdict}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn these_operators_refuse_a_page_to_come_back_to_except_the_one_that_enriches() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let page = gateway.customer.redirect_uri.clone();
    for (number, status) in [(CHINA_MOBILE, 400), (TELKOMSEL, 400), (DIALOG, 200)] {
        let client_ip = device(&gateway, number).client_ip.to_string();
        let form = [("msisdn", number), ("client_ip", &client_ip), ("redirect_uri", &page)];
        assert_eq!(customer.get_config(&form).await.0, status, "{number}");
    }
    let started = customer.start(&device(&gateway, DIALOG), &[("redirect_uri", &page)]).await;
    let hop = started.open(Some(&page)).await;
    let code = gateway_tests::steps::returned(&hop)["code"].clone();
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "code": code })).await;
    assert_eq!(verdict["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_s_shop_signs_a_phone_of_each_of_them_in() {
    let gateway = Gateway::start().await;
    let page = gateway.customer.redirect_uri.clone();
    for number in [CHINA_MOBILE, CHINA_UNICOM, TELKOMSEL, DIALOG] {
        let shop = Arc::new(Shop::of(gateway.world.gateway()).expect("a shop"));
        let device = device(&gateway, number);
        let mut flow = Flow::new(device, Some(page.clone()), shop, Arc::new(|_| ())).expect("a flow");
        assert!(flow.begin().await.silent, "{number}");
        let opened = flow.open_silent().await;
        assert!(opened.refusal.is_none(), "{number}: {opened:?}");
        assert_eq!(flow.validate_silent().await.outcome, "MATCH", "{number}");
    }
}
