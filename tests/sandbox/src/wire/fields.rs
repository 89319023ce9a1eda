//! The fields of a request or an answer as they may be shown: secrets are named, and have no value.

use axum::http::{HeaderMap, Uri, header};
use serde::Serialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::hop::{DOTS, mask};

/// Fields shown of a message.
const MANY: usize = 24;
/// Characters shown of a value.
const LONG: usize = 160;
/// From this length on, a value without spaces is taken for a secret.
const SECRET_LENGTH: usize = 24;

/// Secret, however short: codes, what the gateway and an operator know each other by, and the text of an SMS.
const SECRET: [&str; 20] = [
    "access_token",
    "api_key",
    "appkey",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "message",
    "nonce",
    "otp_code",
    "request",
    "secret",
    "session_id",
    "sign",
    "signature",
    "state",
    "sub",
    "token",
    "tx",
];

/// Long, and no secret.
const OPEN: [&str; 4] = ["correlation_id", "error_description", "msisdn", "scope"];

/// One field by its name; members of JSON objects are joined by dots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    pub name: String,
    /// None: a secret.
    pub value: Option<String>,
}

impl Field {
    fn secret(name: impl Into<String>) -> Field {
        Field { name: name.into(), value: None }
    }

    fn shown(name: impl Into<String>, value: &str) -> Field {
        let name = name.into();
        let value = shown(&name, value);
        Field { name, value }
    }
}

pub fn of_request(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split(' ').next());
    fields.extend(scheme.map(|scheme| Field::secret(format!("authorization: {scheme}"))));
    let named = headers.keys().filter(|name| *name == header::COOKIE || name.as_str().contains("msisdn"));
    fields.extend(named.map(|name| Field::secret(name.as_str())));
    fields.extend(form(uri.query().unwrap_or_default().as_bytes()));
    fields.extend(content(headers, body));
    fields.truncate(MANY);
    fields
}

pub fn of_answer(headers: &HeaderMap, body: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    fields.extend(location.map(|location| Field::shown("location", location)));
    fields.extend(headers.get(header::SET_COOKIE).map(|_| Field::secret("set-cookie")));
    fields.extend(content(headers, body));
    fields.truncate(MANY);
    fields
}

fn content(headers: &HeaderMap, body: &[u8]) -> Vec<Field> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut fields = Vec::new();
    if kind.starts_with("application/x-www-form-urlencoded") {
        fields.extend(form(body));
    } else if let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice(body) {
        flatten("", &json, &mut fields);
    }
    fields
}

fn form(text: &[u8]) -> impl Iterator<Item = Field> {
    form_urlencoded::parse(text).map(|(name, value)| Field::shown(name, &value))
}

fn flatten(name: &str, json: &Value, fields: &mut Vec<Field>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match json {
        Value::Object(members) => members.iter().for_each(|(part, value)| flatten(&below(part), value, fields)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| {
            flatten(&below(&at.to_string()), item, fields);
        }),
        Value::String(text) => fields.push(Field::shown(name, text)),
        other => fields.push(Field::shown(name, &other.to_string())),
    }
}

fn shown(name: &str, value: &str) -> Option<String> {
    let last = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if SECRET.contains(&&*last) {
        return None;
    }
    if let Some(url) = Url::parse(value).ok().filter(Url::has_host) {
        return Some(cut(&address(url)));
    }
    let is_open = OPEN.contains(&&*last) || !value.contains(|c: char| c.is_ascii_digit());
    if !is_open && value.len() >= SECRET_LENGTH && !value.contains(' ') {
        return None;
    }
    Some(cut(if is_open { value.to_owned() } else { mask(value) }.trim()))
}

/// An address with what it carries named.
fn address(mut url: Url) -> String {
    let fields: Vec<_> = url.query_pairs().map(|(name, value)| Field::shown(name, &value)).collect();
    url.set_query(None);
    url.set_fragment(None);
    let carried = fields.iter().map(|field| format!("{}={}", field.name, field.value.as_deref().unwrap_or(DOTS)));
    let carried: Vec<_> = carried.collect();
    let joint = if carried.is_empty() { "" } else { "?" };
    format!("{}{joint}{}", mask(url.as_str()), carried.join("&"))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
