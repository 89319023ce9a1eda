//! A world, and environments of Lambda in it: each holds the functions, serves one request at a time, and is behind
//! proxies of its own, so that it is known whose request goes wrong and who dies of it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use gateway_tests::{
    Captured, Event, Functions, OPERATORS,
    faults::{Faults, Order, Proxy},
    profiles, staged_adapters,
};
use lambda_http::{
    Body,
    http::{HeaderMap, HeaderValue, Method},
};
use sandbox::world::{Ports, Settings, World};
use serde_json::Value;

/// Nobody listens there: handsets stop before they go to the gateway.
const PUBLIC_URL: &str = "http://127.0.0.1:9";

pub struct Bench {
    pub world: World,
    logs: Captured,
    _files: tempfile::TempDir,
}

/// One environment of Lambda.
pub struct Instance {
    pub faults: Faults,
    pub clock: Arc<AtomicU64>,
    functions: Functions,
    _dynamodb: Proxy,
    _sns: Proxy,
}

#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// Path and query.
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
    pub peer: IpAddr,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub json: Value,
}

/// What goes wrong with a request, and whether the environment dies of it there.
#[derive(Clone, Copy, Debug)]
pub struct Mishap {
    pub order: Order,
    pub kills: bool,
}

impl Bench {
    /// What the functions log from now on is kept; one bench a process.
    pub async fn start() -> Self {
        let (logs, files) = (Captured::begin(tracing::Level::INFO), tempfile::tempdir().expect("a temporary folder"));
        let settings = Settings {
            functions: None,
            public_url: PUBLIC_URL.to_owned(),
            enrich_url: PUBLIC_URL.to_owned(),
            profiles: vec![profiles()],
            ports: Ports::default(),
            operators: OPERATORS.to_owned(),
            directory: files.path().to_owned(),
            adapters: staged_adapters(),
            slow: Duration::from_millis(1),
        };
        let world = World::start(settings).await.expect("a world");
        world.write_tables().expect("the tables");
        Self { world, logs, _files: files }
    }

    /// Another environment, whose clock is its caller's.
    pub async fn instance(&self, clock: Arc<AtomicU64>) -> Instance {
        let (faults, mut env) = (Faults::default(), self.world.env().clone());
        let dynamodb = Proxy::start(&env["AWS_ENDPOINT_URL_DYNAMODB"], &faults).await;
        let sns = Proxy::start(&env["AWS_ENDPOINT_URL_SNS"], &faults).await;
        env.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb.url.clone());
        env.insert("AWS_ENDPOINT_URL_SNS".to_owned(), sns.url.clone());
        // A number is used by many histories an hour; what these limits do is tested elsewhere.
        for limit in ["OTP_SENDS_AN_HOUR", "OTP_SENDS_A_DAY", "OTP_SENDS_AN_HOUR_FOR_AN_ADDRESS"] {
            env.insert(limit.to_owned(), "1000000".to_owned());
        }
        let functions = Functions::new(Event::HttpApi, clock.clone(), env).await;
        Instance { faults, clock, functions, _dynamodb: dynamodb, _sns: sns }
    }

    /// Everything that the functions have logged.
    pub fn logged(&self) -> String {
        self.logs.functions()
    }
}

impl Instance {
    /// Answers a request, or dies of it.
    pub async fn call(&self, request: &Request, mishap: Option<Mishap>) -> Option<Answer> {
        self.faults.heal();
        if let Some(mishap) = mishap {
            self.faults.order(mishap.order);
        }
        let uri = request.uri.parse().expect("a URI");
        let body = Bytes::from(request.body.clone());
        let answer = self.functions.answer(&request.method, &uri, &request.headers, &body, request.peer);
        let response = match mishap {
            Some(Mishap { kills: true, .. }) => tokio::select! {
                response = answer => response,
                () = self.faults.struck() => return None,
            },
            _ => answer.await,
        };
        let location = response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let json = match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            Body::Binary(bytes) => serde_json::from_slice(bytes).unwrap_or(Value::Null),
            _ => Value::Null,
        };
        Some(Answer { status: response.status().as_u16(), location, json })
    }

    pub fn now(&self) -> u64 {
        self.functions.now()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Request {
    pub fn get(uri: &str, peer: IpAddr) -> Self {
        let uri = uri.trim_start_matches(PUBLIC_URL).to_owned();
        Self { method: Method::GET, uri, headers: HeaderMap::new(), body: String::new(), peer }
    }

    /// A form, or JSON if it begins like it, from a customer's backend.
    pub fn post(path: &str, authorization: &str, body: &str) -> Self {
        let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut request = Self::get(path, [192, 0, 2, 1].into());
        request.method = Method::POST;
        request.body = body.to_owned();
        request.with("content-type", kind).with("authorization", authorization)
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        self
    }
}
