//! Cookies by host and port. Browsers share them between ports; the sandbox's hosts differ by port alone, and
//! cookies that cross from one operator's host to another would hide faults.

use std::collections::{BTreeMap, HashMap};

use reqwest::Url;

/// Cookies kept for one host; more are ignored.
const KEPT: usize = 50;

#[derive(Default)]
pub struct Jar(HashMap<String, BTreeMap<String, String>>);

impl Jar {
    /// The `Cookie` header for this URL.
    pub fn header(&self, url: &Url) -> Option<String> {
        let its_own = self.0.get(&origin(url)).filter(|cookies| !cookies.is_empty())?;
        let pairs: Vec<String> = its_own.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(pairs.join("; "))
    }

    /// Keeps what `Set-Cookie` headers say; `Max-Age=0` deletes (RFC 6265 5.2.2).
    pub fn keep(&mut self, url: &Url, headers: &[String]) {
        let cookies = self.0.entry(origin(url)).or_default();
        for header in headers {
            let mut parts = header.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                cookies.remove(name);
            } else if cookies.len() < KEPT {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn origin(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}
