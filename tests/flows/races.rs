//! Many at once, with real parallelism: what must happen once happens once.

use std::{collections::HashMap, future::Future};

use gateway_tests::Gateway;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::steps::{Customer, another, answer, client, device, invalid, newest_code, returned};

const MANY: usize = 50;

/// Runs `count` of them at the same time; how often each answer came.
async fn at_once<F: Future<Output = (u16, Value)> + Send + 'static>(
    count: usize,
    one: impl Fn(usize) -> F,
) -> HashMap<(u16, String), usize> {
    let mut set: JoinSet<_> = (0..count).map(one).collect();
    let mut answers = HashMap::new();
    while let Some(result) = set.join_next().await {
        let (status, json) = result.expect("a task that ends");
        let word = ["authenticated", "error_description"].iter().find_map(|key| json[key].as_str());
        let word = json["reason"].as_str().or(word).unwrap_or("session_id");
        *answers.entry((status, word.to_owned())).or_default() += 1;
    }
    answers
}

fn post(url: String, token: String, body: Value) -> impl Future<Output = (u16, Value)> + Send + 'static {
    let request = client().post(format!("{url}/v1/validate")).bearer_auth(token).json(&body);
    async move { answer(request.send().await.expect("an answer")).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_validates_of_one_good_proof_give_one_true() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let payload = started.open(None).await.json();
    let body = json!({ "id_token": started.id_token, "payload": payload });
    let answers = at_once(MANY, |_| post(gateway.url.clone(), customer.token.clone(), body.clone())).await;
    assert_eq!(answers[&(200, "true".to_owned())], 1, "{answers:?}");
    assert_eq!(answers[&(400, "The provided token is invalid.".to_owned())], MANY - 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_wrong_codes_are_judged_five_times_and_the_right_one_after_them_fails() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    let code = newest_code(&gateway, &started.device);
    let body = json!({ "id_token": started.id_token, "otp_code": another(&code) });
    let answers = at_once(MANY, |_| post(gateway.url.clone(), customer.token.clone(), body.clone())).await;
    assert_eq!(answers[&(200, "WRONG_CODE".to_owned())], 5, "{answers:?}");
    let (_, verdict) = customer.guess(&started, &code).await;
    assert_eq!((&verdict["authenticated"], &verdict["reason"]), (&json!("false"), &json!("ATTEMPTS_EXCEEDED")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_right_codes_give_one_true() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    started.send_otp().await;
    let body = json!({ "id_token": started.id_token, "otp_code": newest_code(&gateway, &started.device) });
    let answers = at_once(MANY, |_| post(gateway.url.clone(), customer.token.clone(), body.clone())).await;
    assert_eq!(answers[&(200, "true".to_owned())], 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_requests_for_a_code_send_one_sms() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let uri = started.json["otp_authorization_uri"].as_str().expect("a uri").to_owned();
    let answers = at_once(20, |_| {
        let request = client().get(&uri);
        async move { answer(request.send().await.expect("an answer")).await }
    })
    .await;
    assert_eq!(answers[&(200, "session_id".to_owned())], 1, "{answers:?}");
    assert_eq!(gateway.world.inbox().publishes("+447700900620"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_callbacks_of_one_handset_make_one_exchange() {
    let gateway = Gateway::start().await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[("redirect_uri", &redirect_uri)]).await;
    // The handset stops one step early: with the operator's code in hand.
    let back = returned(&started.open(Some(&format!("{}/v1/callback/vodafone", gateway.url))).await);
    let url = format!("{}/v1/callback/vodafone", gateway.url);
    let answers = at_once(MANY, |_| {
        let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
        async move {
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            if status == 302 { (status, json!({})) } else { answer(response).await }
        }
    })
    .await;
    assert_eq!(answers[&(302, "session_id".to_owned())], 1, "{answers:?}");
    let tokens = gateway.world.operators().requests().iter().filter(|seen| seen.path.ends_with("/token")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_correlation_id_begins_one_session_at_a_time() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let form = [("msisdn", "+447700900620"), ("client_ip", "148.252.128.20"), ("correlation_id", "once")];
    let url = format!("{}/v1/get_config", gateway.url);
    let answers = at_once(20, |_| {
        let request = client().post(&url).bearer_auth(&customer.token).form(&form);
        async move { answer(request.send().await.expect("an answer")).await }
    })
    .await;
    assert_eq!(answers[&(200, "session_id".to_owned())], 1, "{answers:?}");
    let (status, json) = customer.get_config(&form).await;
    assert_eq!((status, json), invalid("The correlation_id has already been used."));
    gateway.advance(std::time::Duration::from_secs(600));
    assert_eq!(customer.get_config(&form).await.0, 200);
}
