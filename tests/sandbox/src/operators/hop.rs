//! The mobile gateway: plain http, between the handset and the operator's origin. It removes what a client says about
//! itself and adds what the network knows, for the SIMs of that network alone.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Operators, join};

const NUMBER: HeaderName = HeaderName::from_static("x-msisdn");
const CLIENT: HeaderName = HeaderName::from_static("x-wap-client-ip");

/// Names by which mobile gateways tell a number, besides everything with `msisdn` in it and `x-wap-…`.
const OTHER_NAMES: [&str; 2] = ["x-up-calling-line-id", "x-up-subno"];

/// Headers of one connection only (RFC 9110 7.6.1), and those that reqwest writes itself.
const CONNECTION_ONLY: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// `GET /{network}/seam`, forwarded to the origin.
pub async fn forward(
    State(operators): State<Operators>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(network): Path<String>,
    request: Request,
) -> Response {
    let mut headers = without_claims(request.headers());
    if let Some(sim) = operators.0.radio.sim(peer.ip()).filter(|sim| sim.network.id == network) {
        let values =
            (HeaderValue::from_str(sim.msisdn.trim_start_matches('+')), HeaderValue::from_str(&peer.ip().to_string()));
        if let (Ok(number), Ok(client)) = values {
            headers.insert(NUMBER, number);
            headers.insert(CLIENT, client);
        }
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = join(&operators.0.settings.origin, path);
    match operators.0.http.get(url).headers(headers).send().await {
        Ok(answer) => pass_on(answer).await,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// The number that the gateway added: exactly one header, digits only. E.164.
pub fn enriched_number(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(NUMBER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let digits = value.to_str().ok()?;
    let plausible = (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then(|| format!("+{digits}"))
}

/// The headers of a request without what a client says of itself.
pub fn without_claims(headers: &HeaderMap) -> HeaderMap {
    let keep = |name: &HeaderName| {
        // An underscore reads as a hyphen in some servers.
        let name_text = name.as_str().replace('_', "-");
        let claims = name_text.contains("msisdn")
            || name_text.starts_with("x-wap-")
            || OTHER_NAMES.contains(&name_text.as_str());
        !claims && !CONNECTION_ONLY.contains(name)
    };
    headers.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub async fn pass_on(answer: reqwest::Response) -> Response {
    let status = answer.status();
    let headers = answer.headers().clone();
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = (status, body).into_response();
    for name in [header::LOCATION, header::CONTENT_TYPE, header::CACHE_CONTROL] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
