//! tru.ID PhoneCheck v0.2.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::super::answers::{Refused, no_store};
use super::super::camara::is_e164;
use super::super::client::{ClientAuth, bearer};
use super::super::faults::Yes;
use super::super::flow::Back;
use super::super::ledger::random;
use super::super::params::Params;
use super::super::{Operators, now};
use super::{Check, Progress, RESULT_LIFETIME, Settings, bad_request, json_body, problem, text, unknown};

pub const TOKEN: &str = "/oauth2/v1/token";
pub const CHECKS: &str = "/phone_check/v0.2/checks";
pub const CHECK: &str = "/phone_check/v0.2/checks/{id}";
pub const OPEN: &str = "/phone_check/v0.2/checks/{id}/redirect";

/// Seconds.
const TOKEN_LIFETIME: u64 = 3600;
const TTL: u64 = 120;

/// `POST token`: client credentials.
pub async fn token(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Extension<Settings>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Settings::Tru { scope } = settings else { return unknown().oauth() };
    let issued = Params::form(&headers, &body).and_then(|form| {
        operators.check_client(ClientAuth::Basic, &headers, &form, "")?;
        if form.need("grant_type")? != "client_credentials" {
            let text = "grant_type must be client_credentials";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
        }
        if form.need("scope")? != scope {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_scope", "The scope is not the client's"));
        }
        let token = random()?;
        let mut checks = operators.checks();
        checks.tokens.retain(|_, expires| *expires > now());
        checks.tokens.insert((network, token.clone()), now() + TOKEN_LIFETIME * 1000);
        let body =
            json!({ "access_token": token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME, "scope": scope });
        Ok(no_store(Json(body)))
    });
    issued.unwrap_or_else(Refused::oauth)
}

/// `POST checks`.
pub async fn create(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.tru_create(&network, &headers, &body).unwrap_or_else(problem)
}

/// `GET checks/{id}`: how it stands.
pub async fn read(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = operators.tru_client(&network, &headers).map(|()| operators.tru_status(&network, &id));
    read.unwrap_or_else(problem)
}

/// `PATCH checks/{id}` with the handset's code.
pub async fn resolve(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.tru_resolve(&network, &id, &headers, &body).await.unwrap_or_else(problem)
}

/// Home to the gateway.
pub fn back(redirect: String, id: &str, told: Result<&str, &Refused>) -> Response {
    let redirect_uri = format!("{redirect}&check_id={id}");
    let back = Back { redirect_uri, state: None, correlation_id: None, iss: None };
    told.map_or_else(|refused| back.error(refused), |code| back.code(code))
}

impl Operators {
    fn tru_client(&self, network: &Network, headers: &HeaderMap) -> Result<(), Refused> {
        let token = (network.clone(), bearer(headers).unwrap_or_default().to_owned());
        let known = self.checks().tokens.get(&token).is_some_and(|expires| *expires > now());
        known.then_some(()).ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid token"))
    }

    fn tru_create(&self, network: &Network, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        self.tru_client(network, headers)?;
        let body = json_body(headers, "application/json", body)?;
        let (number, redirect) = (text(&body, "phone_number"), text(&body, "redirect_url"));
        if !is_e164(number) {
            return Err(bad_request("phone_number is no E.164 number"));
        }
        if !self.is_registered(network, redirect) {
            return Err(bad_request("redirect_url is not registered"));
        }
        match self.is_at_home(network, text(&body, "phone_ip")) {
            None => return Err(Refused::new(StatusCode::PRECONDITION_FAILED, "not_mobile_ip", "No mobile IP")),
            Some(false) => {
                return Err(Refused::new(StatusCode::CONFLICT, "ip_msisdn_mismatch", "Another network's IP"));
            }
            Some(true) => {}
        }
        if !network.owns(number) || self.is_unserved(number) {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "mno_not_supported", "The operator is not supported"));
        }
        let check = Check {
            number: number.to_owned(),
            redirect: Some(redirect.to_owned()),
            state: Progress::Made,
            expires: now() + TTL * 1000,
        };
        let id = self.make(network, None, check)?;
        let href = self.public(network, &OPEN.replace("{id}", &id));
        let created = json!({
            "check_id": id, "status": "ACCEPTED", "ttl": TTL, "_links": { "check_url": { "href": href } },
        });
        Ok((StatusCode::CREATED, Json(created)).into_response())
    }

    fn tru_status(&self, network: &Network, id: &str) -> Response {
        let mut checks = self.checks();
        let Some(check) = checks.made.get_mut(&(network.clone(), id.to_owned())) else { return problem(unknown()) };
        let expired = check.expires <= now();
        let state = match &mut check.state {
            Progress::Made | Progress::Opened if expired => json!({ "status": "EXPIRED" }),
            Progress::Made | Progress::Opened | Progress::Returned { .. } => json!({ "status": "PENDING" }),
            Progress::Failed(error) => json!({ "status": "ERROR", "error_code": error }),
            Progress::Resolved => json!({ "status": "COMPLETED" }),
        };
        Json(state).into_response()
    }

    async fn tru_resolve(
        &self,
        network: &Network,
        id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        self.tru_client(network, headers)?;
        let patch = json_body(headers, "application/json-patch+json", body)?;
        let code = match patch.as_array().map(Vec::as_slice) {
            Some([only]) if text(only, "op") == "add" && text(only, "path") == "/code" => text(only, "value"),
            _ => return Err(bad_request("The patch must add /code, and nothing else")),
        };
        let key = (network.clone(), id.to_owned());
        let check = self.checks().made.get(&key).cloned().ok_or_else(unknown)?;
        let (known, found, scenario) = match check.state {
            Progress::Returned { code, found, scenario, .. } => (code, found, scenario),
            Progress::Resolved => return Err(Refused::new(StatusCode::CONFLICT, "conflict", "It is resolved")),
            _ => return Ok(self.tru_status(network, id)),
        };
        if code != known || scenario == Scenario::GrantRefused {
            return Err(bad_request("The code is not the check's"));
        }
        self.resolving(scenario)
            .await
            .map_err(|status| Refused::new(status, "server_error", "As the scenario says"))?;
        let yes = |flag: &str| format!(r#"{{"check_id":"{id}","status":"COMPLETED","match":{flag}}}"#);
        let answers = Yes { whole: yes("true"), broken: yes("tru"), quoted: yes("\"true\"") };
        if let Some(answer) = self.0.cycles.resource(network, scenario, &answers) {
            return Ok(answer);
        }
        let mut checks = self.checks();
        let check = checks.made.get_mut(&key).ok_or_else(unknown)?;
        (check.state, check.expires) = (Progress::Resolved, now() + RESULT_LIFETIME);
        let named = if scenario == Scenario::ForeignIdentity { random()? } else { id.to_owned() };
        let matched = found.as_ref() == Some(&check.number);
        Ok(Json(json!({ "check_id": named, "status": "COMPLETED", "match": matched })).into_response())
    }
}
