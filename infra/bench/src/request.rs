//! A request as an HTTP API hands it to a function (payload format 2.0), and what the function answers.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Bytes;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::Error;

/// One that is about to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    /// Path and query.
    uri: String,
    authorization: Option<String>,
    /// Its type and itself.
    body: Option<(&'static str, String)>,
    peer: IpAddr,
}

impl Request {
    pub fn new(method: &'static str, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), authorization: None, body: None, peer: Ipv4Addr::LOCALHOST.into() }
    }

    /// From this address instead of 127.0.0.1.
    #[must_use]
    pub fn from(self, peer: IpAddr) -> Self {
        Self { peer, ..self }
    }

    /// With credentials: `Basic …` or `Bearer …`.
    #[must_use]
    pub fn by(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self }
    }

    #[must_use]
    pub fn form(self, body: &str) -> Self {
        Self { body: Some(("application/x-www-form-urlencoded", body.to_owned())), ..self }
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { body: Some(("application/json", body.to_string())), ..self }
    }

    pub fn path(&self) -> &str {
        self.uri.split('?').next().unwrap_or_default()
    }

    /// The event's JSON.
    pub fn event(&self) -> Bytes {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        // Operators' proxies bring handsets to enrich, over plain http; all else comes over TLS.
        let scheme = if path.starts_with("/v1/enrich/") { "http" } else { "https" };
        let mut headers = json!({
            "host": "127.0.0.1", "accept": "*/*", "x-forwarded-for": self.peer, "x-forwarded-proto": scheme,
        });
        if let Some(authorization) = &self.authorization {
            headers["authorization"] = authorization.as_str().into();
        }
        let mut body = Value::Null;
        if let Some((kind, text)) = &self.body {
            headers["content-type"] = (*kind).into();
            body = BASE64_STANDARD.encode(text).into();
        }
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": headers, "body": body, "isBase64Encoded": self.body.is_some(),
            "requestContext": {
                "accountId": "123456789012", "apiId": "bench", "domainName": "127.0.0.1", "domainPrefix": "bench",
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": self.peer, "userAgent": "bench" },
                "requestId": "bench", "routeKey": "$default", "stage": "$default",
                "time": "06/Nov/2026:00:00:00 +0000", "timeEpoch": 1_793_923_200_000_u64
            }
        });
        Bytes::from(event.to_string())
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    /// Null where the body is none.
    pub json: Value,
}

impl Answer {
    /// Of what a function gave the runtime.
    ///
    /// # Errors
    /// When it is no answer to an HTTP API.
    pub fn of(said: &Bytes) -> Result<Self, Error> {
        let said: Value = serde_json::from_slice(said).map_err(Error::failed)?;
        let status = said["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.ok_or_else(|| Error::failed("an answer without a status"))?;
        let json = said["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        Ok(Self { status, location: said["headers"]["location"].as_str().map(str::to_owned), json })
    }
}
