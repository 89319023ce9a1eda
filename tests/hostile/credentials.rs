//! Client authentication at the token endpoint: the cases that a mature OAuth library tests (RFC 6749 2.3, 3.2, 5.2).

use base64::{Engine, prelude::BASE64_STANDARD};
use gateway_tests::{
    Event, Gateway, staged_adapters,
    steps::{Answer, Customer, answer, client, error, invalid, register},
};
use reqwest::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use sna_customers::{Pepper, SecretHash};

const GOOD: &str = "grant_type=client_credentials&scope=otp";
const FORM: &str = "application/x-www-form-urlencoded";

/// A token request with this Authorization header, if any, and this body.
async fn ask(gateway: &Gateway, authorization: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let request = client().post(format!("{}/v1/oauth/token", gateway.url)).header(CONTENT_TYPE, FORM);
    let request = authorization.into_iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
    answer(request.body(body.into()).send().await.expect("an answer")).await
}

fn basic(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// Every byte as `%XX`: the most that form encoding may do.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn unauthorized() -> Answer {
    error(401, "unauthorized_client", "Authentication required")
}

fn field() -> Answer {
    invalid("The required field is missing or it is invalid.")
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_may_be_form_encoded_and_the_scheme_in_any_case() {
    let gateway = Gateway::start().await;
    let known = gateway.world.gateway().customer.clone();
    let (id, secret) = (known.client_id.as_str(), known.client_secret.as_str());
    let encoded = basic(format!("{}:{}", encoded(id), encoded(secret)));
    for authorization in [
        basic(format!("{id}:{secret}")),
        encoded.clone(),
        encoded.replacen("Basic", "basic", 1),
        encoded.replacen("Basic", "BASIC", 1),
        encoded.replacen("Basic ", "Basic   ", 1),
    ] {
        assert_eq!(ask(&gateway, Some(&authorization), GOOD).await.0, 200, "{authorization}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_none_are_refused_alike() {
    let gateway = Gateway::start().await;
    gateway.at_midnight();
    let known = gateway.world.gateway().customer.clone();
    let (id, secret) = (known.client_id.as_str(), known.client_secret.as_str());
    for (what, authorization) in [
        ("no header", None),
        ("an empty header", Some(String::new())),
        ("another scheme", Some(format!("Digest {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))))),
        ("a bearer token", Some(format!("Bearer {secret}"))),
        ("no base64", Some("Basic !!!".into())),
        ("no colon", Some(basic(id))),
        ("nothing but a colon", Some(basic(":"))),
        ("no UTF-8", Some(basic(b"demo-shop:\xff\xfe"))),
        ("a NUL in the id", Some(basic(format!("{id}%00:{secret}")))),
        ("a raw NUL in the id", Some(basic(format!("{id}\0:{secret}")))),
        ("a NUL after the secret", Some(basic(format!("{id}:{secret}%00")))),
        ("form encoding that is none", Some(basic(format!("{id}:{secret}%zz")))),
        ("form encoding that has a second pair", Some(basic(format!("{id}:{secret}&a=b")))),
        ("id in upper case", Some(basic(format!("{}:{secret}", id.to_uppercase())))),
        ("a space before the secret", Some(basic(format!("{id}: {secret}")))),
        ("two pairs in one header", Some(format!("{},{}", basic(format!("{id}:x")), basic(format!("{id}:{secret}"))))),
    ] {
        assert_eq!(ask(&gateway, authorization.as_deref(), GOOD).await, unauthorized(), "{what}");
        // A new minute: ten failures of one id are the limit, and another matter.
        gateway.advance(std::time::Duration::from_secs(60));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorization_headers_are_none() {
    let gateway = Gateway::with(Event::RestApi, &staged_adapters(), &[]).await;
    let known = gateway.world.gateway().customer.clone();
    let good = basic(format!("{}:{}", known.client_id, known.client_secret));
    let request = client().post(format!("{}/v1/oauth/token", gateway.url)).header(CONTENT_TYPE, FORM).body(GOOD);
    let twice = request.header(AUTHORIZATION, &good).header(AUTHORIZATION, &good);
    assert_eq!(answer(twice.send().await.expect("an answer")).await, unauthorized());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_in_the_body_are_refused_alone_and_beside_basic() {
    let gateway = Gateway::start().await;
    let known = gateway.world.gateway().customer.clone();
    let (id, secret) = (known.client_id.as_str(), known.client_secret.as_str());
    let good = basic(format!("{id}:{secret}"));
    for extra in [format!("client_id={id}&client_secret={secret}"), format!("client_secret={secret}")] {
        let body = format!("{GOOD}&{extra}");
        assert_eq!(ask(&gateway, None, body.clone()).await, unauthorized(), "this customer's method is Basic");
        assert_eq!(ask(&gateway, Some(&good), body).await, field(), "both at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused_and_cost_nothing() {
    let gateway = Gateway::start().await;
    let known = gateway.world.gateway().customer.clone();
    let good = basic(format!("{}:{}", known.client_id, known.client_secret));
    let too_large = error(413, "invalid_request", "The body is over 16 KiB or the URL is over 8 KiB.");
    let grant = error(400, "invalid_grant", "The requested grant type is invalid, unknown or malformed.");
    let scope = error(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.");
    let bodies: [(&str, Vec<u8>, &Answer); 9] = [
        ("1 MB", vec![b'x'; 1 << 20], &too_large),
        ("nothing", Vec::new(), &field()),
        ("a duplicate", format!("{GOOD}&grant_type=client_credentials").into(), &field()),
        ("a duplicate that nobody knows", format!("{GOOD}&x=1&x=2").into(), &field()),
        ("a duplicate in disguise", format!("{GOOD}&%73cope=otp").into(), &field()),
        ("no UTF-8", b"grant_type=client_credentials&scope=\xff\xfe".to_vec(), &scope),
        ("a NUL in the scope", b"grant_type=client_credentials&scope=otp%00".to_vec(), &scope),
        ("a NUL in the grant", b"grant_type=client_credentials%00&scope=otp".to_vec(), &grant),
        ("a name in another case", b"Grant_Type=client_credentials&scope=otp".to_vec(), &field()),
    ];
    for (what, body, refused) in bodies {
        assert_eq!(&ask(&gateway, Some(&good), body).await, refused, "{what}");
    }
    assert_eq!(ask(&gateway, Some(&good), GOOD).await.0, 200);
    let json = client().post(format!("{}/v1/oauth/token", gateway.url)).header(AUTHORIZATION, &good);
    let json = json.header(CONTENT_TYPE, "application/json").body(r#"{"grant_type":"client_credentials"}"#);
    assert_eq!(json.send().await.expect("an answer").status(), 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn get_is_no_way_to_ask_for_a_token() {
    let gateway = Gateway::start().await;
    let known = gateway.world.gateway().customer.clone();
    let request = client().get(format!("{}/v1/oauth/token?{GOOD}", gateway.url));
    let refused = request.basic_auth(&known.client_id, Some(&known.client_secret)).send().await.expect("an answer");
    assert_eq!((refused.status().as_u16(), &refused.headers()[ALLOW]), (405, &"POST".parse().expect("a header")));
    let query = client().post(format!("{}/v1/oauth/token?{GOOD}", gateway.url)).header(CONTENT_TYPE, FORM);
    let query = query.basic_auth(&known.client_id, Some(&known.client_secret)).send().await.expect("an answer");
    assert_eq!(answer(query).await, field(), "parameters in the query are none");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_of_two_secrets_is_good_while_one_is_turned_over() {
    let gateway = Gateway::start().await;
    let pepper = Pepper::parse(&gateway.world.env()["CUSTOMER_PEPPER"]).expect("a pepper");
    let next = "the-next-secret-of-this-customer";
    let secret = register(&gateway, "bank", |record| record.secret_hashes.push(SecretHash::of(next, &pepper))).await;
    for secret in [secret.as_str(), next] {
        Customer::sign_in_as(&gateway, "bank", secret, "otp").await;
    }
    assert_eq!(ask(&gateway, Some(&basic("bank:neither")), GOOD).await, unauthorized());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_is_refused_as_a_known_one_with_a_wrong_secret() {
    let gateway = Gateway::start().await;
    register(&gateway, "gone", |record| record.enabled = false).await;
    let mut answers = Vec::new();
    for id in [gateway.world.gateway().customer.client_id.as_str(), "nobody", "gone", "NOT an id"] {
        let request = client().post(format!("{}/v1/oauth/token", gateway.url)).header(CONTENT_TYPE, FORM).body(GOOD);
        let response = request.basic_auth(id, Some("wrong")).send().await.expect("an answer");
        let mut headers: Vec<_> = response.headers().iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
        // Each request is a trace of its own.
        headers.retain(|(name, _)| name != "date" && name != "traceresponse");
        answers.push((headers, answer(response).await));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].1, unauthorized());
}
