//! What each scenario looks like to the gateway, for both operators.

use std::time::Duration;

use serde_json::{Value, json};

use super::bed::{Bed, O2, VODAFONE, answer, client, device, location, param, unverified};
use crate::handset::Handset;

#[tokio::test]
async fn front_channel_failures_come_back_as_errors() {
    let bed = Bed::start().await;
    for (network, scenario, error, text) in [
        (VODAFONE, 22, "login_required", ""),
        (O2, 22, "access_denied", "The device is not connected to the mobile network"),
        (VODAFONE, 24, "consent_required", "Consent is required"),
        (O2, 24, "consent_required", "Consent is required"),
        (VODAFONE, 25, "access_denied", "The user refused"),
        (O2, 25, "access_denied", "The user refused"),
        (VODAFONE, 26, "access_denied", "Unknown user / User is not recognized"),
        (VODAFONE, 27, "access_denied", "Mobile Connect User is not registered / Unknown Mobile Connect User"),
        (VODAFONE, 30, "temporarily_unavailable", "Internal Server Error"),
        (O2, 30, "temporarily_unavailable", "Internal Server Error"),
    ] {
        let callback = bed.walk(network, scenario).await;
        assert_eq!(param(&callback, "error").unwrap(), error, "{scenario}");
        assert_eq!(param(&callback, "error_description").unwrap_or_default(), text);
        assert_eq!(param(&callback, "state").unwrap(), "S1");
        assert_eq!(param(&callback, "code"), None);
    }
}

#[tokio::test]
async fn a_user_who_accepts_gets_a_code() {
    let bed = Bed::start().await;
    let source = device(O2, 25).source_ip;
    let http = client(source);
    let begun = http.get(bed.authorize(O2, &[])).send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let seam = http.get(location(&begun)).send().await.unwrap();
    let get = |url| http.get(url).header("cookie", &cookie).send();
    let resumed = get(location(&seam)).await.unwrap();
    let page = location(&resumed);
    let html = get(page.clone()).await.unwrap().text().await.unwrap();
    assert!(html.contains("data-sandbox-default=\"deny\""));

    let (tx, decision) = (param(&page, "tx").unwrap(), "accept");
    let form = [("tx", tx.as_str()), ("decision", decision)];
    let without_cookie = Handset::at(source).unwrap().open(page.as_str(), None).await;
    assert_eq!(without_cookie[0].status, 400);
    let accepted =
        http.post(page.join("/o2/consent").unwrap()).header("cookie", &cookie).form(&form).send().await.unwrap();
    assert_eq!(accepted.status(), 303);
    assert!(param(&location(&accepted), "code").is_some());
}

#[tokio::test]
async fn token_failures_have_their_status_and_code() {
    let bed = Bed::start().await;
    for network in [VODAFONE, O2] {
        for (scenario, status, error) in
            [(31, 503, "temporarily_unavailable"), (36, 400, "invalid_grant"), (37, 401, "invalid_client")]
        {
            let code = bed.code(network, scenario).await;
            let (got, refused) = answer(bed.token_request(network, &code)).await;
            assert_eq!((got, &refused["error"]), (status, &json!(error)));
        }
        assert!(!bed.access_token(network, 33).await.is_empty(), "slow, but it answers");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_gives_no_answer() {
    let bed = Bed::start().await;
    let code = bed.code(VODAFONE, 34).await;
    let request = bed.token_request(VODAFONE, &code).timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(bed.operators.requests().last().unwrap().status, None);
}

#[tokio::test]
async fn resource_failures_have_their_status_and_code() {
    let bed = Bed::start().await;
    for (network, scenario, status, field, error) in [
        (VODAFONE, 32, 504, "error", "server_error"),
        (O2, 32, 504, "code", "TIMEOUT"),
        (O2, 26, 404, "code", "IDENTIFIER_NOT_FOUND"),
        (O2, 27, 422, "code", "SERVICE_NOT_APPLICABLE"),
        (VODAFONE, 38, 403, "error", "access_denied"),
        (O2, 38, 403, "code", "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"),
        (O2, 35, 429, "code", "TOO_MANY_REQUESTS"),
        (VODAFONE, 35, 429, "error", "temporarily_unavailable"),
    ] {
        let response = bed.resource(network, scenario).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("retry-after"), status == 429);
        assert_eq!(response.json::<Value>().await.unwrap()[field], error);
    }
}

#[tokio::test]
async fn another_number_in_the_device_is_an_answer_and_no_error() {
    let bed = Bed::start().await;
    let vodafone: Value = bed.resource(VODAFONE, 21).await.json().await.unwrap();
    assert_eq!(vodafone["device_msisdn_verified"], false);
    let o2: Value = bed.resource(O2, 21).await.json().await.unwrap();
    assert_eq!(o2, json!({ "devicePhoneNumberVerified": false }));
}

#[tokio::test]
async fn bad_id_tokens_come_in_turn() {
    let bed = Bed::start().await;
    for network in [VODAFONE, O2] {
        let first = id_claims(&bed, network).await.1;
        assert_ne!(first["nonce"], "N1");
        let second = id_claims(&bed, network).await.1;
        assert!(second["nonce"] == "N1" && second["aud"] != "gateway" && second["aud"] != json!(["gateway"]));
        let (token, third) = id_claims(&bed, network).await;
        assert!(third["nonce"] == "N1" && token.ends_with('.'));
    }
}

async fn id_claims(bed: &Bed, network: &str) -> (String, Value) {
    let code = bed.code(network, 39).await;
    let (_, tokens) = answer(bed.token_request(network, &code)).await;
    let token = tokens["id_token"].as_str().unwrap().to_owned();
    let claims = unverified(&token);
    (token, claims)
}

#[tokio::test]
async fn a_foreign_callback_differs_in_one_character_or_in_its_issuer() {
    let bed = Bed::start().await;
    for network in [VODAFONE, O2] {
        let state = param(&bed.walk(network, 40).await, "state").unwrap();
        assert!(state != "S1" && state.starts_with('S') && state.len() == 2);
    }
    let issuer = param(&bed.walk(O2, 41).await, "iss").unwrap();
    assert_ne!(issuer, format!("{}/o2", bed.public));

    let code = bed.code(VODAFONE, 41).await;
    let (_, tokens) = answer(bed.token_request(VODAFONE, &code)).await;
    let claims = unverified(tokens["id_token"].as_str().unwrap());
    let token = tokens["access_token"].as_str().unwrap();
    let (_, found) = answer(bed.resource_request(VODAFONE, token, "+447700900641")).await;
    assert!(found["device_msisdn_verified"] == true && found["sub"] != claims["sub"]);
}

#[tokio::test]
async fn bad_answers_are_broken_or_lack_the_field_in_turn() {
    let bed = Bed::start().await;
    for network in [VODAFONE, O2] {
        let broken = bed.resource(network, 43).await;
        assert_eq!(broken.status(), 200);
        assert!(broken.json::<Value>().await.is_err());
        assert_eq!(bed.resource(network, 43).await.json::<Value>().await.unwrap(), json!({}));
    }
}

#[tokio::test]
async fn huge_answers_are_plain_or_packed_in_turn_and_say_yes_at_the_end() {
    let bed = Bed::start().await;
    for network in [VODAFONE, O2] {
        let plain = bed.resource(network, 44).await.bytes().await.unwrap();
        assert!(plain.len() > 10 << 20 && plain.ends_with(b"true}"));
        let bomb = bed.resource(network, 44).await;
        assert_eq!(bomb.headers()["content-encoding"], "gzip");
        assert!(bomb.bytes().await.unwrap().len() < 64 << 10, "it must look small");
    }
}
