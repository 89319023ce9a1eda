//! The functions on this thread, the world in a thread of its own: so the thread's own processor time is ours, and the
//! process's is the store's and the operators' too.

use std::{cell::OnceCell, net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gateway_tests::{Event, Functions};
use lambda_http::http::{HeaderMap, HeaderValue, Method, Uri, header};
use rustix::time::{ClockId, clock_gettime};
use sandbox::{gateway::Device, handset::Handset};
use serde_json::{Value, json};
use sna_bench::{
    Place,
    world::{self, Started},
};
use tokio::runtime::{Builder, Runtime};

const NUMBER: &str = "+447700900620";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What is measured, each by its place in a walk.
pub const STEPS: [&str; 11] = [
    "token",
    "get_config",
    "authenticate",
    "callback",
    "validate",
    "otp",
    "validate_code",
    "coverage",
    "keys",
    "silent_flow",
    "otp_flow",
];
/// A customer takes a token for an hour: a flow has none of its own.
const SILENT: [&str; 4] = ["get_config", "authenticate", "callback", "validate"];
const OTP: [&str; 3] = ["get_config", "otp", "validate_code"];

/// Whose time is taken.
#[derive(Clone, Copy)]
pub enum Clock {
    /// The processor's, of the functions' thread.
    Own,
    /// The processor's, of the whole process: the store and the operators too.
    Process,
    Wall,
}

impl Clock {
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "cpu",
            Self::Process => "cpu with the store",
            Self::Wall => "wall",
        }
    }

    fn now(self) -> Duration {
        let time = clock_gettime(match self {
            Self::Own => ClockId::ThreadCPUTime,
            Self::Process => ClockId::ProcessCPUTime,
            Self::Wall => ClockId::Monotonic,
        });
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
}

pub struct Bed {
    functions: Functions,
    device: Device,
    basic: String,
    /// The customer's access token as a header's value, once it has one.
    bearer: OnceCell<String>,
    handset: Handset,
    /// Of the functions: one thread, as Lambda's.
    runtime: Runtime,
    around: Started,
}

/// A walk that is under way.
struct Walk<'a> {
    bed: &'a Bed,
    clock: Clock,
    /// What each step took.
    took: Vec<(&'static str, Duration)>,
}

impl Bed {
    pub fn start(place: &Place) -> Self {
        let around = world::start(place).expect("a world");
        let (gateway, mut env) = (around.world().gateway(), around.unlimited());
        // No lookup is asked, whose answer would be another party's.
        env.insert("LOOKUP".to_owned(), String::new());
        let device = gateway.device(NUMBER).expect("a device").clone();
        let shop = &gateway.customer;
        let basic = BASE64_STANDARD.encode(format!("{}:{}", shop.client_id, shop.client_secret));
        let basic = format!("Basic {basic}");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let functions = runtime.block_on(Functions::new(Event::HttpApi, Arc::default(), env));
        let handset = Handset::at(device.source_ip).expect("a handset");
        Self { functions, device, basic, bearer: OnceCell::new(), handset, runtime, around }
    }

    /// Walks as far as `step` is; what that took.
    pub fn walk(&self, clock: Clock, step: &str) -> Duration {
        let mut walk = Walk { bed: self, clock, took: Vec::new() };
        self.runtime.block_on(async {
            match step {
                "token" => drop(walk.token().await),
                "coverage" | "keys" => walk.rest().await,
                "otp" | "validate_code" | "otp_flow" => walk.otp().await,
                _ => walk.silent().await,
            }
        });
        let part = |name: &&str| match step {
            "silent_flow" => SILENT.contains(name),
            "otp_flow" => OTP.contains(name),
            _ => *name == step,
        };
        walk.took.iter().filter(|(name, _)| part(name)).map(|(_, took)| *took).sum()
    }
}

