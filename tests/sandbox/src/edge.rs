//! The edge before the local functions: a reverse proxy that says who called, as a load balancer does.
//! The local function runner reports 127.0.0.1 for every caller; here the peer's address is appended to
//! `X-Forwarded-For`, behind whatever the client claimed, so that trusting one proxy finds the truth; and
//! `X-Forwarded-Proto` says which of the two listeners took the request.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

const BODY: usize = 1024 * 1024;
/// A little more than API Gateway waits for a function (29 s).
const PATIENCE: Duration = Duration::from_secs(30);
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What is reached over plain http, and nothing else is.
const ENRICH: &str = "/v1/enrich/";
/// RFC 9110 7.6.1: these belong to one connection. The length is computed anew from the body.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::CONTENT_LENGTH,
];

/// Which listener this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Where customers and handsets come; it stands for the one that ends TLS.
    Public,
    /// Where operators' proxies bring handsets, to be enriched.
    Plain,
}

#[derive(Clone)]
struct Upstream {
    http: reqwest::Client,
    url: String,
    listener: Listener,
}

/// Passes every request of its own to `upstream` (`http://host:port`, no slash at the end).
///
/// # Errors
/// When the HTTP client cannot be built.
pub fn router(upstream: &str, listener: Listener) -> Result<Router, reqwest::Error> {
    let http = crate::http::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?;
    Ok(Router::new().fallback(forward).with_state(Upstream { http, url: upstream.to_owned(), listener }))
}

async fn forward(
    State(upstream): State<Upstream>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let is_plain = upstream.listener == Listener::Plain;
    if head.uri.path().starts_with(ENRICH) != is_plain {
        return refusal(StatusCode::NOT_FOUND, "Not Found");
    }
    let Ok(body) = to_bytes(body, BODY).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut headers = end_to_end(&head.headers);
    append_peer(&mut headers, peer);
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(if is_plain { "http" } else { "https" }));
    let mut onward = upstream.http.request(head.method, format!("{}{target}", upstream.url)).headers(headers);
    if !body.is_empty() {
        onward = onward.body(body);
    }
    match answer(onward).await {
        Ok(answer) => answer.into_response(),
        Err(error) if error.is_timeout() => refusal(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"),
        Err(_) => refusal(StatusCode::BAD_GATEWAY, "Bad Gateway"),
    }
}

async fn answer(onward: reqwest::RequestBuilder) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
    let response = onward.send().await?;
    let (status, headers) = (response.status(), end_to_end(response.headers()));
    Ok((status, headers, response.bytes().await?))
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    for name in named.flat_map(|value| value.split(',')) {
        kept.remove(name.trim());
    }
    for name in HOP_BY_HOP {
        kept.remove(name);
    }
    kept
}

fn append_peer(headers: &mut HeaderMap, peer: SocketAddr) {
    let claimed = headers.get_all(FORWARDED_FOR).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut chain: Vec<String> = claimed.map(|value| value.into_owned()).collect();
    chain.push(peer.ip().to_string());
    // A claim that cannot be written again (bytes outside ASCII) is dropped rather than the truth.
    let whole = chain.join(", ").parse().or_else(|_| peer.ip().to_string().parse());
    if let Ok(value) = whole {
        headers.insert(FORWARDED_FOR, value);
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use axum::{Router, extract::Request};

    use super::Listener;
    use crate::listen::{Bound, Servers};

    /// Answers with the request it got: method, target, the proxy chain, the scheme, a header and the body.
    async fn echo(request: Request) -> String {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let (chain, scheme, test) = (header("x-forwarded-for"), header("x-forwarded-proto"), header("x-test"));
        let body = String::from_utf8(body.to_vec()).unwrap();
        format!("{} {} {chain:?} {scheme:?} {test:?} {body}", head.method, head.uri)
    }

    async fn edge_before(router: Router) -> (String, Servers) {
        listener_before(router, Listener::Public).await
    }

    async fn listener_before(router: Router, listener: Listener) -> (String, Servers) {
        let (mut servers, back, front) = (Servers::new(), Bound::at(0).await.unwrap(), Bound::at(0).await.unwrap());
        let url = front.url();
        servers.serve(front, super::router(&back.url(), listener).unwrap());
        servers.serve(back, router);
        (url, servers)
    }

    #[tokio::test]
    async fn the_peer_is_appended_behind_what_the_client_claims() {
        let (url, _servers) = edge_before(Router::new().fallback(echo)).await;
        let handset = crate::http::builder().local_address(std::net::IpAddr::from([127, 0, 2, 20])).build();
        let request = handset.unwrap().put(format!("{url}/v1/a%20b?c=d%2B")).header("x-forwarded-for", "8.8.8.8");
        let seen = request.header("x-test", "kept").body("payload").send().await.unwrap().text().await.unwrap();
        assert_eq!(seen, r#"PUT /v1/a%20b?c=d%2B Some("8.8.8.8, 127.0.2.20") Some("https") Some("kept") payload"#);
    }

    #[tokio::test]
    async fn each_listener_has_its_own_paths_and_says_its_scheme_over_the_clients() {
        for (listener, path, scheme, other) in [
            (Listener::Public, "/v1/callback/x", "https", "/v1/enrich/x"),
            (Listener::Plain, "/v1/enrich/x", "http", "/v1/callback/x"),
        ] {
            let (url, _servers) = listener_before(Router::new().fallback(echo), listener).await;
            let claims = |path: &str| {
                let request = crate::http::client().get(format!("{url}{path}"));
                request.header("x-forwarded-proto", "http").header("x-forwarded-proto", "https").send()
            };
            let seen = claims(path).await.unwrap().text().await.unwrap();
            assert_eq!(seen, format!(r#"GET {path} Some("127.0.0.1") Some("{scheme}") None "#));
            assert_eq!(claims(other).await.unwrap().status(), 404, "{other}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_passed_on_and_not_followed() {
        let away = Router::new().fallback(|| async { axum::response::Redirect::to("http://127.0.0.1:1/") });
        let (url, _servers) = edge_before(away).await;
        let curious = crate::http::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        assert_eq!(curious.get(url).send().await.unwrap().status(), 303);
    }

    #[tokio::test]
    async fn without_functions_behind_it_the_edge_says_bad_gateway() {
        let (mut servers, front) = (Servers::new(), Bound::at(0).await.unwrap());
        let url = front.url();
        // Nothing listens on port 1.
        servers.serve(front, super::router("http://127.0.0.1:1", Listener::Public).unwrap());
        let answer = crate::http::client().get(url).send().await.unwrap();
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.text().await.unwrap(), r#"{"message":"Bad Gateway"}"#);
    }
}
