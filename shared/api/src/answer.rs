//! What leaves: JSON or a redirect, with the headers that every answer carries.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, header},
};
use serde::Serialize;

use crate::{ApiError, wire};

/// An endpoint's answer.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

impl Answer {
    /// 200 with JSON.
    pub fn json(body: &impl Serialize) -> Result<Self, ApiError> {
        Ok(Self { status: 200, headers: Vec::new(), body: Some(serde_json::to_string(body)?) })
    }

    /// 302.
    pub fn redirect(uri: impl Into<String>) -> Self {
        Self { status: 302, headers: vec![("location", uri.into())], body: None }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Tokens and verdicts are in these answers and their URLs: no cache, no referrer, no sniffing.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body.map_or(Body::Empty, Body::Text));
        *response.status_mut() = self.status.try_into().unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status != 302 {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        for (name, value) in self.headers {
            // A value that no header may hold would split the answer; it is dropped with the answer.
            match HeaderValue::from_str(&value) {
                Ok(value) => headers.insert(name, value),
                Err(_) => return Self::from(ApiError::from(wire::INTERNAL)).into_response(),
            };
        }
        response
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        let body = ErrorBody { error: error.wire.error, error_description: error.wire.description };
        let body = serde_json::to_string(&body).unwrap_or_default();
        Self { status: error.wire.status, headers: error.headers, body: Some(body) }
    }
}