impl Walk<'_> {
    /// Has a function answer, and takes the time; the answer's address or its JSON.
    async fn step(
        &mut self,
        name: &'static str,
        method: Method,
        uri: &str,
        said: &[(header::HeaderName, &str)],
        body: String,
    ) -> Value {
        let headers: HeaderMap =
            said.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("text"))).collect();
        // Nobody listens where the gateway says that it is: the walk brings to it what is sent there.
        let path = uri.strip_prefix(&*self.bed.around.world().gateway().url).unwrap_or(uri);
        let (uri, peer): (Uri, IpAddr) = (path.parse().expect("a path"), self.bed.device.source_ip);
        let event = self.bed.functions.event(&method, &uri, &headers, &body.into(), peer);
        let before = self.clock.now();
        let answer = self.bed.functions.serve(uri.path(), event).await;
        self.took.push((name, self.clock.now() - before));
        assert!(matches!(answer.status().as_u16(), 200 | 302), "{name}: {answer:?}");
        match answer.headers().get(header::LOCATION) {
            Some(location) => location.to_str().expect("text").into(),
            None => serde_json::from_slice(answer.body()).expect("JSON"),
        }
    }

    /// An access token, as a header's value.
    async fn token(&mut self) -> String {
        let said = [(header::AUTHORIZATION, &*self.bed.basic), (header::CONTENT_TYPE, FORM)];
        let body = "grant_type=client_credentials&scope=authenticate+otp".to_owned();
        let answer = self.step("token", Method::POST, "/v1/oauth/token", &said, body).await;
        format!("Bearer {}", text(&answer["access_token"]))
    }

    /// The same, taken once.
    async fn bearer(&mut self) -> String {
        if let Some(bearer) = self.bed.bearer.get() {
            return bearer.clone();
        }
        let bearer = self.token().await;
        self.bed.bearer.get_or_init(|| bearer).clone()
    }

    async fn get_config(&mut self, bearer: &str) -> Value {
        let said = [(header::AUTHORIZATION, bearer), (header::CONTENT_TYPE, FORM)];
        let body = format!("msisdn=%2B{}&client_ip={}", &NUMBER[1..], self.bed.device.client_ip);
        self.step("get_config", Method::POST, "/v1/get_config", &said, body).await
    }

    async fn validate(&mut self, name: &'static str, bearer: &str, body: Value) {
        let said = [(header::AUTHORIZATION, bearer), (header::CONTENT_TYPE, JSON)];
        let verdict = self.step(name, Method::POST, "/v1/validate", &said, body.to_string()).await;
        assert_eq!(verdict["authenticated"], "true");
    }

    async fn silent(&mut self) {
        let bearer = self.bearer().await;
        let started = self.get_config(&bearer).await;
        let uri = text(&started["authorize"]["authorization_uri"]);
        let operator = self.step("authenticate", Method::GET, &uri, &[], String::new()).await;
        let callback = format!("{}/v1/callback/vodafone", self.bed.around.world().gateway().url);
        let hops = self.bed.handset.open(&text(&operator), Some(&callback)).await;
        let back = hops.last().and_then(|hop| hop.location.clone()).expect("a way back from the operator");
        let payload = self.step("callback", Method::GET, &back, &[], String::new()).await;
        self.validate("validate", &bearer, json!({ "id_token": started["id_token"], "payload": payload })).await;
    }

    async fn otp(&mut self) {
        let bearer = self.bearer().await;
        let started = self.get_config(&bearer).await;
        let uri = text(&started["otp_authorization_uri"]);
        self.step("otp", Method::GET, &uri, &[], String::new()).await;
        let sms = self.bed.around.world().inbox().messages(NUMBER);
        let (_, code) = sms.first().expect("an SMS").text.rsplit_once('#').expect("a WebOTP line");
        self.validate("validate_code", &bearer, json!({ "id_token": started["id_token"], "otp_code": code })).await;
    }

    async fn rest(&mut self) {
        let bearer = self.bearer().await;
        self.step("coverage", Method::GET, "/v1/coverage", &[(header::AUTHORIZATION, &*bearer)], String::new()).await;
        self.step("keys", Method::GET, "/v1/.well-known/paseto-keys", &[], String::new()).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
