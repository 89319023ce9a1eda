//! A request, whichever of Lambda's HTTP events it came as.

use std::net::IpAddr;

use lambda_http::{
    Body, RequestExt,
    http::{HeaderMap, header},
    request::RequestContext,
};
use serde::de::DeserializeOwned;

use crate::{ApiError, Fields, wire};

const MAX_BODY: usize = 16 * 1024;
const MAX_URL: usize = 8 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

pub struct Request {
    pub method: String,
    pub path: String,
    /// Where the request came from; unknown when neither the event nor a trusted proxy says it.
    pub source_ip: Option<IpAddr>,
    /// Did a trusted proxy take it over plain http? Where none is trusted, nobody says so.
    pub is_plain_http: bool,
    pub(crate) headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Vec<u8>,
    too_large: Option<&'static str>,
}

impl Request {
    /// `trusted_proxies`: how many of the last addresses of `X-Forwarded-For` are ours to believe; 0: none.
    pub(crate) fn new(event: lambda_http::Request, trusted_proxies: usize) -> Self {
        let source_ip = match trusted_proxies {
            0 => context_address(&event),
            count => forwarded_address(event.headers(), count),
        };
        let is_plain_http = trusted_proxies > 0 && said_once(event.headers(), "x-forwarded-proto") == Some("http");
        let url = event.uri().path_and_query().map_or(0, |path| path.as_str().len());
        let query =
            event.query_string_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // As the gateway saw it, before a stage's name is taken off.
        let path = event.raw_http_path().to_owned();
        let (parts, body) = event.into_parts();
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        let sizes = [("body", body.len() > MAX_BODY), ("URL", url > MAX_URL)];
        let too_large = sizes.iter().find(|(_, is_over)| *is_over).map(|(what, _)| *what);
        let (method, headers) = (parts.method.to_string(), parts.headers);
        Self { method, path, source_ip, is_plain_http, headers, query, body, too_large }
    }

    /// What of it is.
    pub(crate) fn too_large(&self) -> Option<&'static str> {
        self.too_large
    }

    /// `Idempotency-Key`: at most 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<Option<&str>, ApiError> {
        let mut values = self.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.to_str().unwrap_or_default();
        let good = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if good && values.next().is_none() {
            Ok(Some(key))
        } else {
            Err(ApiError::at(wire::FIELD, "Idempotency-Key", "is not 1 to 255 visible ASCII characters, once"))
        }
    }

    /// Every value of a header; one that is no text is empty.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
    }

    /// A cookie's value, if it came once (RFC 6265 5.4: of two with one name nobody knows which is whose).
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header_values("cookie").flat_map(|cookies| cookies.split(';'));
        let mut found = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| value).filter(|_| found.next().is_none())
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub fn query(&self) -> Result<Fields, ApiError> {
        Fields::new(self.query.iter().cloned())
    }

    /// The form in the body; a body without a media type is taken for one.
    pub fn form(&self) -> Result<Fields, ApiError> {
        match self.media_type().as_deref() {
            None | Some(FORM) => Fields::new(form_urlencoded::parse(&self.body).into_owned()),
            Some(_) => Err(ApiError::at(wire::MEDIA_TYPE, "Content-Type", "is no form")),
        }
    }

    /// The form in the body, or a JSON object of strings with the same names; `null` counts as absent.
    pub fn form_or_json(&self) -> Result<Fields, ApiError> {
        match self.media_type().as_deref() {
            Some(JSON) => {
                let object: Vec<(String, Option<String>)> = self.json_body::<Object>()?.0;
                Fields::new(object.into_iter().filter_map(|(name, value)| Some((name, value?))))
            }
            _ => self.form(),
        }
    }

    /// The JSON body; a body without a media type is taken for JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        match self.media_type().as_deref() {
            None | Some(JSON) => self.json_body(),
            Some(_) => Err(ApiError::at(wire::MEDIA_TYPE, "Content-Type", "is not application/json")),
        }
    }

    fn json_body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        // serde_json's message could quote the body: only the place goes to the log.
        serde_json::from_slice(&self.body).map_err(|error| {
            let cause = format!("JSON: {:?} error, line {}, column {}", error.classify(), error.line(), error.column());
            ApiError::at(wire::FIELD, "body", cause)
        })
    }

    /// Lower case, without parameters.
    fn media_type(&self) -> Option<String> {
        let value = self.headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("?");
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// A JSON object as its members in order, so that a repeated name is still seen.
struct Object(Vec<(String, Option<String>)>);

impl<'de> serde::Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn context_address(event: &lambda_http::Request) -> Option<IpAddr> {
    let text = match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        // A load balancer says it in X-Forwarded-For only: configure one trusted proxy.
        _ => None,
    };
    text?.parse().ok()
}

/// A header's one value.
pub(crate) fn said_once<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next()?.to_str().ok().filter(|_| values.next().is_none())
}

/// The address that the first of `count` trusted proxies saw; what stands before it is the client's own claim.
fn forwarded_address(headers: &HeaderMap, count: usize) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let addresses: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    addresses.len().checked_sub(count).and_then(|index| addresses.get(index)?.parse().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn with(name: &'static str, values: &[&str], trusted_proxies: usize) -> Request {
        let mut event = lambda_http::Request::default();
        for value in values {
            event.headers_mut().append(name, value.parse().unwrap());
        }
        Request::new(event, trusted_proxies)
    }

    #[test]
    fn a_cookie_counts_if_it_came_once() {
        for (values, found) in [
            (&["sna=a"] as &[&str], Some("a")),
            (&["x=1; sna=a; y=sna=b"], Some("a")),
            (&["x=1", "sna=a"], Some("a")),
            (&["sna="], Some("")),
            (&["sna=a; sna=a"], None),
            (&["sna=a", "sna=b"], None),
            (&["xsna=a; SNA=a; sna"], None),
            (&[], None),
        ] {
            assert_eq!(with("cookie", values, 0).cookie("sna"), found, "{values:?}");
        }
    }

    #[test]
    fn plain_http_is_what_a_trusted_proxy_says_once() {
        let is_plain = |values: &[&str], proxies| with("x-forwarded-proto", values, proxies).is_plain_http;
        assert!(is_plain(&["http"], 1));
        assert!(!is_plain(&["http"], 0), "nobody is trusted");
        for values in [&[] as &[&str], &["https"], &["HTTP "], &["http", "http"], &["https", "http"], &["http,https"]] {
            assert!(!is_plain(values, 1), "{values:?}");
        }
    }
}
