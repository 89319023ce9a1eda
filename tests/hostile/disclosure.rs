//! What an outsider may not learn from the answers: whether a number exists, whose it is, or why it failed.

use std::collections::BTreeSet;

use gateway_tests::{
    Gateway,
    steps::{Customer, answer, client, device, error, register},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_handset_learns_the_same_whatever_was_wrong() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let (mut told, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    // Another number, Wi-Fi, another network, no consent, refusal, unknown, not registered, off-net, forged.
    for scenario in [21, 22, 23, 24, 25, 26, 27, 28, 38, 39, 40, 41, 45, 46] {
        for network in ["+4477009006", "+4477009009"] {
            let started = customer.start(&device(&gateway, &format!("{network}{scenario}")), &[]).await;
            let hop = started.open(None).await;
            told.insert((hop.status, hop.body.clone()));
            let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
            reasons.insert(verdict["reason"].as_str().expect("a reason").to_owned());
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(reasons.len() >= 8, "the customer's backend does learn why: {reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_operator_does_not_know_looks_like_one_that_it_knows() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let mut shapes = BTreeSet::new();
    for number in ["+447700900620", "+447700900626", "+447700900699"] {
        let (status, json) = customer.get_config(&[("msisdn", number), ("client_ip", "148.252.128.20")]).await;
        let names: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
        let plan = [&json["authorize"]["ajax"], &json["authorize"]["request_type"], &json["expires_in"]];
        shapes.insert((status, names, plan.map(Value::to_string)));
    }
    assert_eq!(shapes.len(), 1, "{shapes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customers_session_looks_like_none() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let secret = register(&gateway, "thief", |_| ()).await;
    let thief = Customer::sign_in_as(&gateway, "thief", &secret, "authenticate otp").await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[("correlation_id", "mine")]).await;
    let body = |id_token: &str| json!({ "id_token": id_token, "code": "x", "correlation_id": "mine" });
    let theirs = thief.validate(&body(&started.id_token)).await;
    let forged = thief.validate(&body("v4.public.AAAA.AAAA")).await;
    assert_eq!(theirs, forged);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_forbids_caching_sniffing_and_referrers() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let at = |path: &str| format!("{}{path}", gateway.url);
    let link = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    let otp = started.json["otp_authorization_uri"].as_str().expect("a uri");
    let http = client();
    for request in [
        http.post(at("/v1/oauth/token")),
        http.post(at("/v1/get_config")),
        http.get(otp),
        http.get(link),
        http.get(link),
        http.get(at("/v1/callback/vodafone")),
        http.post(at("/v1/validate")).bearer_auth(&customer.token).json(&json!({ "id_token": started.id_token })),
        http.get(at("/v1/nothing")),
    ] {
        let response = request.send().await.expect("an answer");
        let (url, headers) = (response.url().path().to_owned(), response.headers().clone());
        assert_eq!(headers["cache-control"], "no-store", "{url}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{url}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{url}");
        for name in ["server", "x-powered-by", "access-control-allow-origin", "set-cookie"] {
            assert!(!headers.contains_key(name), "{url} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_payload_is_not_an_answer() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900621"), &[]).await;
    started.open(None).await;
    let wrong = error(400, "invalid_request", "The required field `payload` is missing or is invalid.");
    for payload in [
        json!({ "authenticated": "true" }),
        json!({ "authenticated": true, "session_id": "" }),
        json!({ "session_id": "0", "devicePhoneNumberVerified": true, "device_msisdn_verified": true }),
        json!("{\"session_id\":\"x\",\"authenticated\":\"true\"}"),
        json!({ "session_id": null }),
        json!({ "session_id": ["x"] }),
        json!(true),
    ] {
        let body = json!({ "id_token": started.id_token, "payload": payload });
        assert_eq!(customer.validate(&body).await, wrong, "{payload}");
    }
    let code = client().post(format!("{}/v1/validate", gateway.url)).bearer_auth(&customer.token);
    let hostile = json!({ "id_token": started.id_token, "code": "x", "authenticated": "true", "user_id": "x" });
    let (status, json) = answer(code.json(&hostile).send().await.expect("an answer")).await;
    assert_eq!((status, json["error"].as_str()), (400, Some("invalid_request")));
}
