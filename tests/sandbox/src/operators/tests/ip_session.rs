//! IPification's checks: coverage, the request object, the client's secret, userinfo.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use url::Url;

use super::bed::{Bed, answer, device, location, param};
use crate::handset::Handset;
use crate::operators::{ledger::random, now};

const JIO: &str = "jio_in";
const BACK: &str = "http://127.0.0.1:9/v1/callback/jio_in";
const REALM: &str = "/jio_in/auth/realms/ipification";

fn object(bed: &Bed, secret: &str, changes: &Value) -> String {
    let seconds = now() / 1000;
    let mut claims = json!({
        "iss": "gateway", "aud": format!("{}{REALM}/protocol/openid-connect/auth", bed.public), "iat": seconds,
        "exp": seconds + 120, "jti": random().unwrap(), "login_hint": "918123456720", "state": "S1",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let header = Header { typ: Some("oauth-authz-req+jwt".into()), ..Header::new(Algorithm::HS256) };
    encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn authorize(bed: &Bed, changes: &[(&str, Option<&str>)]) -> String {
    let object = object(bed, &bed.secret, &json!({}));
    let mut params = vec![
        ("response_type", "code"),
        ("client_id", "gateway"),
        ("redirect_uri", BACK),
        ("scope", "openid ip:phone_verify"),
        ("state", "S1"),
        ("request", &object),
    ];
    for (name, value) in changes {
        params.retain(|(other, _)| other != name);
        params.extend(value.map(|value| (*name, value)));
    }
    Url::parse_with_params(&format!("{}{REALM}/protocol/openid-connect/auth", bed.public), params).unwrap().into()
}

async fn walked(uri: &str, scenario: u8) -> Url {
    let hops = Handset::at(device(JIO, scenario).source_ip).unwrap().open(uri, Some(BACK)).await;
    Url::parse(hops.last().unwrap().location.as_deref().unwrap()).unwrap()
}

fn token(bed: &Bed, code: &str, secret: &str) -> RequestBuilder {
    bed.http.post(format!("{}{REALM}/protocol/openid-connect/token", bed.public)).form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("client_id", "gateway"),
        ("client_secret", secret),
    ])
}

fn userinfo(bed: &Bed, token: &str) -> RequestBuilder {
    let form = [("access_token", token)];
    bed.http.post(format!("{}{REALM}/protocol/openid-connect/userinfo", bed.public)).form(&form)
}

#[tokio::test]
async fn coverage_is_of_an_address_a_number_and_a_line() {
    let bed = Bed::start().await;
    let home = device(JIO, 20).client_ip.to_string();
    let number = "918123456720";
    for (address, phone, available) in [
        (home.as_str(), number, true),
        ("81.2.69.1", number, false),
        ("148.252.128.20", number, false),
        (&home, "447700900620", false),
        (&home, "918123456727", false),
        (&home, "918123456728", false),
    ] {
        let url = format!("{}{REALM}/coverage/{address}?client_id=gateway&phone={phone}", bed.public);
        let (status, found) = answer(bed.http.get(url)).await;
        assert_eq!((status, &found["available"]), (200, &json!(available)), "{address} {phone}");
    }
    for query in
        ["client_id=someone&phone=918123456720", "client_id=gateway", "client_id=gateway&phone=%2B918123456720"]
    {
        let url = format!("{}{REALM}/coverage/{home}?{query}", bed.public);
        assert_eq!(answer(bed.http.get(url)).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn the_number_comes_in_a_request_object_of_this_very_request() {
    let bed = Bed::start().await;
    let seconds = now() / 1000;
    let bad = [
        object(&bed, "wrong", &json!({})),
        object(&bed, &bed.secret, &json!({ "iss": "someone" })),
        object(&bed, &bed.secret, &json!({ "aud": "http://127.0.0.1:9" })),
        object(&bed, &bed.secret, &json!({ "exp": seconds - 1 })),
        object(&bed, &bed.secret, &json!({ "exp": seconds + 301 })),
        object(&bed, &bed.secret, &json!({ "state": "S2" })),
        object(&bed, &bed.secret, &json!({ "jti": "" })),
        bed.signed(&json!({ "login_hint": "918123456720" }), "JWT"),
    ];
    for object in &bad {
        let refused = bed.http.get(authorize(&bed, &[("request", Some(object))])).send().await.unwrap();
        assert_eq!(param(&location(&refused), "error").unwrap(), "invalid_request_object");
    }
    for changes in [
        &[("request", None)][..],
        &[("request", None), ("login_hint", Some("918123456720"))],
        &[("login_hint", Some("918123456720"))],
        &[("state", None)],
    ] {
        let refused = bed.http.get(authorize(&bed, changes)).send().await.unwrap();
        let error = param(&location(&refused), "error").unwrap();
        assert!(error.starts_with("invalid_request"), "{error}");
    }
    let plus = object(&bed, &bed.secret, &json!({ "login_hint": "+918123456720" }));
    let refused = bed.http.get(authorize(&bed, &[("request", Some(&plus))])).send().await.unwrap();
    assert_eq!(param(&location(&refused), "error").unwrap(), "invalid_request");
    let once = object(&bed, &bed.secret, &json!({}));
    for error in [None, Some("invalid_request_object")] {
        let answered = bed.http.get(authorize(&bed, &[("request", Some(&once))])).send().await.unwrap();
        assert_eq!(param(&location(&answered), "error").as_deref(), error);
    }
    for changes in [&[("redirect_uri", Some("http://127.0.0.1:9/"))][..], &[("client_id", Some("someone"))]] {
        let refused = bed.http.get(authorize(&bed, changes)).send().await.unwrap();
        assert!(refused.status() == 400 && !refused.headers().contains_key("location"));
    }
    let scope = bed.http.get(authorize(&bed, &[("scope", Some("openid"))])).send().await.unwrap();
    assert_eq!(param(&location(&scope), "error").unwrap(), "invalid_scope");
}

#[tokio::test]
async fn a_code_needs_the_secret_and_works_once_and_userinfo_speaks_in_strings() {
    let bed = Bed::start().await;
    let code_of = async || param(&walked(&authorize(&bed, &[]), 20).await, "code").unwrap();
    let wrong = token(&bed, &code_of().await, "wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let code = code_of().await;
    let (status, tokens) = answer(token(&bed, &code, &bed.secret)).await;
    assert_eq!(status, 200, "{tokens}");
    let access_token = tokens["access_token"].as_str().unwrap();
    let (status, found) = answer(userinfo(&bed, access_token)).await;
    assert_eq!((status, &found["phone_number_verified"]), (200, &json!("true")), "{found}");
    assert_eq!(found["login_hint"], "918123456720");
    assert!(!found["sub"].as_str().unwrap().contains("8123"));
    assert_eq!(answer(token(&bed, &code, &bed.secret)).await.1["error"], "invalid_grant");
    assert_eq!(answer(userinfo(&bed, access_token)).await.1["error"], "invalid_token", "the replay revoked it");
    assert_eq!(answer(userinfo(&bed, "guess")).await.0, 401);
}

#[tokio::test]
async fn another_sim_is_false_and_a_login_without_one_is_anonymous() {
    let bed = Bed::start().await;
    for (scenario, sub, verified) in [(21, None, "false"), (38, Some("anonymous"), "true")] {
        let hint = format!("9181234567{scenario}");
        let object = object(&bed, &bed.secret, &json!({ "login_hint": hint }));
        let back = walked(&authorize(&bed, &[("request", Some(&object))]), scenario).await;
        let (_, tokens) = answer(token(&bed, &param(&back, "code").unwrap(), &bed.secret)).await;
        let (_, found) = answer(userinfo(&bed, tokens["access_token"].as_str().unwrap())).await;
        assert_eq!(found["phone_number_verified"], verified, "{found}");
        assert!(sub.is_none_or(|sub| found["sub"] == sub), "{found}");
    }
}
