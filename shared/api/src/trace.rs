//! Which trace a request is part of: the caller's by W3C Trace Context, else AWS X-Ray's, else one that begins here.
//! Of what a header says only what keeps to its format word by word is taken: hex digits, which hold no secret.
//!
//! A trace ends here. Operators are other parties, and who the callers' traces belong to is none of their business (W3C
//! Trace Context, Privacy Considerations), so neither `traceparent` nor `tracestate` is passed on.

use lambda_http::{RequestExt, http::HeaderMap};

use crate::request::said_once;

/// The trace of one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hex digits.
    pub id: String,
    /// This request's own part of it, 16 hex digits.
    pub span: String,
    /// X-Ray's id, `1-<8 hex digits>-<24>`, where the invocation has one.
    pub xray: Option<String>,
    sampled: bool,
}

impl Trace {
    /// `None` only where the system has no randomness.
    pub fn of(event: &lambda_http::Request) -> Option<Self> {
        let context = event.lambda_context_ref();
        let xray = context.and_then(|context| xray(context.xray_trace_id.as_deref()?));
        let parent = parent(event.headers());
        let random = || getrandom::u64().ok().filter(|number| *number != 0);
        let (id, sampled) = match (parent, &xray) {
            (Some((id, sampled)), _) => (id.to_owned(), sampled),
            (None, Some((root, sampled))) => (root.trim_start_matches("1-").replace('-', ""), *sampled),
            (None, None) => (format!("{:016x}{:016x}", random()?, random()?), false),
        };
        Some(Self { id, span: format!("{:016x}", random()?), xray: xray.map(|(root, _)| root.to_owned()), sampled })
    }

    /// The value of `traceresponse` (W3C Trace Context HTTP Response Headers, editor's draft, 2.2), which a customer can
    /// quote.
    pub fn response(&self) -> String {
        format!("00-{}-{}-{:02x}", self.id, self.span, u8::from(self.sampled))
    }
}

/// The trace id of a `traceparent` that came once, and whether the caller records the trace.
fn parent(headers: &HeaderMap) -> Option<(&str, bool)> {
    trace_parent(said_once(headers, "traceparent")?)
}

/// `00-<32 hex digits>-<16>-<2>`, lower case, neither id all zeros (W3C Trace Context 3.2.2). Of a later version the same
/// parts count, and what may follow after a dash does not (3.2.4).
fn trace_parent(value: &str) -> Option<(&str, bool)> {
    let (known, rest) = value.split_at_checked(55)?;
    let mut parts = known.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let shaped = is_hex(version, 2) && is_id(id, 32) && is_id(span, 16) && is_hex(flags, 2) && parts.next().is_none();
    let ends = match version {
        "ff" => false,
        "00" => rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    let flags = u8::from_str_radix(flags, 16).ok()?;
    (shaped && ends).then_some((id, flags & 1 == 1))
}

/// The root of `Root=1-<8 hex digits>-<24>;Parent=…;Sampled=1` (AWS X-Ray, tracing header), and whether it is sampled.
fn xray(header: &str) -> Option<(&str, bool)> {
    let part = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let root = part("Root")?;
    let (time, random) = root.strip_prefix("1-")?.split_once('-')?;
    (is_hex(time, 8) && is_id(random, 24)).then(|| (root, part("Sampled") == Some("1")))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
