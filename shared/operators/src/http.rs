//! Calls an operator for its adapter: listed origins only, with the credentials that the adapter may not see.

use std::{collections::BTreeMap, time::Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use sna_adapter::{Answer, Auth, HttpRequest, HttpResponse, Unreachable};
use sna_outbound::Outbound;
use tracing::Span;
use url::Url;

use crate::{jwt, step::Errand, table::Operator};

const MAX_ANSWER: usize = 256 * 1024;
/// Names that are the connection's. With `host` an adapter would reach another site behind a listed
/// origin, with the others it would break the framing of the request.
const NOT_AN_ADAPTERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Performs the requests of adapters.
#[derive(Default)]
pub struct Http(pub(crate) Outbound);

impl Http {
    /// Performs one request of an adapter.
    pub async fn send(&self, errand: &Errand<'_>, request: &HttpRequest) -> Answer {
        let operator = errand.operator;
        let mut called = Called { started: Instant::now(), is_made: true, failed: true };
        let result = self.try_send(errand, request).await;
        called.is_made = !matches!(result, Err(Unreachable::Forbidden));
        called.failed = !matches!(&result, Ok(response) if response.status < 500);
        // Of what the host refused, nothing is repeated.
        let host = listed(operator, &request.url).and_then(|url| url.host_str().map(str::to_owned));
        let method = method(&request.method);
        let (status, failed) = match &result {
            Ok(response) => (response.status, None),
            Err(reason) => (0, Some(reason)),
        };
        let ms = called.ms();
        tracing::info!(adapter = operator.adapter, host, ?method, status, ?failed, ms, "operator");
        match result {
            Ok(response) => Answer::Http(response),
            Err(reason) => Answer::Unreachable { reason },
        }
    }

    async fn try_send(&self, errand: &Errand<'_>, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        let operator = errand.operator;
        let url = listed(operator, &request.url).ok_or(Unreachable::Forbidden)?;
        let method = method(&request.method).ok_or(Unreachable::Forbidden)?;
        let headers = headers(operator, request, &url)?;
        let (authorization, credentials) =
            authenticate(operator, &request.auth, errand.now).ok_or(Unreachable::Forbidden)?;
        let mut outgoing = reqwest::Request::new(method, url);
        *outgoing.timeout_mut() = Some(errand.deadline);
        *outgoing.headers_mut() = headers;
        if let Some(value) = authorization {
            let mut value = HeaderValue::try_from(value).map_err(|_| Unreachable::Failed)?;
            value.set_sensitive(true);
            outgoing.headers_mut().insert(AUTHORIZATION, value);
        }
        let body = [request.body.as_str(), &credentials].into_iter().filter(|part| !part.is_empty());
        *outgoing.body_mut() = Some(body.collect::<Vec<_>>().join("&").into());
        let response = self.0.send(outgoing, operator.allow_loopback, MAX_ANSWER).await?;
        let headers: BTreeMap<_, _> = response
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = String::from_utf8_lossy(&response.body).into_owned();
        Ok(HttpResponse { status: response.status, headers, body })
    }
}

/// A call in the line of the current request, which has it too where the step's deadline cut the call off.
struct Called {
    started: Instant,
    /// Not where the host refused: of that the operator has heard nothing.
    is_made: bool,
    failed: bool,
}

impl Called {
    fn ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        if self.is_made {
            Span::current().record("operator_ms", self.ms());
            Span::current().record("operator_failures", u64::from(self.failed));
        }
    }
}

/// The URL, if its origin is on the operator's list and, where its host is an address, that is allowed.
fn listed(operator: &Operator, url: &str) -> Option<Url> {
    let known = operator.lists(url);
    let url = Url::parse(url).ok()?;
    let safe = sna_outbound::allows(&url, operator.allow_loopback);
    (known && safe && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn method(name: &str) -> Option<Method> {
    match name {
        "GET" => Some(Method::GET),
        "POST" => Some(Method::POST),
        "PATCH" => Some(Method::PATCH),
        _ => None,
    }
}

/// The adapter's headers and the operator's API key, if each name is an adapter's to set, there once, and no
/// credential would travel in clear text.
fn headers(operator: &Operator, request: &HttpRequest, url: &Url) -> Result<HeaderMap, Unreachable> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        // A value may be the operator's: a token that is no header is its fault, not the adapter's.
        let value = HeaderValue::from_str(value).map_err(|_| Unreachable::Failed)?;
        put(&mut headers, name, value)?;
    }
    if let Some(name) = &request.api_key_header {
        let key = operator.credentials.api_key.as_ref().ok_or(Unreachable::Forbidden)?.expose_secret();
        let mut value = HeaderValue::from_str(key).map_err(|_| Unreachable::Forbidden)?;
        value.set_sensitive(true);
        put(&mut headers, name, value)?;
    }
    // Some aggregators want the bare key as the whole of `Authorization`; there is room for one.
    let (own, hosts) = (headers.contains_key(AUTHORIZATION), request.auth != Auth::None);
    let secret = own || hosts || request.api_key_header.is_some();
    let in_clear = url.scheme() != "https" && !operator.allow_loopback;
    if (own && hosts) || (in_clear && secret) { Err(Unreachable::Forbidden) } else { Ok(headers) }
}

