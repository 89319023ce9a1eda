//! A handset: it calls from its own address, follows redirects as a phone's SDK does, and keeps cookies.
//! It follows them by itself, one request a hop, because the hops are what a silent authentication consists of.
//! Limits: 10 redirects, as the published handset SDKs have.

mod cookies;
mod form;

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, Method, Url, redirect::Policy};

use crate::hop::Hop;
use cookies::Jar;

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
    /// Form-encoded.
    body: Option<String>,
}

impl Handset {
    /// A handset whose connections come from `source_ip`: on the loopback network the address says which SIM calls.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn at(source_ip: IpAddr) -> Result<Handset, reqwest::Error> {
        let http = Client::builder()
            .local_address(source_ip)
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent("sandbox-handset")
            .build()?;
        Ok(Handset { http, cookies: Mutex::default() })
    }

    /// Opens `url` and follows it to its end: an answer that is no redirect, the tenth redirect, or a redirect to
    /// `stop_at` (the customer's page), which is not opened. The last hop is the end.
    pub async fn open(&self, url: &str, stop_at: Option<&str>) -> Vec<Hop> {
        self.open_watched(url, stop_at, |_| ()).await
    }

    /// The same, showing each hop when it is over.
    pub async fn open_watched(&self, url: &str, stop_at: Option<&str>, seen: impl Fn(&Hop)) -> Vec<Hop> {
        let mut hops = Vec::new();
        let start = web_address(url).map(|url| Request { method: Method::GET, url, body: None });
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
        if let Some(cookie) = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).header(&request.url) {
            outgoing = outgoing.header("cookie", cookie);
        }
        if let Some(body) = &request.body {
            outgoing = outgoing.header("content-type", "application/x-www-form-urlencoded").body(body.clone());
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
        return Some(Request { method: Method::POST, url: sent.url.join(&form.action).ok()?, body: Some(form.body) });
    }
    let location = hop.location.as_deref()?;
    if stop_at.is_some_and(|page| is_at(location, page)) {
        return None;
    }
    let url = web_address(location)?;
    match hop.status {
        307 | 308 => Some(Request { url, ..sent }),
        301..=303 => Some(Request { method: Method::GET, url, body: None }),
        _ => None,
    }
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
