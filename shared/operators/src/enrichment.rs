//! Header enrichment: the operator's proxy adds a header to a handset's plain-http request to us. Anybody can send a
//! header, so it counts only from an address of that proxy, and only once.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::header::HeaderName;
use serde::Deserialize;
use url::Url;

/// A longer value is none of an operator's.
const MAX_VALUE: usize = 4096;

/// Names that clients, proxies and our own edge set: a value there says nothing about a subscriber.
const NOT_AN_OPERATORS: [&str; 12] = [
    "authorization",
    "connection",
    "cookie",
    "forwarded",
    "host",
    "origin",
    "range",
    "referer",
    "te",
    "upgrade",
    "user-agent",
    "via",
];
const NOT_AN_OPERATORS_FAMILIES: [&str; 7] = ["accept", "cache-", "content-", "if-", "proxy-", "sec-", "x-forwarded-"];

/// Where and how an operator's proxy names the subscriber.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrichment {
    /// Our own plain-http origin, which the operator's proxy knows.
    uri: Url,
    header: String,
    /// The proxy's addresses, as our own edge sees them.
    proxies: Vec<IpNet>,
}

impl Enrichment {
    /// Where the handset of `vendor` is sent.
    pub(crate) fn uri(&self, vendor: &str) -> String {
        format!("{}v1/enrich/{vendor}", self.uri)
    }

    /// The name of the header, in lower case.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// What the operator says of the handset: `values` are all of [`Self::header`], `peer` who sent the request.
    /// `None` where the peer is not the operator's proxy, and where there is not one value but none or several.
    pub fn read<'a>(&self, peer: Option<IpAddr>, values: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let peer = peer?.to_canonical();
        let mut values = values.into_iter();
        let (value, another) = (values.next()?, values.next());
        let is_proxy = self.proxies.iter().any(|net| net.contains(&peer));
        (is_proxy && another.is_none() && value.len() <= MAX_VALUE).then(|| value.to_owned())
    }

    pub(crate) fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        let plain = self.uri.scheme() == "http" && self.uri.username().is_empty() && self.uri.password().is_none();
        if !plain || self.uri.path() != "/" || self.uri.query().is_some() || self.uri.fragment().is_some() {
            faults.push("enrichment.uri is http://host[:port]");
        }
        let header = self.header.as_str();
        let standard = NOT_AN_OPERATORS.contains(&header)
            || NOT_AN_OPERATORS_FAMILIES.iter().any(|family| header.starts_with(family));
        if standard || HeaderName::from_lowercase(header.as_bytes()).is_err() {
            faults.push("enrichment.header is a name in lower case that only the operator's proxy sets");
        }
        if self.proxies.is_empty() || self.proxies.iter().any(|net| net.prefix_len() == 0) {
            faults.push("enrichment.proxies are the operator's networks");
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn with(change: Value) -> Enrichment {
        let mut whole = json!({ "uri": "http://he.example", "header": "x-msisdn", "proxies": ["10.1.0.0/16"] });
        whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_header_counts_once_and_from_the_operators_proxy_only() {
        let enrichment = with(json!({}));
        let read = |peer: &str, values: &[&str]| enrichment.read(peer.parse().ok(), values.iter().copied());
        assert_eq!(read("10.1.2.3", &["447700900601"]).as_deref(), Some("447700900601"));
        assert_eq!(read("::ffff:10.1.2.3", &["447700900601"]).as_deref(), Some("447700900601"));
        for (peer, values) in [
            ("10.2.0.1", &["447700900601"] as &[&str]),
            ("unknown", &["447700900601"]),
            ("10.1.2.3", &[]),
            ("10.1.2.3", &["447700900601", "447700900601"]),
            ("10.1.2.3", &["447700900601", "447700900602"]),
            ("10.1.2.3", &["1".repeat(MAX_VALUE + 1).as_str()]),
        ] {
            assert_eq!(read(peer, values), None, "{peer} {}", values.len());
        }
        assert_eq!(enrichment.uri("dialog"), "http://he.example/v1/enrich/dialog");
    }

    #[test]
    fn what_anybody_could_set_is_refused() {
        assert_eq!(with(json!({})).faults(), [""; 0]);
        assert_eq!(with(json!({ "header": "msisdn" })).faults(), [""; 0]);
        for header in ["X-MSISDN", "", "x msisdn", "host", "cookie", "x-forwarded-for", "accept-language", "user-agent"]
        {
            assert_eq!(with(json!({ "header": header })).faults().len(), 1, "{header}");
        }
        for uri in
            ["https://he.example", "http://he.example/x", "http://he.example/?x", "http://a@he.example", "ftp://x"]
        {
            assert_eq!(with(json!({ "uri": uri })).faults().len(), 1, "{uri}");
        }
        for proxies in [json!([]), json!(["0.0.0.0/0"]), json!(["10.0.0.0/8", "::/0"])] {
            assert_eq!(with(json!({ "proxies": proxies })).faults().len(), 1, "{proxies}");
        }
    }
}
