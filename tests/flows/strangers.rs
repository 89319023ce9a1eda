//! What belongs to one session or customer is worthless to another.

use gateway_tests::Gateway;
use serde_json::json;

use crate::steps::{Customer, answer, client, device, error, invalid, newest_code, register, returned};

#[tokio::test(flavor = "multi_thread")]
async fn another_customer_cannot_validate_a_session_nor_spend_it() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "thief", |_| ()).await;
    let thief = Customer::sign_in_as(&gateway, "thief", &secret, "authenticate otp").await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    assert_eq!(thief.guess(&started, &code).await, invalid("The provided token is invalid."));
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_customers_correlation_id_is_free_for_another() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "other", |_| ()).await;
    let other = Customer::sign_in_as(&gateway, "other", &secret, "otp").await;
    for customer in [&customer, &other] {
        customer.start(&device(&gateway, "+447700900620"), &[("correlation_id", "same")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_kind_is_useless_as_the_other() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let at = |path: &str| format!("{}{path}", gateway.url);
    let form = [("msisdn", "+447700900620"), ("client_ip", "148.252.128.20")];
    let unauthorized = error(401, "unauthorized_client", "Authentication required");
    let config = client().post(at("/v1/get_config")).bearer_auth(&started.id_token).form(&form).send().await;
    assert_eq!(answer(config.expect("an answer")).await, unauthorized);
    let silent = client().get(at("/v1/authenticate")).query(&[("id_token", &customer.token)]).send().await;
    assert_eq!(answer(silent.expect("an answer")).await, invalid("The provided token is invalid."));
    let otp = client().get(at("/v1/authenticate/otp")).query(&[("id_token", &customer.token)]).send().await;
    assert_eq!(answer(otp.expect("an answer")).await, invalid("The provided token is invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    assert_eq!(started.open(None).await.status, 200);
    let again = started.open(None).await;
    assert_eq!((again.status, again.json()), invalid("The provided token is invalid."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_counts_only_at_its_vendor_with_its_state() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let back = returned(&started.open(Some(&format!("{}/v1/callback/vodafone", gateway.url))).await);
    let other = customer.start(&device(&gateway, "+447700900920"), &[]).await;
    let call = |vendor: &str, query: Vec<(&'static str, String)>| {
        let request = client().get(format!("{}/v1/callback/{vendor}", gateway.url)).query(&query);
        async move { answer(request.send().await.expect("an answer")).await }
    };
    let (code, state) = (back["code"].clone(), back["state"].clone());
    let token = invalid("The provided token is invalid.");
    assert_eq!(call("o2", vec![("code", code.clone()), ("state", state.clone())]).await, token);
    assert_eq!(call("vodafone", vec![("code", code.clone()), ("state", "nonsense".into())]).await, token);
    let field = invalid("The required field is missing or it is invalid.");
    assert_eq!(call("vodafone", vec![("code", code.clone())]).await, field);
    // A session that never arrived has nothing to exchange.
    let foreign = format!("{}.{}", other.json["id_token"].as_str().map_or(0, str::len), "0".repeat(32));
    assert_eq!(call("o2", vec![("code", code.clone()), ("state", foreign)]).await, token);
    // None of it hurt the session.
    let (status, json) = call("vodafone", vec![("code", code), ("state", state)]).await;
    assert_eq!(status, 200, "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_state_ends_the_attempt_as_a_violation() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900640"), &[]).await;
    assert_eq!(started.open(None).await.status, 400);
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
    assert_eq!((&verdict["reason"], &verdict["fallback_advised"]), (&json!("PROTOCOL_VIOLATION"), &json!("false")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_that_writes_the_networks_header_itself_is_not_believed() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900622"), &[]).await;
    let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri").to_owned();
    let wifi = sandbox::http::builder()
        .local_address(started.device.source_ip)
        .cookie_store(true)
        .default_headers([("x-msisdn", "447700900622")].iter().fold(
            Default::default(),
            |mut all: reqwest::header::HeaderMap, (name, value)| {
                all.insert(*name, value.parse().expect("a value"));
                all
            },
        ))
        .build()
        .expect("a client");
    let (status, refused) = answer(wifi.get(uri).send().await.expect("an answer")).await;
    assert_eq!((status, &refused["error"]), (400, &json!("access_denied")));
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
    assert_eq!(verdict["reason"], "NOT_MOBILE_NETWORK");
}
