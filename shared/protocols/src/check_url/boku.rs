//! Boku Mobile Identity (once Danal; Twilio resells it as SNA): `phoneIdUrl` makes an EVURL for ten minutes, the handset
//! opens it once and comes back with an `ErrorCode`, and `phoneIdResult` compares the number.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sna_adapter::{Context, HttpRequest, HttpResponse, Io, Params, Stop, Verdict};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Check, redirect_uri, violation};
use crate::{oidc, refusal};

/// Seconds that an EVURL may be opened.
const TTL: u64 = 600;
/// How often a result may be asked for: the asks of one step.
const READS: usize = sna_adapter::MAX_ASKS;
/// The handset's visit is not finished on the aggregator's side.
const PENDING: i64 = 5016;

#[derive(Deserialize)]
struct Config {
    url_endpoint: String,
    result_endpoint: String,
    merchant_id: String,
    /// Which consent of the user this rests on, and when it was given (RFC 3339).
    consent_id: String,
    consent_timestamp: String,
}

#[derive(Deserialize)]
struct Created {
    #[serde(default)]
    evurl: String,
    #[serde(default)]
    error: Status,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default, rename = "correlationId")]
    correlation_id: Option<String>,
    #[serde(default)]
    error: Status,
    #[serde(default)]
    results: Results,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(deserialize_with = "number")]
    code: i64,
}

#[derive(Default, Deserialize)]
struct Results {
    #[serde(default, rename = "match")]
    matched: Option<Matched>,
}

#[derive(Deserialize)]
struct Matched {
    #[serde(rename = "consumerMdn", deserialize_with = "oidc::lenient_bool")]
    number: bool,
}

/// The EVURL's correlationId is the `associationKey` of its result.
pub fn create(cx: &Context, use_case: &str, air: bool, io: &mut Io) -> Result<Check, Stop> {
    let config: Config = cx.config()?;
    let id = oidc::fresh(cx, "check");
    let body = json!({
        "merchantId": config.merchant_id, "consentId": config.consent_id,
        "consentTimeStamp": config.consent_timestamp, "consumerMdn": cx.msisdn, "correlationId": id,
        "consumerDeviceIP": cx.client_ip, "air": air, "redirectUrl": redirect_uri(cx), "useCase": use_case,
    });
    let created: Created = answer(&io.send(request(cx, config.url_endpoint, &body)?)?)?;
    failure(created.error.code)?;
    if created.evurl.is_empty() {
        return Err(Stop::failed(Verdict::OperatorError, "the answer has no EVURL"));
    }
    Check::new(cx, id, created.evurl, TTL)
}

pub fn resolve(cx: &Context, check: &Check, params: &Params, io: &mut Io) -> Result<Verdict, Stop> {
    let code = params.get("ErrorCode").and_then(|code| code.parse().ok());
    failure(code.ok_or_else(|| violation("the handset comes back without an ErrorCode"))?)?;
    let config: Config = cx.config()?;
    let id = oidc::fresh(cx, "result");
    let body = json!({
        "merchantId": config.merchant_id, "correlationId": id, "associationKey": check.id,
        "match": { "consumerMdn": cx.msisdn },
    });
    let request = request(cx, config.result_endpoint, &body)?;
    for _ in 0..READS {
        let found: Found = answer(&io.send(request.clone())?)?;
        if found.error.code == PENDING {
            continue;
        }
        failure(found.error.code)?;
        if found.correlation_id.is_some_and(|found| found != id) {
            return Err(violation("the aggregator answers another question"));
        }
        return match found.results.matched {
            Some(Matched { number: true }) => Ok(Verdict::Match),
            Some(Matched { number: false }) => Ok(Verdict::Mismatch),
            None => Err(Stop::failed(Verdict::OperatorError, "the result lacks its match")),
        };
    }
    Err(Stop::failed(Verdict::OperatorTimeout, "the result is still pending"))
}

fn request(cx: &Context, url: String, body: &Value) -> Result<HttpRequest, Stop> {
    let at = i64::try_from(cx.now).ok().and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok());
    let at = at.and_then(|at| at.format(&Rfc3339).ok());
    let mut headers = oidc::headers("application/json");
    headers.insert("requesttime".into(), at.ok_or_else(|| Stop::failed(Verdict::ConfigError, "our clock is wrong"))?);
    let api_key_header = Some("authorization".to_owned());
    Ok(HttpRequest {
        method: "POST".into(),
        url,
        headers,
        body: body.to_string(),
        api_key_header,
        ..Default::default()
    })
}

fn answer<T: serde::de::DeserializeOwned>(response: &HttpResponse) -> Result<T, Stop> {
    match response.status {
        200 => response.json(),
        status @ (400 | 401 | 403 | 404 | 415) => {
            Err(Stop::failed(Verdict::ConfigError, format!("the aggregator answered {status}")))
        }
        status => Err(Stop::failed(refusal::by_status(status), format!("the aggregator answered {status}"))),
    }
}

/// An error code that is not 0, at the aggregator and in what the handset brings.
fn failure(code: i64) -> Result<(), Stop> {
    let verdict = match code {
        0 => return Ok(()),
        // -31: Wi-Fi or a network that it does not know; -33: no header was inserted.
        -31 | -33 => Verdict::NotMobileNetwork,
        -30 => Verdict::NetworkUnsupported,
        // Possibly the other SIM of two.
        -32 => Verdict::IpNumberNetworkMismatch,
        -40 => Verdict::SubscriberUnknown,
        _ => Verdict::OperatorError,
    };
    Err(Stop::failed(verdict, format!("the check failed: {verdict}")))
}

/// A number, or its digits in quotes.
fn number<'de, D: Deserializer<'de>>(value: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient {
        Number(i64),
        Text(String),
    }
    match Lenient::deserialize(value)? {
        Lenient::Number(number) => Ok(number),
        Lenient::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("not a number")),
    }
}
