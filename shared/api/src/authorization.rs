//! The `Authorization` header: Basic (RFC 7617, form-encoded parts as in RFC 6749 2.3.1) and Bearer (RFC 6750 2.1).

use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::http::header;

use crate::Request;

impl Request {
    /// The one `Authorization` header's credentials, if they are of `scheme`.
    fn credentials(&self, scheme: &str) -> Option<&str> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next()?.to_str().ok()?;
        let (found, credentials) = value.split_once(' ')?;
        (values.next().is_none() && found.eq_ignore_ascii_case(scheme)).then(|| credentials.trim())
    }

    pub fn bearer(&self) -> Option<&str> {
        self.credentials("bearer")
    }

    /// Client id and secret, decoded.
    pub fn basic(&self) -> Option<(String, String)> {
        let decoded = BASE64_STANDARD.decode(self.credentials("basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((form_decoded(id)?, form_decoded(secret)?))
    }
}

/// One form-encoded value. Ours hold no character that encoding changes, so a client that does not encode is right too.
fn form_decoded(text: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (None, _) => Some(String::new()),
        (Some((value, rest)), None) if rest.is_empty() => Some(value.into_owned()),
        _ => None,
    }
}
