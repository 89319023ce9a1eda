//! `POST /v1/oauth/token`.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    answer::{Answer, field, refused, scope, unauthorized},
    target::{Target, fresh},
};

const PATH: &str = "/v1/oauth/token";
const GOOD: &str = "grant_type=client_credentials&scope=otp";

async fn ask(target: &Target, body: &str) -> Answer {
    let customer = &target.customer;
    target.post(PATH).basic(&customer.client_id, &customer.client_secret).form(body.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_joined_by_a_space_a_plus_or_either_encoded_again() {
    let target = Target::open().await;
    for scope in [
        "authenticate",
        "otp",
        "authenticate+otp",
        "authenticate%20otp",
        "authenticate%2Botp",
        "authenticate%2botp",
        "authenticate%2520otp",
        "authenticate%252Botp",
        "otp+authenticate",
        "authenticate%20otp%20",
    ] {
        let answer = ask(&target, &format!("grant_type=client_credentials&scope={scope}")).await.good();
        let names: BTreeSet<_> = answer.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "expires_in", "token_type"].into(), "{scope}");
        assert_eq!((answer["expires_in"].as_str(), answer["token_type"].as_str()), (Some("3600"), Some("Bearer")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_told_by_the_table() {
    let target = Target::open().await;
    let grant = refused(400, "invalid_grant", "The requested grant type is invalid, unknown or malformed.");
    for (body, expected) in [
        ("", field()),
        ("scope=otp", field()),
        ("grant_type=&scope=otp", field()),
        ("grant_type=client_credentials", field()),
        ("grant_type=client_credentials&scope=", field()),
        ("grant_type=client_credentials&scope=otp&scope=otp", field()),
        ("grant_type=client_credentials&grant_type=client_credentials&scope=otp", field()),
        ("grant_type=client_credentials&scope=otp&client_id=x", field()),
        ("grant_type=client_credentials&scope=otp&client_secret=x", field()),
        ("{\"grant_type\":\"client_credentials\",\"scope\":\"otp\"}", field()),
        ("grant_type=password&scope=otp", grant.clone()),
        ("grant_type=authorization_code&code=x&scope=otp", grant.clone()),
        ("grant_type=Client_Credentials&scope=otp", grant.clone()),
        ("grant_type=client_credentials%00&scope=otp", grant),
        ("grant_type=client_credentials&scope=admin", scope()),
        ("grant_type=client_credentials&scope=otp,authenticate", scope()),
        ("grant_type=client_credentials&scope=OTP", scope()),
        ("grant_type=client_credentials&scope=otp+admin", scope()),
        ("grant_type=client_credentials&scope=%20", scope()),
        ("grant_type=client_credentials&scope=%ff", scope()),
    ] {
        assert_eq!(ask(&target, body).await, expected, "{body}");
    }
    // What is not asked about is ignored, and a form needs no media type.
    assert_eq!(ask(&target, &format!("{GOOD}&more=x&empty=")).await.status, 200);
    let customer = &target.customer;
    let mute = target.post(PATH).basic(&customer.client_id, &customer.client_secret);
    assert_eq!(mute.header("x-note", "no media type").send().await, field());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_known_is_asked_for_basic_credentials() {
    let target = Target::open().await;
    let (id, secret) = (target.customer.client_id.as_str(), target.customer.client_secret.as_str());
    let encoded = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let nobody = fresh("nobody");
    for credentials in [
        None,
        Some(String::new()),
        Some("Basic".into()),
        Some("Basic !".into()),
        Some(format!("Bearer {secret}")),
        Some(format!("Basic {id}:{secret}")),
        Some(encoded(id)),
        Some(encoded(&format!("{id}:"))),
        Some(encoded(&format!("{id}:wrong"))),
        Some(encoded(&format!("{id}:{secret}&x=y"))),
        Some(encoded(&format!("{nobody}:{secret}"))),
        Some(encoded(&format!("{nobody}%00:{secret}"))),
        Some(encoded(":")),
    ] {
        let call = target.post(PATH);
        let call = match &credentials {
            Some(credentials) => call.header("authorization", credentials),
            None => call,
        };
        assert_eq!(call.form(GOOD).await, unauthorized("Basic"), "{credentials:?}");
    }
    // RFC 6749 2.3.1: both parts may be form-encoded.
    let every = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let escaped = encoded(&format!("{}:{}", every(id), every(secret)));
    assert_eq!(target.post(PATH).header("authorization", &escaped).form(GOOD).await.status, 200);
    let lower = encoded(&format!("{id}:{secret}")).replace("Basic", "bASIC");
    assert_eq!(target.post(PATH).header("authorization", &lower).form(GOOD).await.status, 200);
    // In the body alone they are none: one way to sign in.
    let body = format!("{GOOD}&client_id={id}&client_secret={secret}");
    assert_eq!(target.post(PATH).form(body).await, unauthorized("Basic"));
}
