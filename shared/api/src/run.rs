//! The life of a function and of one request in it.

use std::{
    future::Future,
    process::ExitCode,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use lambda_http::{Adapter, Body, LambdaEvent, Response, Service, request::LambdaRequest, service_fn};
use sna_config::{Env, Problems};
use tracing::{Instrument, field::Empty};
use tracing_subscriber::EnvFilter;

use crate::{Answer, ApiError, Request, tame, wire};

/// EX_USAGE of sysexits: the configuration is wrong, a restart will not help.
const BAD_CONFIGURATION: u8 = 64;

/// One endpoint; one function.
pub trait Endpoint: Sync {
    /// The path it serves. One that ends in `/` takes one more segment.
    const PATH: &'static str;
    const METHODS: &'static [&'static str];

    /// `now`: Unix milliseconds.
    fn handle(&self, request: &Request, now: u64) -> impl Future<Output = Result<Answer, ApiError>> + Send;
}

/// What is before the function.
#[derive(Clone, Copy, Default)]
pub struct Edge {
    /// How many proxies append to `X-Forwarded-For` in front of us; 0: the event's own source address counts.
    pub trusted_proxies: usize,
}

/// Reads the environment, then serves until the environment ends. A bad configuration names all its problems.
pub async fn main<E: Endpoint>(build: impl FnOnce(&mut Env<'_>) -> Option<E>) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false).with_env_filter(filter).init();
    let (endpoint, edge) = match configure(Env::process(), build) {
        Ok(built) => built,
        Err(problems) => {
            eprintln!("bad configuration:\n{problems}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let endpoint = &endpoint;
    let service = service_fn(move |event| async move {
        Ok::<_, std::convert::Infallible>(serve(endpoint, edge, event, clock()).await)
    });
    let mut adapter = Adapter::from(service);
    let tamed = service_fn(move |mut event: LambdaEvent<LambdaRequest>| {
        tame(&mut event.payload);
        adapter.call(event)
    });
    match lambda_http::lambda_runtime::run(tamed).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}

fn configure<E>(mut env: Env<'_>, build: impl FnOnce(&mut Env<'_>) -> Option<E>) -> Result<(E, Edge), Problems> {
    let edge = Edge { trusted_proxies: env.number("TRUSTED_PROXIES", 0, 0..=8) };
    let endpoint = build(&mut env);
    env.finish(endpoint.map(|endpoint| (endpoint, edge)))
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Answers one request and writes its line of log. Handlers add to the span what it has empty.
pub async fn serve<E: Endpoint>(endpoint: &E, edge: Edge, event: lambda_http::Request, now: u64) -> Response<Body> {
    let started = Instant::now();
    let request_id = lambda_http::RequestExt::lambda_context_ref(&event).map(|context| context.request_id.clone());
    let request = Request::new(event, edge.trusted_proxies);
    let span = tracing::info_span!(
        "request",
        request_id,
        endpoint = E::PATH,
        method = request.method,
        customer = Empty,
        network = Empty,
        network_by = Empty,
        address = Empty,
        reasons = Empty,
        outcome = Empty,
    );
    async {
        let (answer, cause) = match refuse::<E>(&request) {
            Some(refusal) => refused(refusal),
            None => endpoint.handle(&request, now).await.map_or_else(refused, |answer| (answer, None)),
        };
        let (status, ms) = (answer.status(), started.elapsed().as_millis() as u64);
        if status >= 500 {
            tracing::error!(status, ms, cause, "answered");
        } else {
            tracing::info!(status, ms, cause, "answered");
        }
        answer.into_response()
    }
    .instrument(span)
    .await
}

fn refused(error: ApiError) -> (Answer, Option<String>) {
    let cause = error.cause.clone();
    (error.into(), cause)
}

/// What is wrong with a request whatever the endpoint.
fn refuse<E: Endpoint>(request: &Request) -> Option<ApiError> {
    if !is_at(E::PATH, &request.path) {
        return Some(wire::PATH.into());
    }
    if !E::METHODS.contains(&request.method.as_str()) {
        return Some(ApiError::from(wire::METHOD).header("allow", E::METHODS.join(", ")));
    }
    request.is_too_large().then(|| wire::TOO_LARGE.into())
}

/// A stage's name or a custom domain's base path may stand before ours.
fn is_at(path: &str, requested: &str) -> bool {
    match path.strip_suffix('/') {
        None => requested.ends_with(path),
        Some(parent) => {
            requested.rsplit_once('/').is_some_and(|(before, last)| before.ends_with(parent) && !last.is_empty())
        }
    }
}
