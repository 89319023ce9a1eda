//! The events of Lambda and the edges of HTTP: every gateway in front gives the same answers.

use gateway_tests::{Event, Gateway, staged_adapters};
use reqwest::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use crate::steps::{Customer, answer, client, device, error, invalid};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_gives_the_whole_flow() {
    for event in Event::ALL {
        let gateway = Gateway::with(event, &staged_adapters(), &[]).await;
        let customer = Customer::sign_in(&gateway).await;
        let more = [("correlation_id", "a+b&c=d%20")];
        let started = customer.start(&device(&gateway, "+447700900620"), &more).await;
        let payload = started.open(None).await.json();
        let (status, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
        assert_eq!((status, &verdict["authenticated"]), (200, &json!("true")), "{event:?} {verdict}");
        assert_eq!(verdict["correlation_id"], "a+b&c=d%20", "{event:?}");
        // The source address is the event's: mobile data of another network is seen.
        let elsewhere = customer.start(&device(&gateway, "+447700900623"), &[]).await;
        elsewhere.open(None).await;
        let (_, verdict) = customer.validate(&json!({ "id_token": elsewhere.id_token })).await;
        assert_eq!(verdict["reason"], "IP_NUMBER_NETWORK_MISMATCH", "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_client_claims_is_not_believed() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
    // From an address of no network, with the address of another network as a claim.
    let claimed = client().get(uri).header("x-forwarded-for", "127.0.4.20").send().await.expect("an answer");
    assert_eq!(claimed.status(), 302);
    assert!(claimed.headers()["location"].to_str().expect("text").contains("/vodafone/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_whatever_the_endpoint_is_said_in_the_error_shape() {
    let gateway = Gateway::start().await;
    let at = |path: &str| format!("{}{path}", gateway.url);
    let http = client();
    let wrong_method = http.get(at("/v1/validate")).send().await.expect("an answer");
    assert_eq!(wrong_method.headers()[ALLOW], "POST");
    assert_eq!(answer(wrong_method).await, error(405, "invalid_request", "This method is not allowed here."));
    let nothing = http.get(at("/v1/nothing")).send().await.expect("an answer");
    assert_eq!(answer(nothing).await, error(404, "invalid_request", "There is nothing at this path."));
    let large = http.post(at("/v1/oauth/token")).body("x".repeat(16 * 1024 + 1)).send().await.expect("an answer");
    let too_large = error(413, "invalid_request", "The body is over 16 KiB or the URL is over 8 KiB.");
    assert_eq!(answer(large).await, too_large);
    let long = http.get(at(&format!("/v1/authenticate?id_token={}", "x".repeat(8 * 1024)))).send().await;
    assert_eq!(answer(long.expect("an answer")).await, too_large);
    let media = http.post(at("/v1/oauth/token")).header(CONTENT_TYPE, "text/plain").body("x").send().await;
    let not_accepted = error(415, "invalid_request", "The body's media type is not accepted here.");
    assert_eq!(answer(media.expect("an answer")).await, not_accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_refusals_are_not_cached_and_say_how_to_sign_in() {
    let gateway = Gateway::start().await;
    let http = client();
    let refused = http.post(format!("{}/v1/oauth/token", gateway.url)).send().await.expect("an answer");
    assert_eq!(refused.headers()["www-authenticate"], "Basic realm=\"gateway\"");
    assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(refused.headers()["pragma"], "no-cache");
    assert_eq!(refused.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
    assert_eq!(answer(refused).await, error(401, "unauthorized_client", "Authentication required"));
    let refused = http.post(format!("{}/v1/validate", gateway.url)).header(AUTHORIZATION, "Bearer x").send().await;
    assert_eq!(refused.expect("an answer").headers()["www-authenticate"], "Bearer realm=\"gateway\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_json_or_a_form_and_a_plus_may_be_eaten() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let post = |kind: &'static str, body: String| {
        let request = client().post(format!("{}/v1/get_config", gateway.url)).bearer_auth(&customer.token);
        let request = request.header(CONTENT_TYPE, kind).body(body);
        async move { answer(request.send().await.expect("an answer")).await }
    };
    let form = "application/x-www-form-urlencoded";
    for number in ["%2B447700900620", "+447700900620", "%20447700900620", "447700900620"] {
        let (status, json) = post(form, format!("msisdn={number}&client_ip=148.252.128.20")).await;
        assert_eq!(status, 200, "{number} {json}");
    }
    let json = json!({ "msisdn": "+447700900620", "client_ip": "2a00:23c0::1", "redirect_uri": null });
    assert_eq!(post("application/json; charset=utf-8", json.to_string()).await.0, 200);
    let field = invalid("The required field is missing or it is invalid.");
    for body in
        ["msisdn=447700900620", "client_ip=1.2.3.4", "msisdn=447700900620&msisdn=447700900621&client_ip=1.2.3.4", ""]
    {
        assert_eq!(post(form, body.to_owned()).await, field, "{body}");
    }
    for body in ["{", "[]", "{\"msisdn\":447700900620,\"client_ip\":\"1.2.3.4\"}", "null"] {
        assert_eq!(post("application/json", body.to_owned()).await, field, "{body}");
    }
}
