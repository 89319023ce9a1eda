//! How often each request goes to DynamoDB, and how often it may.

use serde_json::json;

use crate::{
    Captured, Gateway,
    steps::{Customer, another, client, device, newest_code},
};

const VODAFONE: &str = "+447700900620";
const CHINA_MOBILE: &str = "+8613900000020";
const DIALOG: &str = "+94771234520";

/// The most that a request to a warm function sends, by its endpoint's path.
pub const MOST: [(&str, u64); 9] = [
    ("/v1/oauth/token", 0),
    ("/v1/get_config", 2),
    ("/v1/authenticate", 2),
    ("/v1/callback/", 3),
    ("/v1/enrich/", 3),
    ("/v1/authenticate/otp", 3),
    ("/v1/validate", 3),
    ("/v1/coverage", 1),
    ("/v1/.well-known/paseto-keys", 0),
];

/// Walks every endpoint in every way that an attempt is judged; the path of each request and what it sent, in order.
/// The first for a token is the process's first.
pub async fn count(gateway: &Gateway, logged: &Captured) -> Vec<(String, u64)> {
    let before = logged.requests().len();
    Customer::sign_in(gateway).await;
    let customer = Customer::sign_in(gateway).await;
    for number in [VODAFONE, CHINA_MOBILE, DIALOG] {
        let started = customer.start(&device(gateway, number), &[]).await;
        let payload = started.open(None).await.json();
        let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
        assert_eq!(verdict["authenticated"], "true", "{number}");
    }
    let started = customer.start(&device(gateway, VODAFONE), &[]).await;
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(gateway, &started.device);
    assert_eq!(customer.guess(&started, &another(&code)).await.1["authenticated"], "false");
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
    for path in ["coverage", ".well-known/paseto-keys"] {
        let request = client().get(format!("{}/v1/{path}", gateway.url)).bearer_auth(&customer.token);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let text = |line: &serde_json::Value| line["endpoint"].as_str().unwrap_or_default().to_owned();
    let lines = logged.requests().into_iter().skip(before);
    lines.map(|line| (text(&line), line["dynamodb_calls"].as_u64().unwrap_or(0))).collect()
}
