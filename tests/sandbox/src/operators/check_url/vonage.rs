//! Vonage Verify v2 with the `silent_auth` workflow: a JWT for each request, and the code as JSON for the handset.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::super::answers::{Refused, no_store};
use super::super::client::bearer;
use super::super::faults::Yes;
use super::super::ledger::random;
use super::super::{Operators, now};
use super::{Check, Progress, RESULT_LIFETIME, bad_request, json_body, problem, text, unknown};

pub const VERIFY: &str = "/v2/verify";
pub const REQUEST: &str = "/v2/verify/{id}";
pub const OPEN: &str = "/v2/verify/{id}/silent-auth/redirect";

/// Seconds: the channel's time-out.
const TTL: u64 = 60;
/// Seconds: Vonage's own limit is a day, which nobody needs.
const JWT_LIFETIME: u64 = 300;

#[derive(Clone, Deserialize)]
struct Claims {
    application_id: String,
    iat: u64,
    exp: u64,
    jti: String,
}

/// `POST /v2/verify`.
pub async fn create(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.vonage_create(&network, &headers, &body).unwrap_or_else(problem)
}

/// `POST /v2/verify/{id}` with the handset's code.
pub async fn resolve(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.vonage_resolve(&network, &id, &headers, &body).await.unwrap_or_else(problem)
}

/// What the handset gets.
pub fn told(id: &str, told: Result<&str, &Refused>) -> Response {
    let body = match told {
        Ok(code) => json!({ "request_id": id, "code": code }),
        Err(refused) => {
            json!({ "request_id": id, "error": refused.error, "error_description": refused.description })
        }
    };
    no_store(Json(body))
}

impl Operators {
    fn vonage_client(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let refuse = |text| Refused::new(StatusCode::UNAUTHORIZED, "unauthorized", text);
        let claims: Claims = self
            .signed(bearer(headers).unwrap_or_default(), "JWT")
            .ok_or_else(|| refuse("The JWT's signature or claims are invalid"))?;
        let (now, seconds) = (now(), now() / 1000);
        if claims.application_id != self.0.settings.client_id {
            return Err(refuse("The application is unknown"));
        }
        if claims.exp <= seconds || claims.exp.saturating_sub(claims.iat) > JWT_LIFETIME {
            return Err(refuse("The JWT has expired, or lives too long"));
        }
        let first = !claims.jti.is_empty() && self.ledger().first_use(&claims.jti, claims.exp * 1000, now);
        first.then_some(()).ok_or_else(|| refuse("jti is empty or was used before"))
    }

    fn vonage_create(&self, network: &Network, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        self.vonage_client(headers)?;
        let body = json_body(headers, "application/json", body)?;
        let invalid = |text| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-params", text);
        if !(1..=16).contains(&text(&body, "brand").len()) {
            return Err(invalid("brand has 1 to 16 characters"));
        }
        let number = match body.get("workflow").and_then(Value::as_array).map(Vec::as_slice) {
            Some([only]) if text(only, "channel") == "silent_auth" => text(only, "to"),
            _ => return Err(invalid("workflow must be silent_auth alone")),
        };
        if !(7..=15).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid("to is a number without its plus"));
        }
        let number = format!("+{number}");
        if !network.owns(&number) || self.is_unserved(&number) {
            return Err(Refused::new(StatusCode::PRECONDITION_FAILED, "network-unsupported", "No silent_auth there"));
        }
        let check = Check { number, redirect: None, state: Progress::Made, expires: now() + TTL * 1000 };
        let id = self.make(network, None, check)?;
        let check_url = self.public(network, &OPEN.replace("{id}", &id));
        Ok((StatusCode::ACCEPTED, Json(json!({ "request_id": id, "check_url": check_url }))).into_response())
    }

    async fn vonage_resolve(
        &self,
        network: &Network,
        id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        self.vonage_client(headers)?;
        let body = json_body(headers, "application/json", body)?;
        let key = (network.clone(), id.to_owned());
        let check = self.checks().made.get(&key).cloned().ok_or_else(unknown)?;
        let conflict = || Refused::new(StatusCode::CONFLICT, "conflict", "This step does not take a code");
        let (known, found, scenario) = match check.state {
            Progress::Returned { code, found, scenario, .. } => (code, found, scenario),
            // "Not found, or verified already": the API does not tell which.
            Progress::Resolved => return Err(unknown()),
            _ => return Err(conflict()),
        };
        if text(&body, "code") != known || scenario == Scenario::GrantRefused {
            return Err(bad_request("The code does not match the expected value"));
        }
        self.resolving(scenario).await.map_err(|status| Refused::new(status, "error", "As the scenario says"))?;
        let yes = |end: &str| format!(r#"{{"request_id":"{id}","status":"completed{end}"#);
        let answers = Yes { whole: yes("\"}"), broken: yes("\""), quoted: yes("\",\"verified\":\"true\"}") };
        if let Some(answer) = self.0.cycles.resource(network, scenario, &answers) {
            return Ok(answer);
        }
        let mut checks = self.checks();
        let check = checks.made.get_mut(&key).ok_or_else(unknown)?;
        (check.state, check.expires) = (Progress::Resolved, now() + RESULT_LIFETIME);
        let named = if scenario == Scenario::ForeignIdentity { random()? } else { id.to_owned() };
        let status = if found.as_ref() == Some(&check.number) { "completed" } else { "user_rejected" };
        Ok(Json(json!({ "request_id": named, "status": status })).into_response())
    }
}
