//! The life of one event that is no request: what a stream or a queue hands over, whole, and what Lambda is told of it.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use serde_json::Value;
use tracing::{Instrument, Span, field::Empty};

/// Has this process had an event before?
static WARM: AtomicBool = AtomicBool::new(false);

/// One function that no request reaches. Nobody waits for it, so there is nothing to be warmed.
pub trait Listener: Send + Sync {
    /// Stands in the place of an endpoint's path in the log and in metrics.
    const NAME: &'static str;

    /// `now`: Unix milliseconds. Of an `Err` Lambda is told no more than that, so that the source hands the event over again.
    fn hear(&self, event: &Value, now: u64) -> impl Future<Output = Result<Value, String>> + Send;
}

/// What Lambda is told of an event that has to come again.
const NOT_TAKEN: &str = "the event was not taken";

/// Hears one event and writes its line of log, as `serve` does for a request.
pub async fn hear<L: Listener>(
    listener: &L,
    event: &Value,
    request_id: Option<&str>,
    now: u64,
) -> Result<Value, &'static str> {
    let started = Instant::now();
    let span = tracing::error_span!(
        "request",
        request_id,
        endpoint = L::NAME,
        cold_start = !WARM.swap(true, Ordering::Relaxed),
        dynamodb_calls = 0,
        status = Empty,
        ms = Empty,
        error = Empty,
        webhooks_delivered = Empty,
        webhooks_failed = Empty,
        secrets_stale = Empty,
    );
    async {
        // Without its type: the compiler gives up on the depth of the whole.
        let heard: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(listener.hear(event, now));
        let heard = heard.await;
        let span = Span::current();
        span.record("status", if heard.is_ok() { 200 } else { 500 });
        span.record("ms", started.elapsed().as_millis() as u64);
        heard.map_err(|error| {
            span.record("error", error);
            NOT_TAKEN
        })
    }
    .instrument(span)
    .await
}
