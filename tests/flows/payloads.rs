//! Operators whose answer the customer hands over, as the handset got it: from us, or from the operator's own address.

use gateway_tests::{
    Gateway,
    rogue::{NUMBER, Rogue},
    steps::{Customer, Started, answer, client, device, error, invalid, newest_code},
};
use serde_json::{Value, json};

const PAYLOAD: &str = "The required field `payload` is missing or is invalid.";
const SUPERSEDED: &str = "The provided token is invalid.";

/// What the operator gives the handset for this session.
fn payload(started: &Started, token: &str) -> Value {
    json!({ "trace": started.json["authorize"]["request_config"]["parameters"]["trace"], "token": token })
}

fn proof(started: &Started, payload: &Value) -> Value {
    json!({ "id_token": started.id_token, "payload": payload })
}

async fn begin(gateway: &Gateway) -> (Customer, Started) {
    let customer = Customer::sign_in(gateway).await;
    let started = customer.start(&device(gateway, NUMBER), &[]).await;
    (customer, started)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_from_the_operators_own_address_is_true_once_and_asked_about_once() {
    let rogue = Rogue::direct().await;
    let (customer, started) = begin(&rogue.gateway).await;
    let authorize = &started.json["authorize"];
    assert!(authorize["authorization_uri"].as_str().is_some_and(|uri| uri.ends_with("/device")), "{authorize}");
    assert_eq!((&authorize["ajax"], &authorize["request_type"]), (&json!("true"), &json!("POST")));
    let good = proof(&started, &payload(&started, "good"));
    assert_eq!(customer.validate(&good).await, (200, json!({ "authenticated": "true", "service": "authenticate" })));
    assert_eq!(customer.validate(&good).await, invalid(SUPERSEDED));
    assert_eq!(rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_from_us_counts_only_after_the_handset_was_here() {
    let rogue = Rogue::by_payload().await;
    let (customer, started) = begin(&rogue.gateway).await;
    let good = proof(&started, &payload(&started, "good"));
    assert_eq!(customer.validate(&good).await, invalid(PAYLOAD));
    let hop = started.open(None).await;
    assert_eq!((hop.status, hop.json()), (200, json!({ "trace": payload(&started, "")["trace"] })));
    // As text it is as good as JSON.
    let text = proof(&started, &payload(&started, "good").to_string().into());
    assert_eq!(customer.validate(&text).await.1["authenticated"], "true");
    assert_eq!(customer.validate(&good).await, invalid(SUPERSEDED));
    assert_eq!(rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_payload_of_this_operators_changes_nothing() {
    let rogue = Rogue::direct().await;
    let (customer, started) = begin(&rogue.gateway).await;
    let trace = &payload(&started, "")["trace"];
    for bad in [
        json!({}),
        json!([]),
        json!(7),
        json!("nonsense"),
        json!({ "trace": trace }),
        json!({ "trace": trace, "token": 7 }),
        json!({ "session_id": "64a5b190-0000-0000-0000-000000000000" }),
        json!({ "error": "access_denied" }),
    ] {
        assert_eq!(customer.validate(&proof(&started, &bad)).await, invalid(PAYLOAD), "{bad}");
    }
    assert_eq!(customer.validate(&json!({ "id_token": started.id_token })).await, invalid(PAYLOAD));
    // The link of our own leads nowhere, and that costs nothing either.
    let link = format!("{}/v1/authenticate?id_token={}", rogue.gateway.url, started.id_token);
    assert_eq!(answer(client().get(link).send().await.expect("an answer")).await, invalid(SUPERSEDED));
    assert_eq!(rogue.asked(), 0);
    let good = proof(&started, &payload(&started, "good"));
    assert_eq!(customer.validate(&good).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_negative_verdict_is_told_with_its_reason_and_a_code_still_works() {
    let rogue = Rogue::direct().await;
    let (customer, started) = begin(&rogue.gateway).await;
    let bad = proof(&started, &payload(&started, "bad"));
    let verdict = json!({ "authenticated": "false", "fallback_advised": "true", "reason": "MISMATCH", "service": "authenticate" });
    assert_eq!(customer.validate(&bad).await, (200, verdict.clone()));
    // Another payload is not asked about; the reason may be asked for again.
    assert_eq!(customer.validate(&proof(&started, &payload(&started, "good"))).await, invalid(SUPERSEDED));
    assert_eq!(customer.validate(&json!({ "id_token": started.id_token })).await, (200, verdict));
    assert_eq!(rogue.asked(), 1);
    // When the handset asked its operator we were not told, so a code need not wait.
    assert_eq!(started.send_otp().await.0, 200);
    let (_, verdict) = customer.guess(&started, &newest_code(&rogue.gateway, &started.device)).await;
    assert_eq!(verdict["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_its_key_gets_the_same_answer_and_asks_nobody_again() {
    for (token, expected) in [("good", "true"), ("bad", "false")] {
        let rogue = Rogue::direct().await;
        let (customer, started) = begin(&rogue.gateway).await;
        let body = proof(&started, &payload(&started, token));
        let keyed = async |key: &str| {
            let request = client().post(format!("{}/v1/validate", rogue.gateway.url)).bearer_auth(&customer.token);
            answer(request.header("idempotency-key", key).json(&body).send().await.expect("an answer")).await
        };
        let first = keyed("one").await;
        assert_eq!((first.0, &first.1["authenticated"]), (200, &json!(expected)));
        assert_eq!(keyed("one").await, first);
        assert_eq!(keyed("two").await, invalid(SUPERSEDED));
        assert_eq!(rogue.asked(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_its_key_while_the_operator_is_asked_is_to_come_again() {
    let rogue = Rogue::direct().await;
    let (customer, started) = begin(&rogue.gateway).await;
    let body = proof(&started, &payload(&started, "good"));
    let keyed = async || {
        let request = client().post(format!("{}/v1/validate", rogue.gateway.url)).bearer_auth(&customer.token);
        answer(request.header("idempotency-key", "one").json(&body).send().await.expect("an answer")).await
    };
    let at_once = futures_util::future::join_all((0..8).map(|_| keyed())).await;
    assert!(at_once.iter().all(|(status, _)| matches!(status, 200 | 503)), "{at_once:?}");
    let (status, verdict) = keyed().await;
    assert_eq!((status, &verdict["authenticated"]), (200, &json!("true")));
    assert_eq!(rogue.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_read_what_authenticate_says_only_where_the_operator_is_asked_by_pages() {
    let rogue = Rogue::by_payload().await;
    let (_, started) = begin(&rogue.gateway).await;
    let open = async |started: &Started| {
        let uri = started.json["authorize"]["authorization_uri"].as_str().expect("a uri");
        let request = client().get(uri).header("origin", "https://shop.example");
        let response = request.send().await.expect("an answer");
        let allowed = response.headers().get("access-control-allow-origin").cloned();
        (response.status().as_u16(), allowed, response.headers().contains_key("set-cookie"))
    };
    let any = Some("*".parse().expect("a value"));
    assert_eq!(open(&started).await, (200, any.clone(), false));
    assert_eq!(open(&started).await, (400, any, false));
    let ordinary = Gateway::start().await;
    let (_, started) = begin(&ordinary).await;
    assert_eq!(open(&started).await, (302, None, false));
    assert_eq!(open(&started).await, (400, None, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_operator_can_do_nothing_for_is_offered_a_code() {
    let network = error(400, "invalid_request", "Network provided is invalid");
    let down = error(503, "temporarily_unavailable", "Service is unavailable");
    for (verdict, without_code) in [
        ("NETWORK_UNSUPPORTED", &network),
        ("SUBSCRIBER_UNKNOWN", &network),
        ("NOT_MOBILE_NETWORK", &network),
        ("IP_NUMBER_NETWORK_MISMATCH", &network),
        ("OPERATOR_TIMEOUT", &down),
        ("OPERATOR_RATE_LIMITED", &down),
        ("CONFIG_ERROR", &down),
    ] {
        let manifest = json!({ "supports_callback": false });
        let rogue = Rogue::start(manifest, json!({ "refusal": verdict })).await;
        let (_, started) = begin(&rogue.gateway).await;
        assert_eq!(started.json["authorize"], without_code.1, "{verdict}");
        let credentials = &rogue.gateway.customer;
        let (id, secret) = (&credentials.client_id, &credentials.client_secret);
        let silent_only = Customer::sign_in_as(&rogue.gateway, id, secret, "authenticate").await;
        let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20")];
        assert_eq!(&silent_only.get_config(&form).await, without_code, "{verdict}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_contradicts_its_manifest_is_not_offered() {
    // The handset would come back from there to an attempt that never began.
    let rogue = Rogue::start(json!({}), json!({ "device_url": "DEVICE" })).await;
    let (_, started) = begin(&rogue.gateway).await;
    assert_eq!(started.json["authorize"]["error"], "temporarily_unavailable");
}

/// An aggregator's check is made, and paid for, when a session begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_get_config_that_comes_again_with_its_key_asks_the_operator_once() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let three = device(&gateway, "+447700900520");
    let form = [("msisdn", three.msisdn.clone()), ("client_ip", three.client_ip.to_string())];
    let keyed = async |key: &str| {
        let request = client().post(format!("{}/v1/get_config", gateway.url)).bearer_auth(&customer.token);
        answer(request.header("idempotency-key", key).form(&form).send().await.expect("an answer")).await
    };
    let checks = || {
        let requests = gateway.world.operators().requests();
        requests.iter().filter(|seen| seen.path == "/three/phone_check/v0.2/checks").count()
    };
    let first = keyed("one").await;
    assert_eq!((first.0, checks()), (200, 1), "{}", first.1);
    assert!(first.1["authorize"]["authorization_uri"].is_string(), "{}", first.1);
    assert_eq!((keyed("one").await, checks()), (first, 1));
    assert_eq!((keyed("two").await.0, checks()), (200, 2));
}
