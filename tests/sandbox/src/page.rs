//! The sandbox's own listener: the page with a phone and what is said around it, the shop that is open on the phone, its
//! backend, and the inbox for scripts. A local tool, but a browser visits other sites too: nothing here answers to them.

mod api;
mod phone;
mod reference;
mod refusals;
mod session;
mod shop;
mod usage;
mod webhooks;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use sna_sessions::Usage;

use crate::{
    customer::Customer,
    gateway::Gateway,
    inbox::{Inbox, Sms},
    operators::Operators,
    wire::Wire,
};
pub use reference::Reference;
use session::Sessions;
use webhooks::Webhooks;

const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SHOP_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The page, the shop's page on the phone, and the client that the shop uses.
const FILES: [(&str, &str, &str); 17] = [
    ("/", HTML, include_str!("../page/index.html")),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    ("/style.css", CSS, include_str!("../page/style.css")),
    ("/app.js", JS, include_str!("../page/app.js")),
    ("/calls.js", JS, include_str!("../page/calls.js")),
    ("/usage.js", JS, include_str!("../page/usage.js")),
    ("/words.js", JS, include_str!("../page/words.js")),
    ("/shop", HTML, include_str!("../page/shop.html")),
    // The shop's `redirect_uri`.
    ("/customer/callback", HTML, include_str!("../page/shop.html")),
    ("/shop.css", CSS, include_str!("../page/shop.css")),
    ("/shop.js", JS, include_str!("../page/shop.js")),
    ("/phone.js", JS, include_str!("../page/phone.js")),
    ("/client/index.js", JS, include_str!("../../../infra/clients/web/dist/index.js")),
    ("/client/silent.js", JS, include_str!("../../../infra/clients/web/dist/silent.js")),
    ("/client/code.js", JS, include_str!("../../../infra/clients/web/dist/code.js")),
    ("/client/errors.js", JS, include_str!("../../../infra/clients/web/dist/errors.js")),
    ("/client/wire.js", JS, include_str!("../../../infra/clients/web/dist/wire.js")),
];

/// What the handlers share.
#[derive(Clone)]
struct Page(Arc<Shared>);

struct Shared {
    gateway: Gateway,
    customer: Customer,
    inbox: Inbox,
    operators: Operators,
    wire: Wire,
    sessions: Sessions,
    usage: Usage,
    webhooks: Webhooks,
    reference: Reference,
}

/// The page of this gateway, with the API reference that `reference` has, and the functions' log.
///
/// # Errors
/// When the customer's HTTP client cannot be built.
pub fn router(
    gateway: Gateway,
    inbox: Inbox,
    operators: Operators,
    wire: Wire,
    usage: Usage,
    reference: Reference,
) -> Result<Router, reqwest::Error> {
    let authority = gateway.sandbox.trim_start_matches("http://").to_owned();
    let customer = Customer::of(&gateway)?;
    let sessions = Sessions::default();
    let webhooks = Webhooks::default();
    let shared = Shared { gateway, customer, inbox, operators, wire, sessions, usage, webhooks, reference };
    let page = Page(Arc::new(shared));
    let files = FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        router.route(path, get(move || async move { ([(header::CONTENT_TYPE, kind)], text) }))
    });
    Ok(files
        .route("/docs", get(reference::moved))
        .route("/docs/", get(reference::index))
        .route("/docs/{file}", get(reference::file))
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/inbox/{msisdn}", get(inbox_of))
        .route("/usage", get(usage::usage))
        .route("/webhook", post(webhooks::receive))
        .route("/webhooks", get(webhooks::list))
        .route("/refusals", get(refusals::refusals))
        .route("/api/devices", get(api::devices))
        .route("/api/events", get(api::events))
        .route("/api/force", post(api::force))
        .route("/api/phone", post(phone::choose))
        .route("/phone/fetch", post(phone::fetch))
        .route("/phone/wallet", post(phone::wallet))
        .route("/shop/begin", post(shop::begin))
        .route("/shop/sms", post(shop::sms))
        .route("/shop/validate", post(shop::validate))
        .layer(from_fn_with_state(Arc::<str>::from(authority), own_pages_only))
        .layer(from_fn(no_embedding))
        .with_state(page))
}

async fn inbox_of(State(Page(page)): State<Page>, Path(msisdn): Path<String>) -> Json<Vec<Sms>> {
    // Scripts leave the `+` out.
    Json(page.inbox.messages(&format!("+{}", msisdn.trim().trim_start_matches('+'))))
}

/// Refuses what another site made the browser send: a foreign name for this address (DNS rebinding), a foreign origin,
/// and a POST that a plain form could make (anything but JSON). The phone's cookie is of the address, so the name
/// `localhost` leads there.
async fn own_pages_only(State(authority): State<Arc<str>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST).unwrap_or_default();
    if request.method() == "GET"
        && host.starts_with("localhost")
        && host.replacen("localhost", "127.0.0.1", 1) == *authority
    {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        return Redirect::temporary(&format!("http://{authority}{target}")).into_response();
    }
    let own_origin = text(headers, header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    let json = text(headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    if *host != *authority || !own_origin {
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
    let policy = match request.uri().path() {
        path if path.starts_with("/docs/") => reference::POLICY,
        // On the screen of the page's phone.
        "/shop" | "/customer/callback" => SHOP_POLICY,
        _ => POLICY,
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, next.run(request).await).into_response()
}

fn no_phone() -> Response {
    wrong(StatusCode::CONFLICT, "no phone was chosen in this browser").into_response()
}

/// An answer of the API that is not what the page hoped for.
fn wrong(status: StatusCode, error: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": error })))
}

#[cfg(test)]
#[path = "page/tests.rs"]
mod tests;
