//! tru.ID PhoneCheck v0.2: `POST checks`, `GET check_url` by the handset, `PATCH checks/{id}` with its code.

use serde::Deserialize;
use serde_json::json;
use sna_adapter::{Auth, Context, HttpRequest, HttpResponse, Io, Params, Stop, Verdict};

use super::{Check, redirect_uri, violation};
use crate::{oidc, refusal};

/// Seconds, where the answer says none.
const TTL: u64 = 120;
/// How often a check that is still pending is read again; token and code are two asks of six.
const READS: usize = 4;

#[derive(Deserialize)]
struct Config {
    token_endpoint: String,
    /// `…/phone_check/v0.2/checks`.
    checks_endpoint: String,
    client_id: String,
}

#[derive(Deserialize)]
struct Created {
    check_id: String,
    #[serde(default)]
    ttl: Option<u64>,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    check_url: Link,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct Resolved {
    #[serde(default)]
    check_id: Option<String>,
    status: String,
    #[serde(default, rename = "match")]
    matched: Option<Matched>,
    #[serde(default)]
    error_code: String,
}

#[derive(Deserialize)]
struct Matched(#[serde(deserialize_with = "oidc::lenient_bool")] bool);

pub fn create(cx: &Context, scope: &str, io: &mut Io) -> Result<Check, Stop> {
    let config: Config = cx.config()?;
    let token = token(&config, scope, io)?;
    let body = json!({
        "phone_number": cx.msisdn, "phone_ip": cx.client_ip, "reference_id": oidc::fresh(cx, "check"),
        "redirect_url": redirect_uri(cx),
    });
    let response = io.send(oidc::post_json(&config.checks_endpoint, &token, &body))?;
    if response.status != 201 {
        return Err(refused(&response));
    }
    let created: Created = response.json()?;
    Check::new(cx, created.check_id, created.links.check_url.href, created.ttl.unwrap_or(TTL))
}

pub fn resolve(cx: &Context, scope: &str, check: &Check, params: &Params, io: &mut Io) -> Result<Verdict, Stop> {
    if params.get("check_id") != Some(&check.id) {
        return Err(violation("the handset comes back from another check"));
    }
    if let Some(error) = params.get("error") {
        let verdict = meaning(error).unwrap_or(Verdict::OperatorError);
        return Err(Stop::failed(verdict, format!("the check failed at the handset: {verdict}")));
    }
    let code = params.get("code").filter(|code| !code.is_empty()).ok_or_else(|| violation("neither code nor error"))?;
    let config: Config = cx.config()?;
    let token = token(&config, scope, io)?;
    let mut request = oidc::post_json(
        &format!("{}/{}", config.checks_endpoint, check.id),
        &token,
        &json!([{ "op": "add", "path": "/code", "value": code }]),
    );
    request.method = "PATCH".into();
    request.headers.insert("content-type".into(), "application/json-patch+json".into());
    let mut response = io.send(request.clone())?;
    request.method = "GET".into();
    request.headers.remove("content-type");
    request.body.clear();
    for _ in 0..READS {
        if let Some(verdict) = judge(check, &response)? {
            return Ok(verdict);
        }
        response = io.send(request.clone())?;
    }
    judge(check, &response)?.ok_or_else(|| Stop::failed(Verdict::OperatorTimeout, "the check is still pending"))
}

/// `None`: not yet.
fn judge(check: &Check, response: &HttpResponse) -> Result<Option<Verdict>, Stop> {
    match response.status {
        200 => {}
        // All that differs from one session to another in this request is what the handset brought.
        400 => return Err(violation("the aggregator does not know the handset's code")),
        404 | 410 => return Err(Stop::failed(Verdict::Expired, "the aggregator no longer has the check")),
        409 => return Err(Stop::failed(Verdict::Replayed, "the check has been resolved before")),
        _ => return Err(refused(response)),
    }
    let found: Resolved = response.json()?;
    check.is_named(found.check_id.as_ref())?;
    match (found.status.as_str(), found.matched) {
        ("COMPLETED", Some(Matched(true))) => Ok(Some(Verdict::Match)),
        ("COMPLETED", Some(Matched(false))) => Ok(Some(Verdict::Mismatch)),
        ("ACCEPTED" | "PENDING", _) => Ok(None),
        ("EXPIRED", _) => Err(Stop::failed(Verdict::Expired, "the check has expired at the aggregator")),
        ("ERROR", _) => {
            let verdict = meaning(&found.error_code).unwrap_or(Verdict::OperatorError);
            Err(Stop::failed(verdict, format!("the check failed: {verdict}")))
        }
        _ => Err(Stop::failed(Verdict::OperatorError, "the check has no result that we know")),
    }
}

fn token(config: &Config, scope: &str, io: &mut Io) -> Result<String, Stop> {
    let response = io.send(HttpRequest {
        method: "POST".into(),
        url: config.token_endpoint.clone(),
        headers: oidc::headers("application/x-www-form-urlencoded"),
        body: oidc::encode(&[("grant_type", "client_credentials"), ("scope", scope)]),
        auth: Auth::ClientSecretBasic { client_id: config.client_id.clone() },
        ..HttpRequest::default()
    })?;
    if response.status != 200 {
        return Err(refusal::at_token(&response));
    }
    Ok(response.json::<oidc::Token>()?.access_token)
}

/// A refusal by its code, else by its status.
fn refused(response: &HttpResponse) -> Stop {
    let verdict = meaning(&response.error().0).unwrap_or(match response.status {
        409 => Verdict::IpNumberNetworkMismatch,
        412 => Verdict::NotMobileNetwork,
        501 => Verdict::NetworkUnsupported,
        400 | 401 | 403 | 404 | 415 | 422 => Verdict::ConfigError,
        status => refusal::by_status(status),
    });
    Stop::failed(verdict, format!("the aggregator answered {}", response.status))
}

/// The aggregator's codes: of a refusal, of a failed check, and of what the handset brings.
pub fn meaning(code: &str) -> Option<Verdict> {
    Some(match code {
        "not_mobile_ip" => Verdict::NotMobileNetwork,
        "mno_not_supported" | "mno_redirect_unsupported" => Verdict::NetworkUnsupported,
        // ip_mismatch: opened from another address than the customer told. It is a hint only, so an SMS may follow.
        "ip_msisdn_mismatch" | "ip_mismatch" => Verdict::IpNumberNetworkMismatch,
        "mno_user_not_found" => Verdict::SubscriberUnknown,
        "mno_timeout" => Verdict::OperatorTimeout,
        "mno_response_error" | "mno_server_error" | "mno_no_data_available" => Verdict::OperatorError,
        _ => return None,
    })
}
