//! What a developer reads of a refusal: the log says which parameter or header, and why, and never its value.

use gateway_tests::{Captured, Gateway};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sna_api::wire;
use tracing::Level;

use crate::steps::{Customer, another, client, device, newest_code, register};

const NUMBER: &str = "+447700900620";
/// Where a value stands that no line may hold.
const MARK: &str = "marked7f3ac2";

/// What one refusal must look like: where, its status, its field, and a word of why.
type Expected = (&'static str, u16, &'static str, &'static str);

struct Desk {
    logs: Captured,
    gateway: Gateway,
    customer: Customer,
    seen: usize,
}

impl Desk {
    async fn new() -> Self {
        let (logs, gateway) = (Captured::begin(Level::INFO), Gateway::start().await);
        let customer = Customer::sign_in(&gateway).await;
        let seen = logs.requests().len();
        Self { logs, gateway, customer, seen }
    }

    fn at(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("{}{path}", self.gateway.url))
    }

    fn signed_in(&self, path: &str) -> RequestBuilder {
        self.at(Method::POST, path).bearer_auth(&self.customer.token)
    }

    /// The line of the last request.
    fn last(&mut self) -> Value {
        let lines = self.logs.requests();
        assert_eq!(lines.len(), self.seen + 1, "one line more");
        self.seen += 1;
        lines[self.seen - 1].clone()
    }

    async fn refuses(&mut self, request: RequestBuilder, (endpoint, status, field, why): Expected) {
        let answer = request.send().await.expect("an answer");
        let line = self.last();
        assert_eq!((answer.status().as_u16(), &line["status"]), (status, &json!(status)), "{line}");
        let said = line["error"].as_str().unwrap_or_else(|| panic!("no reason in {line}"));
        assert!(said.contains(why), "{said}, and not {why}");
        assert_eq!((&line["endpoint"], &line["field"]), (&json!(endpoint), &json!(field)), "{line}");
        let answer: Value = answer.json().await.expect("JSON");
        let rows = wire::ALL.iter().map(|row| json!({ "error": row.error, "error_description": row.description }));
        assert!(rows.into_iter().any(|row| row == answer), "the caller is told the contract's text alone: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_in_its_line_with_the_parameter() {
    let mut desk = Desk::new().await;
    let token = "/v1/oauth/token";
    let (id, secret) = (desk.gateway.customer.client_id.clone(), desk.gateway.customer.client_secret.clone());
    for (fields, status, field, why) in [
        (vec![("scope", "otp")], 400, "grant_type", "missing"),
        (vec![("grant_type", MARK), ("scope", "otp")], 400, "grant_type", "client_credentials"),
        (vec![("grant_type", "client_credentials")], 400, "scope", "missing"),
        (vec![("grant_type", "client_credentials"), ("scope", MARK)], 400, "scope", "unknown"),
        (vec![("scope", "otp"), ("scope", MARK)], 400, "scope", "repeated"),
        (vec![(MARK, "a"), (MARK, "b")], 400, "another parameter", "repeated"),
        (vec![("client_id", MARK)], 400, "client_id", "header and in the body"),
    ] {
        let request = desk.at(Method::POST, token).basic_auth(&id, Some(&secret)).form(&fields);
        desk.refuses(request, (token, status, field, why)).await;
    }
    let form = [("grant_type", "client_credentials"), ("scope", "otp")];
    for (request, why) in [
        (desk.at(Method::POST, token), "no Basic"),
        (desk.at(Method::POST, token).basic_auth(&id, Some(MARK)), "another secret"),
        (desk.at(Method::POST, token).basic_auth(format!("{MARK} "), Some("x")), "none"),
    ] {
        desk.refuses(request.form(&form), (token, 401, "Authorization", why)).await;
    }

    let begin = "/v1/get_config";
    let good = json!({ "msisdn": NUMBER, "client_ip": "148.252.128.20" });
    for (name, value, status, field, why) in [
        ("msisdn", json!(null), 400, "msisdn", "missing"),
        ("msisdn", json!("+4477009006201"), 400, "msisdn", "length"),
        ("msisdn", json!("+819012345678"), 401, "msisdn", "country"),
        ("client_ip", json!(""), 400, "client_ip", "missing"),
        ("client_ip", json!(MARK), 400, "client_ip", "not an address"),
        ("client_ip", json!("10.0.0.1"), 400, "client_ip", "private"),
        ("correlation_id", json!("a b"), 400, "correlation_id", "visible ASCII"),
        ("redirect_uri", json!("https://marked7f3ac2.example"), 400, "redirect_uri", "list"),
        ("msisdn", json!(7), 400, "body", "JSON"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let request = desk.signed_in(begin).json(&body);
        desk.refuses(request, (begin, status, field, why)).await;
    }
    let keyed = |desk: &Desk, key: &str, more: Value| {
        let mut body = good.clone();
        body["correlation_id"] = more;
        desk.signed_in(begin).header("idempotency-key", key).json(&body)
    };
    assert_eq!(keyed(&desk, "k", json!("order-1")).send().await.expect("an answer").status(), 200);
    desk.last();
    for (request, status, field, why) in [
        (keyed(&desk, "k", json!("order-2")), 422, "Idempotency-Key", "another body"),
        (keyed(&desk, "other", json!("order-1")), 400, "correlation_id", "lives"),
        (keyed(&desk, "a b", json!("order-3")), 400, "Idempotency-Key", "visible ASCII"),
        (desk.signed_in(begin).header("content-type", "text/plain").body(MARK), 415, "Content-Type", "form"),
        (desk.signed_in(begin).body(format!("msisdn={}", "7".repeat(17_000))), 413, "body", "too large"),
        (desk.at(Method::POST, begin).bearer_auth(MARK), 401, "Authorization", "v4.public"),
        (desk.at(Method::POST, begin).json(&good), 401, "Authorization", "no Bearer"),
        (desk.at(Method::GET, begin), 405, "method", "not allowed"),
    ] {
        desk.refuses(request, (begin, status, field, why)).await;
    }
    assert!(!desk.logs.functions().contains(MARK), "a value is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_proof_is_in_its_line_with_the_parameter() {
    let mut desk = Desk::new().await;
    let started = desk.customer.start(&device(&desk.gateway, NUMBER), &[("correlation_id", "order-1")]).await;
    let secret = register(&desk.gateway, "silent-only", |_| ()).await;
    let other = Customer::sign_in_as(&desk.gateway, "silent-only", &secret, "authenticate").await;
    let theirs = other.start(&device(&desk.gateway, NUMBER), &[]).await;
    desk.seen = desk.logs.requests().len();
    let (validate, otp, authenticate) = ("/v1/validate", "/v1/authenticate/otp", "/v1/authenticate");
    let good = json!({ "id_token": started.id_token });
    for (more, field, why) in [
        (json!({ "id_token": null }), "id_token", "missing"),
        (json!({ "id_token": 7 }), "id_token", "not a text"),
        (json!({ "id_token": MARK }), "id_token", "v4.public"),
        (json!({ "id_token": theirs.id_token, "code": "x" }), "id_token", "another customer's"),
        (json!({ "correlation_id": MARK, "otp_code": "123456" }), "correlation_id", "not the session's"),
        (json!({ "otp_code": 123_456 }), "otp_code", "not a text"),
        (json!({ "otp_code": "12345" }), "otp_code", "length"),
        (json!({ "otp_code": "123456", "code": MARK }), "otp_code", "comes with a code"),
        (json!({ "payload": {}, "code": MARK }), "payload", "comes with a code"),
        (json!({ "code": MARK }), "code", "not this session's"),
        (json!({}), "payload", "no proof"),
        (json!({ "payload": { "x": MARK } }), "payload", "no session_id"),
        (json!({ "payload": { "session_id": MARK } }), "payload", "not this session's"),
        (json!({ "payload": { "session_id": MARK }, "otp_code": "123456" }), "payload", "last code"),
        (json!({ "otp_code": "123456", "receipt": MARK }), "receipt", "neither"),
    ] {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let request = desk.signed_in(validate).json(&body);
        desk.refuses(request, (validate, 400, field, why)).await;
    }
    let request = desk.signed_in(validate).body("{");
    desk.refuses(request, (validate, 400, "body", "JSON")).await;

    for (path, query, field, why) in [
        (otp, String::new(), "id_token", "missing"),
        (otp, format!("?id_token={MARK}"), "id_token", "v4.public"),
        (otp, format!("?id_token={}", theirs.id_token), "id_token", "scope otp"),
        (authenticate, format!("?id_token={MARK}"), "id_token", "v4.public"),
        ("/v1/callback/", format!("vodafone?state={MARK}&code={MARK}"), "state", "none of ours"),
        ("/v1/callback/", "vodafone".to_owned(), "state", "missing"),
    ] {
        let request = desk.at(Method::GET, &format!("{path}{query}"));
        desk.refuses(request, (path, 400, field, why)).await;
    }
    assert_eq!(started.send_otp().await.0, 200);
    desk.last();
    let code = newest_code(&desk.gateway, &started.device);
    for (guess, times) in [(another(&code), 1), (code.clone(), 1)] {
        for _ in 0..times {
            desk.customer.guess(&started, &guess).await;
            desk.last();
        }
    }
    let spent = desk.signed_in(validate).json(&json!({ "id_token": started.id_token, "otp_code": code }));
    desk.refuses(spent, (validate, 400, "id_token", "already used")).await;
    let spent = desk.at(Method::GET, &format!("{authenticate}?id_token={}", started.id_token));
    desk.refuses(spent, (authenticate, 400, "id_token", "already used")).await;
    assert!(!desk.logs.functions().contains(MARK), "a value is in the log");
    assert!(desk.logs.requests().iter().filter(|line| line["status"] == 200).all(|line| line["field"].is_null()));
}
