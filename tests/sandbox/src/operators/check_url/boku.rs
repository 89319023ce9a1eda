//! Boku's phoneIdUrl and phoneIdResult, as Twilio documents them: an API key, a consent, an EVURL that works once, an
//! `ErrorCode` for the handset, and a result that may not be there at once.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::form_urlencoded::Serializer;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::super::answers::{Refused, found};
use super::super::camara::is_e164;
use super::super::faults::Yes;
use super::super::{Operators, now};
use super::{Check, Progress, RESULT_LIFETIME, bad_request, json_body, problem, text};

pub const URL: &str = "/cigateway/id/v1/phoneIdUrl";
pub const RESULT: &str = "/cigateway/id/v1/phoneIdResult";
pub const OPEN: &str = "/ev/{id}";

/// Seconds.
const TTL: u64 = 600;
/// Seconds that RequestTime may be off.
const SKEW: i64 = 300;
/// The result is not there yet.
const PENDING: i64 = 5016;
/// No such association key.
const UNKNOWN: i64 = -20;
/// How often a slow result is asked for in vain.
const SLOW: u32 = 2;

/// `POST phoneIdUrl`.
pub async fn create(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.boku_create(&network, &headers, &body).unwrap_or_else(problem)
}

/// `POST phoneIdResult`.
pub async fn result(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.boku_result(&network, &headers, &body).await.unwrap_or_else(problem)
}

/// Home to the gateway. The handset gets no code: what it proves stays with the aggregator.
pub fn back(redirect: String, told: Result<&str, &Refused>) -> Response {
    let (code, text) = match told {
        Ok(_) => (0, "Success"),
        Err(refused) => (number(refused.error), refused.error),
    };
    let query = Serializer::new(String::new())
        .append_pair("ErrorCode", &code.to_string())
        .append_pair("ErrorDescription", text)
        .append_pair("Carrier", "SANDBOX")
        .finish();
    found(StatusCode::FOUND, format!("{redirect}&{query}"))
}

/// Unix time.
fn seconds() -> i64 {
    i64::try_from(now() / 1000).unwrap_or(i64::MAX)
}

/// The aggregator's number for a failure.
fn number(error: &str) -> i64 {
    match error {
        "not_mobile_ip" => -33,
        "mno_not_supported" => -30,
        "ip_msisdn_mismatch" => -32,
        "mno_user_not_found" => -40,
        _ => -34,
    }
}

fn failed(code: i64) -> Response {
    Json(json!({ "error": { "code": code, "description": "See the list of codes" } })).into_response()
}

impl Operators {
    /// The key and the clock of a request, and its body.
    fn boku_client(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refused> {
        let refuse = |text| Refused::new(StatusCode::UNAUTHORIZED, "unauthorized", text);
        let key = headers.get(header::AUTHORIZATION).and_then(|key| key.to_str().ok());
        if key != Some(&self.0.settings.api_key) {
            return Err(refuse("The security key is missing or unknown"));
        }
        let at = headers.get("requesttime").and_then(|at| OffsetDateTime::parse(at.to_str().ok()?, &Rfc3339).ok());
        if at.is_none_or(|at| (at.unix_timestamp() - seconds()).abs() > SKEW) {
            return Err(refuse("RequestTime is missing or far from now"));
        }
        let body = json_body(headers, "application/json", body)?;
        if text(&body, "merchantId") != self.0.settings.client_id {
            return Err(refuse("merchantId is unknown"));
        }
        Ok(body)
    }

    fn boku_create(&self, network: &Network, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let body = self.boku_client(headers, body)?;
        // "A nonce used by the customer that is unique to this transaction."
        let id = text(&body, "correlationId");
        if id.is_empty() || !self.ledger().first_use(&format!("boku {id}"), now() + RESULT_LIFETIME, now()) {
            return Err(bad_request("correlationId is missing or was used before"));
        }
        let consented = OffsetDateTime::parse(text(&body, "consentTimeStamp"), &Rfc3339);
        if text(&body, "consentId").is_empty() || !consented.is_ok_and(|at| at.unix_timestamp() <= seconds()) {
            return Err(bad_request("There must be a consent, and it must have been given"));
        }
        let (mdn, redirect) = (text(&body, "consumerMdn"), text(&body, "redirectUrl"));
        if !self.is_registered(network, redirect) {
            return Err(bad_request("redirectUrl is not registered"));
        }
        if body.get("air") != Some(&json!(true)) {
            return Err(bad_request("This network inserts its header over plain http only, so air must be true"));
        }
        if text(&body, "useCase").parse::<u8>().is_err() {
            return Err(bad_request("useCase is a number of the list"));
        }
        if !is_e164(mdn) {
            return Ok(failed(number("mno_user_not_found")));
        }
        if !network.owns(mdn) || self.is_unserved(mdn) {
            return Ok(failed(number("mno_not_supported")));
        }
        let check = Check {
            number: mdn.to_owned(),
            redirect: Some(redirect.to_owned()),
            state: Progress::Made,
            expires: now() + TTL * 1000,
        };
        let id = self.make(network, Some(id), check)?;
        let evurl = self.public(network, &OPEN.replace("{id}", &id));
        Ok(Json(json!({ "error": { "code": 0, "description": "Success" }, "evurl": evurl })).into_response())
    }

    async fn boku_result(&self, network: &Network, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let body = self.boku_client(headers, body)?;
        let (found, scenario) = match self.boku_found(network, text(&body, "associationKey")) {
            Ok(found) => found,
            Err(code) => return Ok(failed(code)),
        };
        // Scenario 33 was slow by being pending.
        if scenario != Scenario::TokenSlow {
            self.resolving(scenario).await.map_err(|status| Refused::new(status, "error", "As the scenario says"))?;
        }
        let yes = |flag: &str| format!(r#"{{"error":{{"code":0}},"results":{{"match":{{"consumerMdn":{flag}}}}}}}"#);
        let answers = Yes { whole: yes("true"), broken: yes("tru"), quoted: yes("\"true\"") };
        if let Some(answer) = self.0.cycles.resource(network, scenario, &answers) {
            return Ok(answer);
        }
        let correlation = match scenario {
            Scenario::ForeignIdentity => "00000000000000000000000000000000",
            _ => text(&body, "correlationId"),
        };
        let asked = body.get("match").map(|asked| text(asked, "consumerMdn"));
        let matched = found.as_deref().is_some_and(|found| asked == Some(found));
        Ok(Json(json!({
            "correlationId": correlation, "error": { "code": 0, "description": "Success" },
            "results": { "carrier": "SANDBOX", "match": { "consumerMdn": matched } },
        }))
        .into_response())
    }

    /// The number that was recognised, or why there is none (yet).
    fn boku_found(&self, network: &Network, association: &str) -> Result<(Option<String>, Scenario), i64> {
        let mut checks = self.checks();
        let check = checks.made.get_mut(&(network.clone(), association.to_owned())).ok_or(UNKNOWN)?;
        match &mut check.state {
            Progress::Returned { found, scenario, asked, .. } => {
                *asked += 1;
                let slow = *scenario == Scenario::TokenSlow && *asked <= SLOW;
                if slow { Err(PENDING) } else { Ok((found.clone(), *scenario)) }
            }
            Progress::Failed(error) => Err(number(error)),
            _ => Err(PENDING),
        }
    }
}
