//! What each endpoint answers, literally, and whom it refuses.

use gateway_tests::Gateway;
use sandbox::dynamodb;
use serde_json::{Value, json};
use sna_customers::{
    ClientSecret, Customer as Record, CustomerId, Customers, Limits, Pepper, Scope, SecretHash, WireTypes,
};

use crate::steps::{Answer, Customer, answer, client, device, error, invalid};

/// Writes another customer; its secret.
pub async fn register(gateway: &Gateway, id: &str, change: impl FnOnce(&mut Record)) -> String {
    let pepper = Pepper::parse(&gateway.world.env()["CUSTOMER_PEPPER"]).expect("a pepper");
    let secret = ClientSecret::generate().expect("randomness");
    let mut record = Record {
        id: CustomerId::parse(id).expect("an id"),
        name: "Bank".into(),
        secret_hashes: vec![SecretHash::of(secret.expose(), &pepper)],
        scopes: [Scope::Authenticate, Scope::Otp].into(),
        redirect_uris: vec!["https://bank.example/back".into()],
        countries: Vec::new(),
        wire_types: WireTypes::Quoted,
        otp_template: None,
        otp_domain: Some("bank.example".into()),
        test_numbers: Vec::new(),
        limits: Limits::default(),
        enabled: true,
    };
    change(&mut record);
    let client = dynamodb::client(&gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    Customers::new(client, dynamodb::CUSTOMERS).put(&record).await.expect("written");
    secret.expose().to_owned()
}

async fn token(gateway: &Gateway, basic: Option<(&str, &str)>, body: &str) -> Answer {
    let request = client().post(format!("{}/v1/oauth/token", gateway.url)).body(body.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = match basic {
        Some((id, secret)) => request.basic_auth(id, Some(secret)),
        None => request,
    };
    answer(request.send().await.expect("an answer")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_keeps_its_contract() {
    let gateway = Gateway::start().await;
    let credentials = gateway.world.gateway().customer.clone();
    let known = Some((credentials.client_id.as_str(), credentials.client_secret.as_str()));
    for scope in
        ["authenticate", "otp", "authenticate otp", "authenticate+otp", "authenticate%2Botp", "otp%20authenticate"]
    {
        let (status, json) = token(&gateway, known, &format!("grant_type=client_credentials&scope={scope}")).await;
        assert_eq!(
            (status, &json["expires_in"], &json["token_type"]),
            (200, &json!("3600"), &json!("Bearer")),
            "{scope}"
        );
        assert_eq!(json.as_object().map(|json| json.len()), Some(3));
    }
    let field = invalid("The required field is missing or it is invalid.");
    let grant = error(400, "invalid_grant", "The requested grant type is invalid, unknown or malformed.");
    let scope = error(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.");
    for (body, refused) in [
        ("scope=otp", &field),
        ("grant_type=client_credentials", &field),
        ("grant_type=client_credentials&scope=", &field),
        ("grant_type=client_credentials&scope=otp&scope=otp", &field),
        ("grant_type=client_credentials&scope=otp&client_id=demo-shop", &field),
        ("grant_type=password&scope=otp", &grant),
        ("grant_type=client_credentials&scope=admin", &scope),
        ("grant_type=client_credentials&scope=otp,authenticate", &scope),
        ("grant_type=client_credentials&scope=%20", &scope),
    ] {
        assert_eq!(&token(&gateway, known, body).await, refused, "{body}");
    }
    let good = "grant_type=client_credentials&scope=otp";
    let unauthorized = error(401, "unauthorized_client", "Authentication required");
    let id = credentials.client_id.as_str();
    for basic in
        [None, Some((id, "")), Some((id, "wrong")), Some(("nobody", "wrong")), Some(("", "")), Some(("a\0b", "x"))]
    {
        assert_eq!(token(&gateway, basic, good).await, unauthorized, "{basic:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_only_the_scopes_that_it_has_and_none_when_disabled() {
    let gateway = Gateway::start().await;
    let secret = register(&gateway, "otp-only", |record| record.scopes = [Scope::Otp].into()).await;
    let refused = error(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.");
    for scope in ["authenticate", "authenticate otp"] {
        let body = format!("grant_type=client_credentials&scope={scope}");
        assert_eq!(token(&gateway, Some(("otp-only", &secret)), &body).await, refused);
    }
    let customer = Customer::sign_in_as(&gateway, "otp-only", &secret, "otp").await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    assert!(started.json.get("authorize").is_none(), "{}", started.json);
    let silent = client().get(format!("{}/v1/authenticate?id_token={}", gateway.url, started.id_token)).send().await;
    assert_eq!(answer(silent.expect("an answer")).await, refused);

    let secret = register(&gateway, "gone", |record| record.enabled = false).await;
    let unauthorized = error(401, "unauthorized_client", "Authentication required");
    let body = "grant_type=client_credentials&scope=otp";
    assert_eq!(token(&gateway, Some(("gone", &secret)), body).await, unauthorized);
}

#[tokio::test(flavor = "multi_thread")]
async fn get_config_answers_as_published() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[("correlation_id", "c-1")]).await;
    let (url, id_token) = (&gateway.url, &started.id_token);
    let expected = json!({
        "authorize": {
            "ajax": "false",
            "authorization_uri": format!("{url}/v1/authenticate?id_token={id_token}"),
            "request_config": { "headers": {}, "parameters": {} },
            "request_type": "GET",
        },
        "correlation_id": "c-1",
        "expires_in": "600",
        "id_token": id_token,
        "otp_authorization_uri": format!("{url}/v1/authenticate/otp?id_token={id_token}"),
    });
    assert_eq!(started.json, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_native_types_gets_numbers_and_booleans_everywhere() {
    let gateway = Gateway::start().await;
    let secret = register(&gateway, "native", |record| record.wire_types = WireTypes::Native).await;
    let customer = Customer::sign_in_as(&gateway, "native", &secret, "authenticate otp").await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    assert_eq!((&started.json["expires_in"], &started.json["authorize"]["ajax"]), (&json!(600), &json!(false)));
    let (_, sent) = started.send_otp().await;
    assert_eq!((&sent["expires_in"], &sent["attempts_left"]), (&json!(300), &json!(5)));
    let (_, verdict) = customer.guess(&started, "000000").await;
    if verdict["authenticated"] != json!(true) {
        assert_eq!((&verdict["authenticated"], &verdict["fallback_advised"]), (&json!(false), &json!(true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn get_config_refuses_by_the_rows_of_its_contract() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let field = invalid("The required field is missing or it is invalid.");
    let number = invalid("The provided request is invalid");
    let country = error(401, "unauthorized_client", "Authentication required");
    let redirect = error(400, "invalid_redirect_uri", "The redirect_uri provided is invalid.");
    let ask = |msisdn: &'static str, more: (&'static str, String)| {
        let customer = &customer;
        async move { customer.get_config(&[("msisdn", msisdn), ("client_ip", "148.252.128.20"), (more.0, &more.1)]).await }
    };
    let none = || ("x", String::new());
    for msisdn in [
        "+442079460000",
        "+44770090062",
        "00447700900620",
        "+4477009006200",
        "+44 7700900620",
        "+447700900６20",
        "abc",
        "+999123456789",
    ] {
        assert_eq!(ask(msisdn, none()).await, number, "{msisdn}");
    }
    assert_eq!(ask("+33639980301", none()).await, country);
    assert_eq!(ask("+447700900620", ("correlation_id", "x".repeat(129))).await, field);
    assert_eq!(ask("+447700900620", ("correlation_id", "a b".into())).await, field);
    assert_eq!(customer.get_config(&[("msisdn", "+447700900620"), ("client_ip", "300.1.1.1")]).await, field);
    let known = gateway.world.gateway().customer.redirect_uri.clone();
    for uri in [
        format!("{known}/"),
        format!("{known}?x"),
        known.to_uppercase(),
        "https://evil.test/".into(),
        "//evil.test".into(),
    ] {
        assert_eq!(ask("+447700900620", ("redirect_uri", uri.clone())).await, redirect, "{uri}");
    }
    assert_eq!(ask("+447700900620", ("redirect_uri", known)).await.0, 200);
    let (status, unknown) = ask("+447700900999", none()).await;
    assert_eq!(status, 200);
    assert_eq!(unknown["authorize"], invalid("Network provided is invalid").1);
    assert!(unknown["otp_authorization_uri"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_refuses_by_the_rows_of_its_contract() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[("correlation_id", "mine")]).await;
    let id_token = &started.id_token;
    let both = "Invalid request. Received both 'payload' and 'code' in validate request.";
    let code = "The required field `code` is missing or is invalid.";
    let payload = "The required field `payload` is missing or is invalid.";
    let field = "The required field is missing or it is invalid.";
    let token = "The provided token is invalid.";
    for (body, text) in [
        (json!({ "id_token": id_token, "code": "x", "payload": {} }), both),
        (json!({ "id_token": id_token, "code": "64a5b190-0000-0000-0000-000000000000" }), code),
        (json!({ "id_token": id_token, "payload": { "session_id": "x" } }), payload),
        (json!({ "id_token": id_token, "payload": { "authenticated": "true" } }), payload),
        (json!({ "id_token": id_token, "payload": [1] }), payload),
        (json!({ "id_token": id_token }), payload),
        (json!({ "id_token": id_token, "code": "", "payload": null, "otp_code": "" }), payload),
        (json!({ "id_token": id_token, "code": "x", "otp_code": "123456" }), field),
        (json!({ "code": "x" }), field),
        (json!({ "id_token": id_token, "code": 7 }), field),
        (json!({ "id_token": id_token, "correlation_id": "other", "code": "x" }), field),
        (json!({ "id_token": "x", "code": "x" }), token),
        (json!({ "id_token": customer.token, "code": "x" }), token),
        (Value::Null, field),
    ] {
        assert_eq!(customer.validate(&body).await, invalid(text), "{body}");
    }
    // None of it cost anything.
    let hop = started.open(None).await;
    let good = json!({ "id_token": id_token, "payload": hop.json(), "correlation_id": "mine" });
    assert_eq!(customer.validate(&good).await.1["authenticated"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_are_published_for_caches() {
    let gateway = Gateway::start().await;
    let url = format!("{}/v1/.well-known/paseto-keys", gateway.url);
    let response = client().get(url).send().await.expect("an answer");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let (status, json) = answer(response).await;
    assert_eq!((status, &json["issuer"]), (200, &json!(gateway.url)));
    let key = &json["keys"][0];
    assert!(key["kid"].as_str().is_some_and(|kid| kid.starts_with("k4.pid.")));
    assert_eq!(key["paserk"], gateway.world.env()["TOKEN_PUBLIC_KEYS"]);
}
