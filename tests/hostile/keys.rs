//! Signing keys that are turned over, through the functions: the new one signs, the old one verifies while it is listed,
//! and a key that is taken off the list opens nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use gateway_tests::{
    Event, Gateway, staged_adapters,
    steps::{Customer, Started, answer, client, device, error, invalid},
};
use serde_json::{Value, json};
use sna_tokens::{AccessToken, IdToken, Issuer, Scope, SigningKey};

struct Keys {
    old: SigningKey,
    new: SigningKey,
}

impl Keys {
    fn new() -> Self {
        let key = || SigningKey::generate().expect("randomness");
        Self { old: key(), new: key() }
    }

    fn public(key: &SigningKey) -> String {
        key.public_paserk().expect("a public key")
    }
}

/// A gateway that signs with one key and lists these.
async fn gateway(signs: &SigningKey, listed: &str) -> Gateway {
    let key = signs.paserk().expect("a key");
    let variables = [("TOKEN_KEY", key.as_str()), ("TOKEN_PUBLIC_KEYS", listed)];
    Gateway::with(Event::HttpApi, &staged_adapters(), &variables).await
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64
}

fn demo_access(gateway: &Gateway) -> AccessToken {
    let user_id = gateway.world.gateway().customer.client_id.clone();
    AccessToken { user_id, scope: Scope::Both, native: false }
}

fn key_id(token: &str) -> Value {
    let footer = token.rsplit('.').next().expect("a footer");
    let footer = BASE64_URL_SAFE_NO_PAD.decode(footer).expect("base64");
    serde_json::from_slice::<Value>(&footer).expect("JSON")["kid"].clone()
}

/// get_config with this access token: its status.
async fn get_config(gateway: &Gateway, token: &str) -> (u16, Value) {
    let form = [("msisdn", "+447700900620"), ("client_ip", "148.252.128.20")];
    let request = client().post(format!("{}/v1/get_config", gateway.url)).bearer_auth(token).form(&form);
    answer(request.send().await.expect("an answer")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_key_signs_and_the_old_ones_tokens_live_to_their_end() {
    let keys = Keys::new();
    let listed = format!("{},{}", Keys::public(&keys.old), Keys::public(&keys.new));
    let gateway = gateway(&keys.new, &listed).await;
    let token = Issuer::new(keys.old, &gateway.url).access(&demo_access(&gateway), now(), 300).expect("a token");
    let (status, config) = get_config(&gateway, &token).await;
    assert_eq!(status, 200, "{config}");
    let fresh = Customer::sign_in(&gateway).await;
    let id_token = config["id_token"].as_str().expect("an id_token");
    assert_eq!(key_id(&fresh.token), key_id(id_token), "both are signed with the new key");
    assert_ne!(key_id(&fresh.token), key_id(&token));
    gateway.advance(Duration::from_secs(301));
    assert_eq!(get_config(&gateway, &token).await, error(401, "unauthorized_client", "Authentication required"));
    assert_eq!(get_config(&gateway, &fresh.token).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_began_under_the_old_key_is_finished_under_the_new_one() {
    let keys = Keys::new();
    let listed = format!("{},{}", Keys::public(&keys.old), Keys::public(&keys.new));
    let gateway = gateway(&keys.new, &listed).await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    // The same id_token as the old key would have signed it.
    let payload = started.id_token.split('.').nth(2).expect("a payload");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let claims: IdToken = serde_json::from_slice(&payload[..payload.len() - 64]).expect("claims");
    let id_token = Issuer::new(keys.old, &gateway.url).id(&claims, now(), 300).expect("a token");
    let uri = format!("{}/v1/authenticate?id_token={id_token}", gateway.url);
    let json = json!({ "authorize": { "authorization_uri": uri } });
    let started = Started { json, id_token, device: started.device };
    let payload = started.open(None).await.json();
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
    assert_eq!(verdict["authenticated"], "true", "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_taken_away_fails_closed_everywhere() {
    let keys = Keys::new();
    let gateway = gateway(&keys.new, &Keys::public(&keys.new)).await;
    let customer = Customer::sign_in(&gateway).await;
    let removed = Issuer::new(keys.old, &gateway.url);
    let access = removed.access(&demo_access(&gateway), now(), 300).expect("a token");
    let unauthorized = error(401, "unauthorized_client", "Authentication required");
    assert_eq!(get_config(&gateway, &access).await, unauthorized);
    let validate = client().post(format!("{}/v1/validate", gateway.url)).bearer_auth(&access).json(&json!({}));
    assert_eq!(answer(validate.send().await.expect("an answer")).await, unauthorized);
    let claims = IdToken {
        jti: "9a2d8e1c-0000-4000-8000-000000000000".into(),
        user_id: demo_access(&gateway).user_id,
        scope: Scope::Both,
        network: Some("VODAFONE".into()),
        vendor_type: Some("vodafone".into()),
        redirect_uri: None,
    };
    let id_token = removed.id(&claims, now(), 300).expect("a token");
    let token = invalid("The provided token is invalid.");
    assert_eq!(customer.validate(&json!({ "id_token": id_token, "code": "x" })).await, token);
    for (path, refused) in
        [("/v1/authenticate", token), ("/v1/authenticate/otp", invalid("The provided token is invalid"))]
    {
        let request = client().get(format!("{}{path}", gateway.url)).query(&[("id_token", &id_token)]);
        assert_eq!(answer(request.send().await.expect("an answer")).await, refused, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_key_is_published_for_five_minutes() {
    let keys = Keys::new();
    let publics = [Keys::public(&keys.old), Keys::public(&keys.new)];
    let gateway = gateway(&keys.new, &publics.join(" , ")).await;
    let url = format!("{}/v1/.well-known/paseto-keys", gateway.url);
    let response = client().get(url).send().await.expect("an answer");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let (_, json) = answer(response).await;
    let published = json["keys"].as_array().expect("keys");
    assert_eq!(published.len(), 3);
    let statements = gateway.world.env()["STATEMENT_PUBLIC_KEYS"].clone();
    for public in publics.iter().chain([&statements]) {
        assert!(published.iter().any(|key| key["paserk"] == **public), "{public}");
    }
    let signed = key_id(&Customer::sign_in(&gateway).await.token);
    assert!(published.iter().any(|key| key["kid"] == signed && key["paserk"] == publics[1]));
    assert!(!json.to_string().contains("k4.secret"));
}
