//! A lookup by JSON over HTTPS: where to ask, and where in the answer what stands.

use reqwest::{Method, Request, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sna_numbers::Msisdn;
use sna_outbound::Outbound;
use url::Url;

use super::{Carrier, Fault, Looking, Lookup, codes};

const MAX_ANSWER: usize = 64 * 1024;

/// The digits of the number go where this stands.
pub const NUMBER: &str = "{number}";

pub(crate) struct Form {
    pub outbound: Outbound,
    pub method: Method,
    /// Secret: a key may be part of it.
    pub url: SecretString,
    pub headers: HeaderMap,
    /// JSON, as text.
    pub body: Option<String>,
    pub answer: Pointers,
    pub allow_loopback: bool,
}

/// JSON pointers (RFC 6901) into the answer, or into what the answer has under the number's digits.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pointers {
    /// The number that the answer is about, as digits, with a `+` or without, or as a JSON number.
    pub number: String,
    pub spid: Option<String>,
    pub mcc: Option<String>,
    pub mnc: Option<String>,
    pub ported: Option<String>,
    /// Without one, the HTTP status says all: 200 found, 404 unknown.
    pub status: Option<Status>,
}

/// A status of the source's own. What is neither is a failure of the source.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub pointer: String,
    pub found: Value,
    pub unknown: Option<Value>,
}

impl Lookup for Form {
    fn look<'a>(&'a self, number: &'a Msisdn) -> Looking<'a> {
        Box::pin(self.ask(number.digits()))
    }
}

impl Form {
    async fn ask(&self, digits: &str) -> Result<Option<Carrier>, Fault> {
        let url = Url::parse(&self.url.expose_secret().replace(NUMBER, digits)).map_err(|_| Fault::Broken("no URL"))?;
        let mut request = Request::new(self.method.clone(), url);
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.as_ref().map(|body| body.replace(NUMBER, digits).into());
        let answer = self.outbound.send(request, self.allow_loopback, MAX_ANSWER).await.map_err(Fault::Unreachable)?;
        match answer.status {
            200 => self.answer.read(&answer.body, digits),
            404 if self.answer.status.is_none() => Ok(None),
            status => Err(Fault::Status(status)),
        }
    }
}

impl Pointers {
    /// What the answer says of the number with these digits.
    pub fn read(&self, body: &[u8], digits: &str) -> Result<Option<Carrier>, Fault> {
        let answer: Value = serde_json::from_slice(body).map_err(|_| Fault::Broken("not JSON"))?;
        let answer = answer.get(digits).unwrap_or(&answer);
        let at = |pointer: &Option<String>| answer.pointer(pointer.as_deref()?).and_then(text);
        let told = answer.pointer(&self.number).and_then(text).ok_or(Fault::Broken("no number"))?;
        if told.strip_prefix('+').unwrap_or(&told) != digits {
            return Err(Fault::Broken("another number's"));
        }
        if let Some(status) = &self.status {
            let told = answer.pointer(&status.pointer);
            if told.is_some() && told == status.unknown.as_ref() {
                return Ok(None);
            }
            if told != Some(&status.found) {
                return Err(Fault::Broken("a status that is not success"));
            }
        }
        let mcc_mnc = match (at(&self.mcc), at(&self.mnc)) {
            (Some(mcc), Some(mnc)) => codes(&mcc, &mnc),
            _ => None,
        };
        let ported = at(&self.ported).is_some_and(|told| matches!(told.as_str(), "true" | "yes" | "1"));
        let carrier = Carrier { spid: at(&self.spid).filter(|spid| !spid.is_empty()), mcc_mnc, ported };
        if carrier.spid.is_none() && carrier.mcc_mnc.is_none() {
            return Err(Fault::Broken("no carrier"));
        }
        Ok(Some(carrier))
    }
}

/// Sources write the same value as text, number or boolean.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(told) => Some(told.to_string()),
        _ => None,
    }
}
