//! A silent attempt from the link to the answer, and how it ends for the handset.

use serde_json::{Value, json};
use url::Url;

use crate::{
    answer::{invalid, json as expected_json, refused, token},
    target::{Target, fresh, path_of, text},
};

const OWNS: &str = "+447700900620";
const WIFI: &str = "+447700900622";
const DOWN: &str = "+447700900630";

async fn validate(target: &Target, access: &str, body: &Value) -> crate::answer::Answer {
    target.post("/v1/validate").bearer(access).json(body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sends_the_handset_to_its_operator_once() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate").await;
    for by_post in [false, true] {
        let config = target.begin_for(&access, OWNS, "").await;
        assert!(config.get("otp_authorization_uri").is_none(), "{config}");
        let link = path_of(&target, &config["authorize"]["authorization_uri"]);
        let open = || async {
            match by_post {
                true => target.post("/v1/authenticate").json(&json!({ "id_token": config["id_token"] })).await,
                false => target.get(link).send().await,
            }
        };
        let answer = open().await;
        let location = Url::parse(answer.location()).expect("a URL");
        assert!(location.path().starts_with("/vodafone/"), "{location}");
        assert!(location.query_pairs().any(|(name, value)| name == "state" && value.len() > 32), "{location}");
        let mut expected = expected_json(302, "").with("location", answer.location());
        expected.headers.remove("content-type");
        assert_eq!(answer, expected);
        assert_eq!(open().await, token());
        let otp = target.get(&format!("/v1/authenticate/otp?id_token={}", text(&config["id_token"]))).send().await;
        assert_eq!(otp, refused(400, "invalid_scope", "The requested scope is invalid, unknown or malformed."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_told_to_the_handset_as_a_secret_that_proves_it_once() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin_for(&access, OWNS, "").await;
    let answer = target.open_on(OWNS, &config).await;
    let payload = answer.good();
    let secret = text(&payload["session_id"]);
    assert_eq!(answer, expected_json(200, format!(r#"{{"session_id":"{secret}"}}"#)));
    let code = invalid("The required field `code` is missing or is invalid.");
    let wrong = json!({ "id_token": config["id_token"], "code": "64a5b190-0000-0000-0000-000000000000" });
    assert_eq!(validate(&target, &access, &wrong).await, code);
    // As text it is as good as JSON.
    let proof = json!({ "id_token": config["id_token"], "payload": answer.body });
    let good = expected_json(200, r#"{"authenticated":"true","service":"authenticate"}"#);
    assert_eq!(validate(&target, &access, &proof).await, good);
    assert_eq!(validate(&target, &access, &proof).await, token());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_redirect_uri_the_flow_ends_there_with_a_code_or_an_error() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let page = target.customer.redirect_uri.clone();
    for (msisdn, error) in [
        (OWNS, None),
        (WIFI, Some("access_denied&error_description=The+phone+number+could+not+be+authenticated.")),
        (DOWN, Some("temporarily_unavailable&error_description=Service+is+unavailable")),
    ] {
        let id = fresh("sign-in");
        let config = target.begin_for(&access, msisdn, &format!("&correlation_id={id}&redirect_uri={page}")).await;
        let answer = target.open_on(msisdn, &config).await;
        let location = answer.location();
        let Some(error) = error else {
            let query = location.strip_prefix(&format!("{page}?code=")).expect("a code");
            let (code, rest) = query.split_once('&').expect("more");
            assert_eq!(rest, format!("correlation_id={id}"));
            let proof = json!({ "id_token": config["id_token"], "code": code, "correlation_id": id });
            let good = format!(r#"{{"authenticated":"true","correlation_id":"{id}","service":"authenticate"}}"#);
            assert_eq!(validate(&target, &access, &proof).await, expected_json(200, good));
            continue;
        };
        assert_eq!(location, format!("{page}?error={error}&correlation_id={id}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_coarse_for_the_handset_and_has_a_reason_for_the_customer() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let denied = refused(400, "access_denied", "The phone number could not be authenticated.");
    let down = refused(400, "temporarily_unavailable", "Service is unavailable");
    for (msisdn, told, reason, fallback) in [
        ("+447700900621", &denied, "MISMATCH", "true"),
        ("+447700900921", &denied, "MISMATCH", "true"),
        ("+447700900623", &denied, "IP_NUMBER_NETWORK_MISMATCH", "true"),
        (WIFI, &denied, "NOT_MOBILE_NETWORK", "true"),
        (DOWN, &down, "OPERATOR_ERROR", "true"),
        ("+447700900640", &denied, "PROTOCOL_VIOLATION", "false"),
    ] {
        let config = target.begin_for(&access, msisdn, "").await;
        let answer = target.open_on(msisdn, &config).await;
        assert_eq!(&answer, told, "{msisdn}");
        let verdict = format!(
            r#"{{"authenticated":"false","fallback_advised":"{fallback}","reason":"{reason}","service":"authenticate"}}"#
        );
        // With what the handset got, or without.
        let payload: Value = serde_json::from_str(&answer.body).expect("JSON");
        for body in
            [json!({ "id_token": config["id_token"] }), json!({ "id_token": config["id_token"], "payload": payload })]
        {
            assert_eq!(validate(&target, &access, &body).await, expected_json(200, verdict.clone()), "{msisdn}");
        }
    }
}
