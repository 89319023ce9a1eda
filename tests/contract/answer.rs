//! An answer as it is compared: status, every header that is ours, and the body as text.

use std::collections::BTreeMap;

use reqwest::Response;
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What servers and gateways in front of a function add on their own account, and the name of the request, which is new
/// at each.
fn is_foreign(name: &str) -> bool {
    matches!(
        name,
        "date" | "content-length" | "connection" | "server" | "via" | "alt-svc" | "apigw-requestid" | "traceresponse"
    ) || name.starts_with("x-amz")
}

/// API Gateway renames WWW-Authenticate, among others.
fn own_name(name: &str) -> String {
    name.strip_prefix("x-amzn-remapped-").unwrap_or(name).to_owned()
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (own_name(name.as_str()), value.to_str().expect("ASCII").to_owned()));
        let (status, headers) = (response.status().as_u16(), headers.filter(|(name, _)| !is_foreign(name)).collect());
        Self { status, headers, body: response.text().await.expect("a body of UTF-8") }
    }

    /// The JSON of a good answer.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 302, "{}", self.body);
        self.headers.get("location").expect("a location")
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// As HEAD is answered.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }
}

/// An expected answer with JSON.
pub fn json(status: u16, body: impl Into<String>) -> Answer {
    let headers = [
        ("cache-control", "no-store"),
        ("content-type", "application/json; charset=utf-8"),
        ("pragma", "no-cache"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Answer { status, headers, body: body.into() }
}

/// An expected error.
pub fn refused(status: u16, error: &str, description: &str) -> Answer {
    json(status, format!(r#"{{"error":"{error}","error_description":"{description}"}}"#))
}

/// The most frequent one.
pub fn invalid(description: &str) -> Answer {
    refused(400, "invalid_request", description)
}

pub fn field() -> Answer {
    invalid("The required field is missing or it is invalid.")
}

pub fn scope() -> Answer {
    refused(400, "invalid_scope", "The requested scope is invalid, unknown or malformed.")
}

pub fn token() -> Answer {
    invalid("The provided token is invalid.")
}

pub fn unauthorized(scheme: &str) -> Answer {
    let refused = refused(401, "unauthorized_client", "Authentication required");
    refused.with("www-authenticate", &format!("{scheme} realm=\"gateway\""))
}

pub fn unavailable() -> Answer {
    refused(503, "temporarily_unavailable", "Service is unavailable").with("retry-after", "1")
}
