//! A handset: it calls from its own address, does what `authorize` of get_config says, follows redirects as a phone's SDK
//! does, keeps cookies, and hands a request for a digital credential to its wallet.
//! It follows them by itself, one request a hop, because the hops are what a silent authentication consists of.
//! Limits: 10 redirects, as the published handset SDKs have.

mod cookies;
mod form;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Client, Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::hop::Hop;
use cookies::Jar;

const FORM: &str = "application/x-www-form-urlencoded";
const REDIRECTS: usize = 10;
/// More than the gateway and an operator together may take for one hop.
const PATIENCE: Duration = Duration::from_secs(25);

/// One phone, with its cookies.
pub struct Handset {
    http: Client,
    cookies: Mutex<Jar>,
}

/// What the handset is about to send.
struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
}

impl Request {
    fn get(url: Url) -> Request {
        Request { method: Method::GET, url, headers: HeaderMap::new(), body: None }
    }

    fn post(url: Url, content_type: &'static str, body: String) -> Request {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Request { method: Method::POST, url, headers, body: Some(body) }
    }
}

impl Handset {
    /// A handset whose connections come from `source_ip`: on the loopback network the address says which SIM calls.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn at(source_ip: IpAddr) -> Result<Handset, reqwest::Error> {
        let http = crate::http::builder()
            .local_address(source_ip)
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent("sandbox-handset")
            .build()?;
        Ok(Handset { http, cookies: Mutex::default() })
    }

    /// Opens `url` and follows it to its end: an answer that is no redirect, the tenth redirect, or a redirect to
    /// `stop_at` (the customer's page), which is not opened. The last hop is the end.
    pub async fn open(&self, url: &str, stop_at: Option<&str>) -> Vec<Hop> {
        self.follow(web_address(url).map(Request::get), stop_at, &|_: &Hop| ()).await
    }

    /// What a page or an app on the phone asks for, and where that leads, as [`Handset::open`]. No hop: it cannot be asked.
    pub async fn fetch(
        &self,
        method: &str,
        url: &str,
        headers: &BTreeMap<String, String>,
        body: Option<String>,
        stop_at: Option<&str>,
    ) -> Vec<Hop> {
        let headers: Option<HeaderMap> = headers
            .iter()
            .map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)))
            .collect();
        let (method, url) = (Method::from_bytes(method.as_bytes()).ok(), web_address(url));
        let parts = method.zip(url).zip(headers);
        let request = parts.map(|((method, url), headers)| Request { method, url, headers, body });
        self.follow(request, stop_at, &|_: &Hop| ()).await
    }

    /// Does what `authorize` of get_config says, and follows that to its end. Where the gateway asks for a digital
    /// credential, the phone's wallet, which the sandbox has at `wallet`, answers last.
    pub async fn perform(
        &self,
        authorize: &Value,
        wallet: Option<&str>,
        stop_at: Option<&str>,
        seen: impl Fn(&Hop),
    ) -> Vec<Hop> {
        let mut hops = self.follow(told(authorize), stop_at, &seen).await;
        let asked = hops.last().map(Hop::json).and_then(|json| json["digital_request"].as_str().map(str::to_owned));
        if let (Some(request), Some(wallet)) = (asked, wallet.and_then(web_address)) {
            let hop = self.send(&Request::post(wallet, "application/json", request)).await;
            seen(&hop);
            hops.push(hop);
        }
        hops
    }

    async fn follow(&self, start: Option<Request>, stop_at: Option<&str>, seen: &impl Fn(&Hop)) -> Vec<Hop> {
        let mut hops = Vec::new();
        let mut next = start;
        while let Some(request) = next {
            let hop = self.send(&request).await;
            seen(&hop);
            next = following(request, &hop, stop_at);
            hops.push(hop);
            if hops.len() > REDIRECTS {
                break;
            }
        }
        hops
    }

    async fn send(&self, request: &Request) -> Hop {
        let mut outgoing = self.http.request(request.method.clone(), request.url.clone());
        outgoing = outgoing.headers(request.headers.clone());
        if let Some(cookie) = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).header(&request.url) {
            outgoing = outgoing.header("cookie", cookie);
        }
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        let hop = Hop::make(request.method.as_str(), request.url.as_str(), outgoing).await;
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).keep(&request.url, &hop.cookies);
        hop
    }
}

/// What a phone does next (RFC 9110 15.4), or `None` at the end.
fn following(sent: Request, hop: &Hop, stop_at: Option<&str>) -> Option<Request> {
    if hop.status == 200 {
        let form = form::submit_default(&hop.body)?;
        return Some(Request::post(sent.url.join(&form.action).ok()?, FORM, form.body));
    }
    let location = hop.location.as_deref()?;
    if stop_at.is_some_and(|page| is_at(location, page)) {
        return None;
    }
    let url = web_address(location)?;
    match hop.status {
        307 | 308 => Some(Request { url, ..sent }),
        301..=303 => Some(Request::get(url)),
        _ => None,
    }
}

/// `authorize` of get_config as a request: the parameters are a query, or a body of the type that its headers say.
fn told(authorize: &Value) -> Option<Request> {
    let map = |name: &str| authorize["request_config"][name].as_object().cloned().unwrap_or_default();
    let texts = |name| map(name).into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    let url = web_address(authorize["authorization_uri"].as_str()?)?;
    let mut request = match authorize["request_type"].as_str() {
        Some("POST") => Request::post(url, FORM, String::new()),
        _ => Request::get(url),
    };
    for (name, value) in texts("headers") {
        request.headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let is_json = |value: &HeaderValue| value.as_bytes().starts_with(b"application/json");
    if request.body.is_some() && request.headers.get(CONTENT_TYPE).is_some_and(is_json) {
        request.body = Some(Value::from_iter(texts("parameters")).to_string());
    } else if request.body.is_some() {
        request.body = Some(Serializer::new(String::new()).extend_pairs(texts("parameters")).finish());
    } else {
        // `query_pairs_mut` would leave a bare `?`.
        let pairs: Vec<(String, String)> = texts("parameters").collect();
        if !pairs.is_empty() {
            request.url.query_pairs_mut().extend_pairs(pairs);
        }
    }
    Some(request)
}

/// A phone's browser opens these itself; another scheme would be an app's.
fn web_address(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether `location` is `page`, with whatever query the gateway added.
pub(crate) fn is_at(location: &str, page: &str) -> bool {
    location.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '&', '#']))
}

#[cfg(test)]
#[path = "handset/tests.rs"]
mod tests;
