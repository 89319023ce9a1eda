//! The rogue on its good days (`"fault": "honest"`): an operator that no public one is like, for what the gateway does with
//! payloads and headers. It recognises a session by its nonce, and asks `url` what a token is worth.

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Arrived, Authorize, Context, HttpRequest, Io, Stop, Verdict};

#[derive(Deserialize)]
struct Config {
    /// Where tokens are judged: 200 is a match.
    url: String,
    /// Where the handset gets its token, if not from us.
    device_url: Option<String>,
    /// The verdict of a plan for a number that nothing can be done for.
    refusal: Option<Verdict>,
}

pub fn plan(cx: &Context, kept: &mut String) -> Result<Authorize, Stop> {
    let config: Config = cx.config()?;
    if let Some(verdict) = config.refusal {
        return Err(Stop::failed(verdict, "not this number"));
    }
    kept.clone_from(&cx.state);
    let parameters = [("trace".to_owned(), cx.nonce.clone())].into();
    Ok(Authorize { uri: config.device_url, parameters, ..Authorize::default() })
}

pub fn arrive(cx: &Context) -> Arrived {
    match cx.enrich_uri.as_str() {
        "" => Arrived::Reply { json: json!({ "trace": cx.nonce }) },
        uri => Arrived::Redirect { uri: format!("{uri}?state={}", cx.state) },
    }
}

pub fn validate(cx: &Context, payload: &Value, io: &mut Io) -> Result<Verdict, Stop> {
    let text = |name: &str| payload[name].as_str().ok_or(Stop::Malformed("a trace and a token"));
    let (trace, token) = (text("trace")?, text("token")?);
    if trace != cx.nonce || cx.kept != cx.state {
        return Err(Stop::failed(Verdict::ProtocolViolation, "another session's"));
    }
    judged(cx, token, io)
}

pub fn enriched(cx: &Context, header: Option<&str>, io: &mut Io) -> Result<Verdict, Stop> {
    match header {
        None => Ok(Verdict::NotMobileNetwork),
        Some(digits) if cx.msisdn.strip_prefix('+') == Some(digits) => judged(cx, "good", io),
        Some(_) => judged(cx, "bad", io),
    }
}

fn judged(cx: &Context, token: &str, io: &mut Io) -> Result<Verdict, Stop> {
    let Config { url, .. } = cx.config()?;
    let request = HttpRequest { method: "GET".into(), url: format!("{url}?token={token}"), ..HttpRequest::default() };
    Ok(if io.send(request)?.status == 200 { Verdict::Match } else { Verdict::Mismatch })
}
