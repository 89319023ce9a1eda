//! The HTTP events of Lambda, as AWS would send them for a request.

use std::net::IpAddr;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// Who is in front of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// API Gateway HTTP API, payload 2.0.
    HttpApi,
    /// A function URL: payload 2.0 with its own kind of context.
    FunctionUrl,
    /// API Gateway REST API, payload 1.0.
    RestApi,
    /// An application load balancer.
    Alb,
}

impl Event {
    pub const ALL: [Self; 4] = [Self::HttpApi, Self::FunctionUrl, Self::RestApi, Self::Alb];

    /// The event's JSON. Only what the gateways always send.
    pub fn json(self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes, source: IpAddr) -> Value {
        let mut all = Map::new();
        let is_v2 = matches!(self, Self::HttpApi | Self::FunctionUrl);
        // Payload 2.0 has cookies apart, and no header of them.
        let cookies = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
        let cookies: Vec<_> = cookies.flat_map(|value| value.split("; ")).collect();
        for (name, value) in headers.iter().filter(|(name, _)| !is_v2 || *name != "cookie") {
            let value = value.to_str().unwrap_or_default();
            let joined = all.get(name.as_str()).and_then(Value::as_str).map(|before| format!("{before},{value}"));
            all.insert(name.to_string(), joined.unwrap_or_else(|| value.to_owned()).into());
        }
        let (path, query) = (uri.path(), uri.query().unwrap_or_default());
        let media_type = all.get("content-type").and_then(Value::as_str).unwrap_or_default();
        let (body, is_encoded) = self.body(media_type, body);
        match self {
            Self::HttpApi | Self::FunctionUrl => json!({
                "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
                "headers": all, "cookies": (!cookies.is_empty()).then_some(cookies), "body": body,
                "isBase64Encoded": is_encoded,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "api", "domainName": "gw.example", "domainPrefix": "gw",
                    "requestId": "request", "routeKey": "$default", "stage": "$default",
                    "time": "12/Mar/2026:19:03:58 +0000", "timeEpoch": 1_773_342_238_000_u64,
                    "http": {
                        "method": method.as_str(), "path": path, "protocol": "HTTP/1.1",
                        "sourceIp": source.to_string(), "userAgent": "test",
                    },
                },
            }),
            Self::RestApi => json!({
                "resource": path, "path": path, "httpMethod": method.as_str(), "headers": upper(&all),
                "multiValueHeaders": multi(&upper(&all)), "queryStringParameters": null,
                "multiValueQueryStringParameters": parameters(query, true), "pathParameters": null,
                "stageVariables": null, "body": body, "isBase64Encoded": is_encoded,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "api", "httpMethod": method.as_str(), "path": path,
                    "protocol": "HTTP/1.1", "requestId": "request", "resourceId": "r", "resourcePath": path,
                    "stage": "prod", "identity": { "sourceIp": source.to_string() },
                },
            }),
            Self::Alb => {
                // It appends to what the client claims.
                let claimed = all.get("x-forwarded-for").and_then(Value::as_str).map(|claimed| format!("{claimed}, "));
                let chain = format!("{}{source}", claimed.unwrap_or_default());
                all.insert("x-forwarded-for".into(), chain.into());
                json!({
                    "httpMethod": method.as_str(), "path": path, "headers": {}, "multiValueHeaders": multi(&all),
                    "multiValueQueryStringParameters": parameters(query, false), "body": body, "isBase64Encoded": is_encoded,
                    "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:x:1:targetgroup/x/1" } },
                })
            }
        }
    }

    /// A body as text or in base64. A REST API takes any for text; the others encode what does not say that it is.
    fn body(self, media_type: &str, body: &Bytes) -> (Value, bool) {
        let says_text =
            media_type.starts_with("text/") || media_type.to_ascii_lowercase().starts_with("application/json");
        match std::str::from_utf8(body) {
            _ if body.is_empty() => (Value::Null, false),
            Ok(text) if says_text || self == Self::RestApi => (text.into(), false),
            _ => (BASE64_STANDARD.encode(body).into(), true),
        }
    }
}

/// A REST API leaves names as the client wrote them; this client wrote them so.
fn upper(headers: &Map<String, Value>) -> Map<String, Value> {
    headers.iter().map(|(name, value)| (name.to_ascii_uppercase(), value.clone())).collect()
}

fn multi(headers: &Map<String, Value>) -> Value {
    headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect::<Map<_, _>>().into()
}

/// A load balancer leaves names and values as they were sent, a REST API decodes them.
fn parameters(query: &str, decoded: bool) -> Value {
    let mut found: Map<String, Value> = Map::new();
    let pairs: Vec<(String, String)> = if decoded {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    } else {
        let parts = query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(k, v)| (k.into(), v.into())).collect()
    };
    for (name, value) in pairs {
        if let Some(values) = found.entry(name).or_insert_with(|| json!([])).as_array_mut() {
            values.push(value.into());
        }
    }
    found.into()
}
