//! The sandbox's own listener: the page that plays a handset, its API, the inbox for scripts, and the customer's page
//! at which flows end. A local tool, but a browser visits other sites too: nothing here answers to them.

mod api;
mod callback;
mod reference;
mod refusals;
mod usage;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{Path as Segment, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use sna_sessions::Usage;

use crate::{
    customer::Customer,
    gateway::Gateway,
    inbox::{Inbox, Sms},
    operators::Operators,
};
use api::Flows;
pub use reference::Reference;

/// What the handlers share.
#[derive(Clone)]
struct Page(Arc<Shared>);

struct Shared {
    gateway: Gateway,
    customer: Arc<Customer>,
    inbox: Inbox,
    operators: Operators,
    usage: Usage,
    /// The functions' log.
    log: PathBuf,
    flows: Flows,
    reference: Reference,
}

/// The page of this gateway, with the API reference that `reference` has.
///
/// # Errors
/// When the customer's HTTP client cannot be built.
pub fn router(
    gateway: Gateway,
    inbox: Inbox,
    operators: Operators,
    usage: Usage,
    directory: &Path,
    reference: Reference,
) -> Result<Router, reqwest::Error> {
    let authority = gateway.sandbox.trim_start_matches("http://").to_owned();
    let customer = Arc::new(Customer::of(&gateway)?);
    let (log, flows) = (directory.join(refusals::LOG), Flows::default());
    let page = Page(Arc::new(Shared { gateway, customer, inbox, operators, usage, log, flows, reference }));
    Ok(Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", include_str!("../page/index.html"))))
        .route("/app.js", get(|| file("text/javascript; charset=utf-8", include_str!("../page/app.js"))))
        .route("/style.css", get(|| file("text/css; charset=utf-8", include_str!("../page/style.css"))))
        .route("/docs", get(reference::moved))
        .route("/docs/", get(reference::index))
        .route("/docs/{file}", get(reference::file))
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/inbox/{msisdn}", get(inbox_of))
        .route("/usage", get(usage::usage))
        .route("/refusals", get(refusals::refusals))
        .route("/customer/callback", get(callback::page))
        .route("/api/devices", get(api::devices))
        .route("/api/inbox", get(api::inbox))
        .route("/api/flow", get(api::flow))
        .route("/api/operators", get(api::operators))
        .route("/api/force", post(api::force))
        .route("/api/begin", post(api::begin))
        .route("/api/open", post(api::open))
        .route("/api/validate", post(api::validate))
        .layer(from_fn_with_state(Arc::<str>::from(authority), own_pages_only))
        .layer(from_fn(no_embedding))
        .with_state(page))
}

async fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn inbox_of(State(Page(page)): State<Page>, Segment(msisdn): Segment<String>) -> Json<Vec<Sms>> {
    Json(page.inbox.messages(&e164(&msisdn)))
}

/// The number with its `+`, which scripts leave out and query strings turn into a space.
fn e164(msisdn: &str) -> String {
    format!("+{}", msisdn.trim().trim_start_matches('+'))
}

/// Refuses what another site made the browser send: a foreign name for this address (DNS rebinding), a foreign origin,
/// and a POST that a plain form could make (anything but JSON).
async fn own_pages_only(State(authority): State<Arc<str>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST).unwrap_or_default();
    let own_host = *host == *authority || host.replacen("localhost", "127.0.0.1", 1) == *authority;
    let own_origin = text(headers, header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    let json = text(headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    if !own_host || !own_origin {
        return (StatusCode::FORBIDDEN, "only the sandbox's own page may ask").into_response();
    }
    if request.method() == "POST" && !json {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "JSON only").into_response();
    }
    next.run(request).await
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("not text"))
}

async fn no_embedding(request: Request, next: Next) -> Response {
    let own = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let policy = if request.uri().path().starts_with("/docs/") { reference::POLICY } else { own };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, next.run(request).await).into_response()
}

/// An answer of the API that is not what the page hoped for.
fn wrong(status: StatusCode, error: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": error })))
}

#[cfg(test)]
#[path = "page/tests.rs"]
mod tests;
