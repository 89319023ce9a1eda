//! What the operators answer when they refuse: the three shapes of one refusal (redirect, OAuth, CAMARA), and the HTML
//! pages for the cases in which a handset must not be sent anywhere.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

/// A refusal. On a redirect the status is of no use.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    /// The OAuth `error` or the CAMARA `code`.
    pub error: &'static str,
    /// For people; empty where the source gives none.
    pub description: Cow<'static, str>,
}

impl Refused {
    pub fn new(status: StatusCode, error: &'static str, description: impl Into<Cow<'static, str>>) -> Refused {
        Refused { status, error, description: description.into() }
    }

    /// For the redirect back to the gateway.
    pub fn redirect(error: &'static str, description: &'static str) -> Refused {
        Refused::new(StatusCode::FOUND, error, description)
    }

    /// RFC 6749 5.2, which Mobile Connect also uses for its resource.
    pub fn oauth(self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.description }));
        let challenge = match self.error {
            "invalid_client" => "Basic realm=\"token\"",
            _ => "Bearer error=\"invalid_token\"",
        };
        let mut response = no_store((self.status, body));
        match self.status {
            StatusCode::UNAUTHORIZED => set(&mut response, header::WWW_AUTHENTICATE, challenge),
            StatusCode::TOO_MANY_REQUESTS => set(&mut response, header::RETRY_AFTER, "1"),
            _ => {}
        }
        response
    }

    /// CAMARA Commonalities 0.6, `ErrorInfo`.
    pub fn camara(self) -> Response {
        let body = json!({ "status": self.status.as_u16(), "code": self.error, "message": self.description });
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            set(&mut response, header::RETRY_AFTER, "1");
        }
        response
    }
}

impl From<getrandom::Error> for Refused {
    fn from(_: getrandom::Error) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "No randomness")
    }
}

impl From<jsonwebtoken::errors::Error> for Refused {
    fn from(_: jsonwebtoken::errors::Error) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Signing failed")
    }
}

/// Tokens and error answers of a token endpoint must not be cached (RFC 6749 5.1).
pub fn no_store(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

pub fn found(status: StatusCode, location: String) -> Response {
    no_store((status, [(header::LOCATION, location)]))
}

/// A page that leads nowhere: an unregistered redirect URI, a broken link, somebody else's link.
pub fn bad_request_page(text: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &format!("<h1>invalid_request</h1><p>{text}</p>"))
}

/// A page where a redirect should be: the handset goes no further.
pub fn error_page() -> Response {
    page(StatusCode::SERVICE_UNAVAILABLE, "<h1>Service unavailable</h1><p>Please try again later.</p>")
}

/// The consent page. `handle` is ours (hexadecimal), so nothing needs escaping. The attribute tells a handset without a
/// person what this one would press.
pub fn consent_page(action: &str, handle: &str) -> Response {
    page(
        StatusCode::OK,
        &format!(
            "<h1>Share your number?</h1><p>An app asks whether a number is the one of this phone.</p>\
             <form method=\"post\" action=\"{action}\" data-sandbox-default=\"deny\">\
             <input type=\"hidden\" name=\"tx\" value=\"{handle}\">\
             <button name=\"decision\" value=\"accept\">Allow</button> \
             <button name=\"decision\" value=\"deny\">Do not allow</button></form>"
        ),
    )
}

/// Never inside a frame: another site must not borrow the user's click (CAMARA Security and Interoperability Profile).
fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Mobile network</title>{body}</html>"
    );
    let mut response = no_store((status, Html(html)));
    set(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(&mut response, header::REFERRER_POLICY, "no-referrer");
    response
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
