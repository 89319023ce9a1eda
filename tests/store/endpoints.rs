//! Every endpoint that uses the store, while the store is out of order: 503 with `Retry-After`, nothing spent, and
//! the very same request works afterwards.

use std::time::Duration;

use gateway_tests::{
    Gateway,
    engine::Engine,
    faults::{BROKEN, Fault, Faults, OVER_CAPACITY, Proxy, THROTTLED},
    steps::{Customer, Started, another, answer, claims, client, device, invalid, newest_code, returned},
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NUMBER: &str = "+447700900620";

/// Sends a request while the store fails, then when it is well again; the second answer.
async fn through_an_outage(what: &str, request: RequestBuilder, faults: &Faults, fault: Fault) -> (u16, Value) {
    let copy = || request.try_clone().expect("a request that can be sent twice");
    faults.heal();
    faults.always("", fault);
    let response = copy().send().await.expect("an answer");
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()).map(str::to_owned);
    let (status, body) = (response.status().as_u16(), response.json::<Value>().await.expect("JSON"));
    let unavailable = json!({ "error": "temporarily_unavailable", "error_description": "Service is unavailable" });
    assert_eq!((status, &body, wait.as_deref()), (503, &unavailable, Some("1")), "{what} {fault:?}");
    assert_eq!(faults.done(""), 0, "{what} {fault:?}");
    faults.heal();
    let response = copy().send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

/// A gateway whose store is behind a proxy.
async fn bed() -> (Gateway, Faults, Engine, Proxy) {
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let gateway = Gateway::over(&engine, &proxy.url).await;
    (gateway, faults, engine, proxy)
}

/// The session as it is stored.
async fn stored(engine: &Engine, started: &Started) -> Value {
    let id = claims(&started.id_token)["jti"].as_str().expect("a session").to_owned();
    let item = engine.item(&format!("session#{id}")).await.expect("an item");
    let (_, json) = item.iter().find(|(name, _)| name == "session").expect("its JSON");
    serde_json::from_str(json).expect("JSON")
}

async fn every_endpoint(fault: Fault) {
    let (gateway, faults, engine, _proxy) = bed().await;
    let (at, shop) = (|path: &str| format!("{}{path}", gateway.url), gateway.customer.clone());

    let form = [("grant_type", "client_credentials"), ("scope", "authenticate otp")];
    let request = client().post(at("/v1/oauth/token")).basic_auth(shop.client_id, Some(shop.client_secret)).form(&form);
    assert_eq!(through_an_outage("token", request, &faults, fault).await.0, 200);

    let customer = Customer::sign_in(&gateway).await;
    let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20"), ("correlation_id", "once")];
    let request = client().post(at("/v1/get_config")).bearer_auth(&customer.token).form(&form);
    assert_eq!(through_an_outage("get_config", request, &faults, fault).await.0, 200);

    let device = device(&gateway, NUMBER);
    let started = customer.start(&device, &[]).await;
    let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    assert_eq!(through_an_outage("authenticate", client().get(uri), &faults, fault).await.0, 302);

    let started = customer.start(&device, &[]).await;
    let url = at("/v1/callback/vodafone");
    let back = returned(&started.open(Some(&url)).await);
    let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
    let (status, payload) = through_an_outage("callback", request, &faults, fault).await;
    assert_eq!(status, 200, "{payload}");
    let validate = |body: Value| client().post(at("/v1/validate")).bearer_auth(&customer.token).json(&body);
    let request = validate(json!({ "id_token": started.id_token, "payload": payload }));
    assert_eq!(through_an_outage("validate", request, &faults, fault).await.1["authenticated"], "true");

    let started = customer.start(&device, &[]).await;
    let uri = started.json["otp_authorization_uri"].as_str().expect("a uri");
    assert_eq!(through_an_outage("otp", client().get(uri), &faults, fault).await.0, 200);
    assert_eq!(gateway.world.inbox().publishes(NUMBER), 1, "{fault:?}");
    let code = newest_code(&gateway, &device);
    for (guess, expected) in [(another(&code), "false"), (code, "true")] {
        let request = validate(json!({ "id_token": started.id_token, "otp_code": guess }));
        assert_eq!(through_an_outage("validate", request, &faults, fault).await.1["authenticated"], expected);
    }
    let otp = &stored(&engine, &started).await["otp"];
    assert_eq!((&otp["sends"], &otp["code"]["attempts"]), (&json!(1), &json!(2)), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_503_at_every_endpoint_and_the_same_request_then_works() {
    let faults = [THROTTLED, OVER_CAPACITY, BROKEN, Fault::Reset, Fault::Hang];
    faults.into_iter().map(every_endpoint).collect::<JoinSet<_>>().join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_after_the_exchange_was_claimed_costs_the_attempt_but_not_the_session() {
    let (gateway, faults, _engine, _proxy) = bed().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, NUMBER), &[]).await;
    let url = format!("{}/v1/callback/vodafone", gateway.url);
    let back = returned(&started.open(Some(&url)).await);
    let call = async || {
        let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
        answer(request.send().await.expect("an answer")).await
    };
    // The claim is written; the verdict is not.
    faults.always("TransactWriteItems", BROKEN);
    assert_eq!(call().await.0, 503);
    faults.heal();
    assert_eq!(call().await, invalid("The provided token is invalid."));
    gateway.advance(Duration::from_secs(5));
    assert_eq!(started.send_otp().await.0, 200);
    let (_, verdict) = customer.guess(&started, &newest_code(&gateway, &started.device)).await;
    assert_eq!(verdict["authenticated"], "true");
}
