//! Parameters of a query or a form. A parameter that comes twice is never usable (RFC 6749 3.1), so that no two readers
//! can pick different ones.

use axum::http::{HeaderMap, StatusCode, header};
use url::form_urlencoded;

use super::answers::Refused;

pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn query(query: Option<&str>) -> Params {
        Params(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Those that came in another way than as a query or a form.
    pub fn of(pairs: Vec<(String, String)>) -> Params {
        Params(pairs)
    }

    /// A form of a token request: right media type, nothing twice.
    pub fn form(headers: &HeaderMap, body: &[u8]) -> Result<Params, Refused> {
        if !media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_request", "The body must be a form"));
        }
        let params = Params(form_urlencoded::parse(body).into_owned().collect());
        if params.any_twice() {
            let text = "Malformed request, duplicate parameter entries";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_request", text));
        }
        Ok(params)
    }

    /// The value, unless it is absent, empty or ambiguous. RFC 6749 3.1: an empty parameter counts as omitted.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// The value that a token request cannot do without.
    pub fn need(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| {
            Refused::new(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                format!("The parameter {name} is missing or empty"),
            )
        })
    }

    pub fn any_twice(&self) -> bool {
        let names = self.0.iter().map(|(name, _)| name);
        names.clone().enumerate().any(|(at, name)| names.clone().skip(at + 1).any(|other| other == name))
    }
}

/// The media type without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}
