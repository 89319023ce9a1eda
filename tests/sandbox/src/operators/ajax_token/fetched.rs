//! The plain style: a portal names a gateway, the gateway gives a page a token over mobile data, and a backend has the
//! token compared, by HTTP Basic.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::super::client::basic;
use super::super::faults::{self, Yes};
use super::super::flow::Back;
use super::super::ledger::{STEP_LIFETIME, Step, Transaction};
use super::super::params::Params;
use super::super::{Operators, now};
use super::{Own, TOKEN_LIFETIME, json_body, readable};

pub fn router() -> Router<Operators> {
    Router::new().route("/api", get(portal)).route("/gateway/{id}/api", get(gateway)).route("/verify", post(verify))
}

pub fn expected(scenario: Scenario) -> Option<&'static str> {
    use Scenario::*;
    match scenario {
        OtherNetwork => Some("NOT_MOBILE_NETWORK"),
        GrantRefused => Some("EXPIRED"),
        // The page gets nothing that it could hand over.
        AuthorizeDown => Some(RedirectLoop.usual()),
        NotByNetwork | ForeignState | ForeignIdentity => None,
        other => super::usual(other),
    }
}

async fn portal(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    uri: Uri,
) -> Response {
    if Params::query(uri.query()).get("appid") != Some(&settings.app_id) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let tx = Transaction::new(network.clone(), Scenario::OwnNumber, Back::nowhere());
    let link = tx.and_then(|tx| operators.ledger().put(Step::Seam, tx, now(), STEP_LIFETIME));
    let Ok(link) = link else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    Json(json!({ "authurl": operators.public(&network, &format!("/gateway/{link}")) })).into_response()
}

async fn gateway(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(link): Path<String>,
    uri: Uri,
) -> Response {
    let known = operators.ledger().take(Step::Seam, &network, &link, now()).is_some();
    if !known || Params::query(uri.query()).get("appid") != Some(&settings.app_id) {
        return readable(StatusCode::FORBIDDEN.into_response());
    }
    let scenario = operators.scenario(peer.ip());
    if scenario == Scenario::AuthorizeDown {
        return readable(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let sim = operators.0.radio.sim(peer.ip()).filter(|sim| sim.network == network);
    let token = sim.filter(|_| scenario != Scenario::Tethered).and_then(|sim| {
        let mut tx = Transaction::new(network.clone(), scenario, Back::nowhere()).ok()?;
        tx.msisdn = operators.recognised(&tx, Some(sim.msisdn));
        operators.ledger().put(Step::Code, tx, now(), TOKEN_LIFETIME).ok()
    });
    readable(Json(json!({ "province": "1", "code": token.unwrap_or_default() })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    token: String,
    /// Without calling code.
    phone: String,
    /// Whose address the customer saw.
    ip: String,
}

async fn verify(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = |code: u32| Json(json!({ "code": code, "content": "" })).into_response();
    if basic(&headers) != Some((settings.app_id.clone(), operators.0.settings.client_secret.clone())) {
        return (StatusCode::UNAUTHORIZED, answered(9011)).into_response();
    }
    let question: Option<Question> = json_body(&headers, &body);
    let Some(Question { token, phone, .. }) = question.filter(|question| !question.ip.is_empty()) else {
        return answered(9012);
    };
    let Some(tx) = operators.ledger().take(Step::Code, &network, &token, now()) else { return answered(9003) };
    if let Err(refused) = faults::token(tx.scenario, operators.0.settings.slow).await {
        return if refused.error == "invalid_grant" { answered(9003) } else { refused.oauth() };
    }
    let yes = Yes {
        whole: r#"{"code":9000}"#.to_owned(),
        broken: r#"{"code":9000"#.to_owned(),
        quoted: r#"{"code":"9000"}"#.to_owned(),
    };
    if let Some(answer) = operators.0.cycles.resource(&network, tx.scenario, &yes) {
        return answer;
    }
    match tx.scenario {
        Scenario::ResourceTimeout => StatusCode::GATEWAY_TIMEOUT.into_response(),
        Scenario::RateLimited => answered(9007),
        _ => {
            let own = tx.msisdn.unwrap_or_default();
            answered(if own == format!("+{}{phone}", settings.calling_code) { 9000 } else { 9001 })
        }
    }
}
