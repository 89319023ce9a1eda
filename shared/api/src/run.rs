//! The life of one request.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use lambda_http::{Body, Response};
use tracing::{Instrument, Span, field::Empty};

use crate::{Answer, ApiError, Edge, Request, trace::Trace, wire};

/// Has this process had a request before?
static WARM: AtomicBool = AtomicBool::new(false);

/// One endpoint; one function.
pub trait Endpoint: Send + Sync {
    /// The path it serves. One that ends in `/` takes one more segment.
    const PATH: &'static str;
    const METHODS: &'static [&'static str];

    /// What takes time and can be done before the first request: the connection to the store is opened by a call that
    /// changes nothing. What comes of it does not matter.
    fn warm(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// `now`: Unix milliseconds.
    fn handle(&self, request: &Request, now: u64) -> impl Future<Output = Result<Answer, ApiError>> + Send;
}

/// Answers one request and writes its line of log. What a handler, or whoever works for it, knows beside, it records in the
/// fields that are empty here; `shared/api/src/metrics.rs` says which are metrics.
pub async fn serve<E: Endpoint>(endpoint: &E, edge: Edge, event: lambda_http::Request, now: u64) -> Response<Body> {
    let started = Instant::now();
    let request_id = lambda_http::RequestExt::lambda_context_ref(&event).map(|context| context.request_id.clone());
    let trace = Trace::of(&event);
    let request = Request::new(event, edge.trusted_proxies);
    let span = tracing::error_span!(
        "request",
        request_id,
        trace_id = trace.as_ref().map(|trace| trace.id.as_str()),
        span_id = trace.as_ref().map(|trace| trace.span.as_str()),
        xray_trace_id = trace.as_ref().and_then(|trace| trace.xray.as_deref()),
        endpoint = E::PATH,
        method = known_method(&request.method),
        cold_start = !WARM.swap(true, Ordering::Relaxed),
        dynamodb_calls = 0,
        status = Empty,
        ms = Empty,
        error = Empty,
        field = Empty,
        customer = Empty,
        network = Empty,
        network_by = Empty,
        address = Empty,
        reasons = Empty,
        outcome = Empty,
        verdict = Empty,
        silent_attempts = Empty,
        operator_ms = Empty,
        operator_failures = Empty,
        otp_sent = Empty,
        otp_verified = Empty,
        otp_refused = Empty,
        sms_usd_at_most = Empty,
        sms_failures = Empty,
        cause = Empty,
        secrets_stale = Empty,
    );
    async {
        let answer = match refuse::<E>(edge, &request) {
            Some(refusal) => Err(refusal),
            None => endpoint.handle(&request, now).await,
        };
        let answer = answer.unwrap_or_else(refused);
        let span = Span::current();
        span.record("status", answer.status());
        span.record("ms", started.elapsed().as_millis() as u64);
        let answer = match &trace {
            Some(trace) => answer.header("traceresponse", trace.response()),
            None => answer,
        };
        answer.into_response()
    }
    .instrument(span)
    .await
}

/// A method is any word that a client likes; the log has those that HTTP knows.
fn known_method(method: &str) -> &str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if known.contains(&method) { method } else { "another" }
}

/// What the log is told of it, and what the caller is.
fn refused(error: ApiError) -> Answer {
    let span = Span::current();
    span.record("error", error.cause.as_deref());
    span.record("field", error.field);
    error.into()
}

/// What is wrong with a request whatever the endpoint.
fn refuse<E: Endpoint>(edge: Edge, request: &Request) -> Option<ApiError> {
    if !edge.lets_in(&request.headers) {
        return Some(ApiError::from(wire::PATH).because("not through what is before the API"));
    }
    if !is_at(E::PATH, &request.path) {
        return Some(ApiError::at(wire::PATH, "path", "nothing is here"));
    }
    if !E::METHODS.contains(&request.method.as_str()) {
        return Some(
            ApiError::at(wire::METHOD, "method", "is not allowed here").header("allow", E::METHODS.join(", ")),
        );
    }
    request.too_large().map(|field| ApiError::at(wire::TOO_LARGE, field, "is too large"))
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