fn put(headers: &mut HeaderMap, name: &str, value: HeaderValue) -> Result<(), Unreachable> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unreachable::Forbidden)?;
    if NOT_AN_ADAPTERS.contains(&name.as_str()) || headers.insert(name, value).is_some() {
        return Err(Unreachable::Forbidden);
    }
    Ok(())
}

/// The `Authorization` header and the form fields that `auth` asks for. `None`: we lack the credential.
fn authenticate(operator: &Operator, auth: &Auth, now: u64) -> Option<(Option<String>, String)> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let secret = || operator.credentials.client_secret.as_ref().map(|secret| secret.expose_secret());
    Some(match auth {
        Auth::None => (None, String::new()),
        // RFC 6749 2.3.1: both are form-encoded before they are joined.
        Auth::ClientSecretBasic { client_id } => {
            let pair = format!("{}:{}", encode(client_id), encode(secret()?));
            (Some(format!("Basic {}", BASE64_STANDARD.encode(pair))), String::new())
        }
        Auth::ClientSecretPost { client_id } => {
            (None, format!("client_id={}&client_secret={}", encode(client_id), encode(secret()?)))
        }
        Auth::PrivateKeyJwt { client_id, audience } => {
            let assertion = jwt::assertion(&operator.credentials, client_id, audience, now)?;
            let kind = encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
            let fields = format!("client_id={}&client_assertion_type={kind}", encode(client_id));
            (None, format!("{fields}&client_assertion={assertion}"))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::Table;

    #[test]
    fn only_listed_origins_are_called() {
        let table = r#"{"X": {"adapter": "x", "origins": ["https://op.example", "https://127.0.0.1"], "config": {}}}"#;
        let table = Table::parse(table, |_| None).unwrap();
        let operator = table.get("X").unwrap();
        assert!(listed(operator, "https://op.example/token?x=1").is_some());
        for url in [
            "http://op.example/token",
            "https://op.example:8443/token",
            "https://op.example.evil.test/",
            "https://user@op.example/",
            "https://evil.test/https://op.example",
            "https://127.0.0.1/",
            "https://2130706433/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(listed(operator, url).is_none(), "{url}");
        }
    }

    #[test]
    fn credentials_do_not_travel_in_clear_text() {
        let table = r#"{"X": {"adapter": "x", "origins": ["https://op.example", "http://op.example"], "config": {},
            "credentials": {"api_key": "env:KEY"}}}"#;
        let table = Table::parse(table, |_| Some("key".into())).unwrap();
        let operator = table.get("X").unwrap();
        let bearer = BTreeMap::from([("Authorization".to_owned(), "Bearer x".to_owned())]);
        let auth = Auth::ClientSecretBasic { client_id: "c".into() };
        for (request, in_clear) in [
            (HttpRequest::default(), true),
            (HttpRequest { headers: bearer, ..HttpRequest::default() }, false),
            (HttpRequest { auth, ..HttpRequest::default() }, false),
            (HttpRequest { api_key_header: Some("x-api-key".into()), ..HttpRequest::default() }, false),
        ] {
            let at = |url: &str| headers(operator, &request, &Url::parse(url).unwrap()).is_ok();
            assert!(at("https://op.example/"));
            assert_eq!(at("http://op.example/"), in_clear);
        }
    }

    #[test]
    fn an_api_key_may_be_the_whole_authorization_and_never_a_second_one() {
        let table = r#"{"X": {"adapter": "x", "origins": ["https://op.example", "http://op.example"], "config": {},
                        "credentials": {"api_key": "env:KEY"}}}"#;
        let table = Table::parse(table, |_| Some("key".into())).unwrap();
        let operator = table.get("X").unwrap();
        let (https, http) = (Url::parse("https://op.example/").unwrap(), Url::parse("http://op.example/").unwrap());
        let keyed = HttpRequest { api_key_header: Some("Authorization".into()), ..HttpRequest::default() };
        assert_eq!(headers(operator, &keyed, &https).unwrap()[AUTHORIZATION], "key");
        assert!(headers(operator, &keyed, &http).is_err());
        let bearer = BTreeMap::from([("authorization".to_owned(), "Bearer x".to_owned())]);
        assert!(headers(operator, &HttpRequest { headers: bearer, ..keyed.clone() }, &https).is_err());
        let auth = Auth::ClientSecretBasic { client_id: "c".into() };
        assert!(headers(operator, &HttpRequest { auth, ..keyed }, &https).is_err());
    }
}
