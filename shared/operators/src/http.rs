//! Calls an operator for its adapter: listed origins only, addresses checked after DNS and at the
//! connection itself, no redirects, no proxy, a deadline and a cap on the answer.

use std::{
    collections::BTreeMap,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::OnceLock,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{
    Client, Method,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use secrecy::ExposeSecret;
use sna_adapter::{Answer, Auth, HttpRequest, HttpResponse, Unreachable};
use url::{Host, Url};

use crate::{address, jwt, step::Errand, table::Operator};

const CONNECT: Duration = Duration::from_secs(2);
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

/// One connection pool for the public internet, one that may also reach loopback (the local run).
#[derive(Default)]
pub struct Http {
    public: OnceLock<Option<Client>>,
    loopback: OnceLock<Option<Client>>,
}

struct Resolver {
    allow_loopback: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            checked(found, allow_loopback)
        })
    }
}

/// The addresses of a name, if all are allowed: one bad address among good ones is an attack, not a choice. The connection is
/// made to these and no others, so a name that is looked up again cannot lead elsewhere.
fn checked(found: Vec<SocketAddr>, allow_loopback: bool) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    if found.iter().any(|at| !address::allowed(at.ip(), allow_loopback)) {
        return Err("the host has an address that is not public".into());
    }
    Ok(Box::new(found.into_iter()))
}

fn build(resolver: impl Resolve + 'static) -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        // The cap counts what arrives; nothing may grow behind it, whichever features are compiled in.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(15))
        .dns_resolver(resolver)
        .build()
}

impl Http {
    fn client(&self, allow_loopback: bool) -> Option<&Client> {
        let slot = if allow_loopback { &self.loopback } else { &self.public };
        slot.get_or_init(|| {
            build(Resolver { allow_loopback }).inspect_err(|error| tracing::error!(%error, "no HTTP client")).ok()
        })
        .as_ref()
    }

    /// Performs one request of an adapter.
    pub async fn send(&self, errand: &Errand<'_>, request: &HttpRequest) -> Answer {
        let operator = errand.operator;
        let started = Instant::now();
        let result = self.try_send(errand, request).await;
        // Of what the host refused, nothing is repeated.
        let host = listed(operator, &request.url).and_then(|url| url.host_str().map(str::to_owned));
        let method = method(&request.method);
        let (status, failed) = match &result {
            Ok(response) => (response.status, None),
            Err(reason) => (0, Some(reason)),
        };
        let ms = started.elapsed().as_millis() as u64;
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
        let client = self.client(operator.allow_loopback).ok_or(Unreachable::Failed)?;
        let (authorization, credentials) =
            authenticate(operator, &request.auth, errand.now).ok_or(Unreachable::Forbidden)?;
        let mut builder = client.request(method, url).timeout(errand.deadline).headers(headers);
        if let Some(value) = authorization {
            builder = builder.header(AUTHORIZATION, value);
        }
        let body = [request.body.as_str(), &credentials].into_iter().filter(|part| !part.is_empty());
        let mut response = builder.body(body.collect::<Vec<_>>().join("&")).send().await.map_err(why)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(why)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Unreachable::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let headers: BTreeMap<_, _> = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(HttpResponse { status: response.status().as_u16(), headers, body })
    }
}

/// The URL, if its origin is on the operator's list and, where its host is an address, that is allowed.
fn listed(operator: &Operator, url: &str) -> Option<Url> {
    let known = operator.lists(url);
    let url = Url::parse(url).ok()?;
    let address = match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
    };
    let safe = address.is_none_or(|ip| address::allowed(ip, operator.allow_loopback));
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

fn why(error: reqwest::Error) -> Unreachable {
    if error.is_timeout() { Unreachable::Timeout } else { Unreachable::Failed }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

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
    fn one_address_that_is_not_public_condemns_the_name() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        assert!(checked(vec![at("8.8.8.8"), at("2a00:23c0::1")], false).is_ok());
        for bad in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "::ffff:192.168.0.1"] {
            assert!(checked(vec![at("8.8.8.8"), at(bad)], false).is_err(), "{bad}");
        }
        assert!(
            checked(vec![at("127.0.0.1"), at("10.0.0.1")], true).is_err(),
            "a local run's table allows loopback only"
        );
    }

    /// A name server that answers honestly once, and then with an address inside.
    struct Rebinding(AtomicBool);

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let first = !self.0.swap(true, Ordering::SeqCst);
            let address = if first { [127, 0, 0, 1] } else { [10, 0, 0, 1] };
            Box::pin(async move { checked(vec![SocketAddr::from((address, 0))], true) })
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_checked_at_every_connection() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://op.example:{}/", listener.local_addr().unwrap().port());
        let client = build(Rebinding(AtomicBool::new(false))).unwrap();
        let serve = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            connection.write_all(answer).await.unwrap();
        };
        let (first, ()) = tokio::join!(client.get(&url).send(), serve);
        assert_eq!(first.unwrap().status(), 200);
        let second = client.get(&url).send().await.unwrap_err();
        assert!(second.is_connect() && format!("{second:?}").contains("not public"), "{second:?}");
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
