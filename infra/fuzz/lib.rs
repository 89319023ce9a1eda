//! What several targets need: events of AWS, the two protocol families as our operators set them, and a session.

use std::{
    future::Future,
    pin::pin,
    task::{self, Poll, Waker},
};

use serde_json::{Value, json};
use sna_adapter::{Adapter, Context};
use sna_protocols::{Camara, MobileConnect};

/// Unix seconds.
pub const NOW: u64 = 1_773_342_238;
pub const STATE: &str = "0b5c3f39-8a2e-4d84-9d4b-2b8f1f2f6a10.00112233445566778899aabbccddeeff";

static CAMARA: Camara = Camara::BOOK;

static MOBILE_CONNECT: MobileConnect = MobileConnect::SEAMLESS;

/// The families that end at the callback, by the book.
pub fn families() -> [&'static dyn Adapter; 2] {
    [&CAMARA, &MOBILE_CONNECT]
}

/// A session of an operator that is as strict as it can be configured.
pub fn context() -> Context {
    Context {
        msisdn: "+447700900620".into(),
        client_ip: "192.0.2.1".into(),
        callback_uri: "https://gateway.example/v1/callback/x".into(),
        state: STATE.into(),
        nonce: "nonce".into(),
        verifier: "verifier".into(),
        challenge: "challenge".into(),
        now: NOW,
        config: json!({
            "issuer": "https://op.example", "authorization_endpoint": "https://op.example/authorize",
            "token_endpoint": "https://op.example/token", "resource_endpoint": "https://op.example/verify",
            "jwks_uri": "https://op.example/jwks", "client_id": "gateway",
        }),
        ..Context::default()
    }
}

/// An event of API Gateway (HTTP API), as the functions take it. `None`: no event.
pub fn event(method: &str, path: &str, query: &str, headers: &Value, body: &str) -> Option<lambda_http::Request> {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "body": body, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "api", "domainName": "gw.example", "domainPrefix": "gw", "requestId": "r",
            "routeKey": "$default", "stage": "$default", "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": NOW * 1000,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
        },
    });
    let mut event: lambda_http::request::LambdaRequest = serde_json::from_value(event).ok()?;
    sna_api::tame(&mut event);
    Some(event.into())
}

/// The answer of a future that needs nobody else. One that waits has gone further than it should.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits for somebody"),
    }
}
