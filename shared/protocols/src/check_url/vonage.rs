//! Vonage Verify v2, workflow `silent_auth`, synchronous: `POST /v2/verify`, `GET check_url` by the handset, which gets
//! `{request_id, code}`, and `POST /v2/verify/{request_id}` with that code. `user_rejected` is *another number*.

use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Context, HttpResponse, Io, Key, Stop, Verdict};

use super::{Check, tru::meaning, violation};
use crate::{oidc, refusal};

/// Seconds: the channel's documented time-out.
const TTL: u64 = 60;
/// Seconds that a JWT of ours may be used.
const JWT_LIFETIME: u64 = 60;

#[derive(Deserialize)]
struct Config {
    /// `…/v2/verify`.
    verify_endpoint: String,
    application_id: String,
    /// Who asks, in the aggregator's books; 1 to 16 characters.
    brand: String,
}

#[derive(Deserialize)]
struct Created {
    request_id: String,
    check_url: String,
}

/// What the handset got; an error of the SDK's own names no check.
#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Resolved {
    #[serde(default)]
    request_id: Option<String>,
    status: String,
}

pub fn create(cx: &Context, io: &mut Io) -> Result<Check, Stop> {
    let config: Config = cx.config()?;
    let to = cx.msisdn.strip_prefix('+').unwrap_or(&cx.msisdn);
    let body = json!({ "brand": config.brand, "workflow": [{ "channel": "silent_auth", "to": to }] });
    let jwt = jwt(cx, &config, "create", io)?;
    let response = io.send(oidc::post_json(&config.verify_endpoint, &jwt, &body))?;
    if response.status != 202 {
        return Err(refused(&response));
    }
    let created: Created = response.json()?;
    Check::new(cx, created.request_id, created.check_url, TTL)
}

pub fn resolve(cx: &Context, check: &Check, payload: &Value, io: &mut Io) -> Result<Verdict, Stop> {
    let got = Payload::deserialize(payload).map_err(|_| Stop::Malformed("it is not what the handset was given"))?;
    if got.request_id.as_ref().is_some_and(|id| *id != check.id) {
        return Err(Stop::Malformed("it belongs to another check"));
    }
    if !got.error.is_empty() {
        let verdict = at_handset(&got.error);
        return Err(Stop::failed(verdict, format!("the check failed at the handset: {verdict}")));
    }
    if got.request_id.is_none() || got.code.is_empty() {
        return Err(Stop::Malformed("it has neither a check's code nor an error"));
    }
    let config: Config = cx.config()?;
    let jwt = jwt(cx, &config, "resolve", io)?;
    let url = format!("{}/{}", config.verify_endpoint, check.id);
    judge(check, &io.send(oidc::post_json(&url, &jwt, &json!({ "code": got.code })))?)
}

fn judge(check: &Check, response: &HttpResponse) -> Result<Verdict, Stop> {
    match response.status {
        200 => {}
        // All that differs from one session to another in this request is what the handset brought.
        400 => return Err(violation("the aggregator does not know the handset's code")),
        404 | 410 => return Err(Stop::failed(Verdict::Expired, "the aggregator no longer has the check")),
        _ => return Err(refused(response)),
    }
    let found: Resolved = response.json()?;
    check.is_named(found.request_id.as_ref())?;
    match found.status.as_str() {
        "completed" => Ok(Verdict::Match),
        "user_rejected" => Ok(Verdict::Mismatch),
        "expired" => Err(Stop::failed(Verdict::Expired, "the check has expired at the aggregator")),
        _ => Err(Stop::failed(Verdict::OperatorError, "the check has no result that we know")),
    }
}

/// The application's JWT, one for each request.
fn jwt(cx: &Context, config: &Config, what: &str, io: &mut Io) -> Result<String, Stop> {
    let claims = json!({
        "application_id": config.application_id, "iat": cx.now, "exp": cx.now + JWT_LIFETIME, "jti": oidc::fresh(cx, what),
    });
    io.sign(claims, Key::Private, None)
}

/// RFC 9457 problems, which these are, have no codes: the status says it.
fn refused(response: &HttpResponse) -> Stop {
    let verdict = match response.status {
        412 => Verdict::NetworkUnsupported,
        400 | 401 | 402 | 403 | 404 | 415 | 422 => Verdict::ConfigError,
        // 409: another verification of this number is under way.
        status => refusal::by_status(status),
    };
    Stop::failed(verdict, format!("the aggregator answered {}", response.status))
}

/// What the handset reports in place of a code. The SDKs descend from tru.ID's, and so do the codes.
fn at_handset(error: &str) -> Verdict {
    match error {
        "sdk_no_data_connectivity" => Verdict::NotMobileNetwork,
        code => meaning(code).unwrap_or(Verdict::OperatorError),
    }
}
