//! Aggregators' checks: made by the backend for a number, opened once by the handset over mobile data, and resolved by
//! the backend with what the handset brings back. The styles differ in their words; what a check is stands here.

mod boku;
mod tru;
mod vonage;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page};
use super::flow::{self, Back};
use super::ledger::{Transaction, random};
use super::params::media_type;
use super::{Operators, Simulator, now};

/// Milliseconds that a result is kept.
const RESULT_LIFETIME: u64 = 3_600_000;

/// Whose words an operator uses.
#[derive(Clone, Deserialize)]
#[serde(tag = "style", rename_all = "snake_case", deny_unknown_fields)]
pub enum Settings {
    Tru {
        /// Of the token with which checks are made.
        scope: String,
    },
    Vonage {},
    Boku {},
}

/// The checks of all operators, and the tokens with which some are made.
#[derive(Default)]
pub struct Checks {
    made: HashMap<(Network, String), Check>,
    /// Until when (Unix milliseconds).
    tokens: HashMap<(Network, String), u64>,
}

/// One check. No `Debug`: the number is personal.
#[derive(Clone)]
struct Check {
    /// The number that is asked about, E.164.
    number: String,
    /// Where the handset goes in the end; none where it gets JSON.
    redirect: Option<String>,
    state: Progress,
    /// Unix milliseconds.
    expires: u64,
}

#[derive(Clone)]
enum Progress {
    /// Nobody has opened it.
    Made,
    /// A handset is on its way.
    Opened,
    /// The handset was told this code, and the network recognised this number.
    Returned { code: String, found: Option<String>, scenario: Scenario, asked: u32 },
    /// The handset was told this error.
    Failed(&'static str),
    /// The backend has had its answer.
    Resolved,
}

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        let router = match self {
            Settings::Tru { .. } => Router::new()
                .route(tru::TOKEN, post(tru::token))
                .route(tru::CHECKS, post(tru::create))
                .route(tru::CHECK, get(tru::read).patch(tru::resolve))
                .route(tru::OPEN, get(open)),
            Settings::Vonage {} => Router::new()
                .route(vonage::VERIFY, post(vonage::create))
                .route(vonage::REQUEST, post(vonage::resolve))
                .route(vonage::OPEN, get(open)),
            Settings::Boku {} => Router::new()
                .route(boku::URL, post(boku::create))
                .route(boku::RESULT, post(boku::result))
                .route(boku::OPEN, get(open).post(open)),
        };
        router.merge(flow::router()).layer(Extension(self.clone()))
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        let violation = Scenario::ForeignState.usual();
        match (self, scenario) {
            // The user is never asked anything, and there is no id_token.
            (
                _,
                Scenario::ConsentRequired
                | Scenario::ConsentRefused
                | Scenario::BadIdToken
                | Scenario::SymmetricIdToken
                | Scenario::ForeignIssuer
                | Scenario::ExpiredIdToken
                | Scenario::UnknownKey,
            ) => None,
            // Refused when the check is made: the line has no such service.
            (_, Scenario::NotRegistered | Scenario::Mvno) => Some(Scenario::OtpOnly.usual()),
            // By the address that the customer reported.
            (Settings::Tru { .. }, Scenario::WiFi | Scenario::OtherNetwork) => Some(Scenario::OtpOnly.usual()),
            // The handset's code is not the check's.
            (Settings::Tru { .. } | Settings::Vonage {}, Scenario::GrantRefused) => Some(violation),
            // There is no code, and no state where nobody comes back.
            (Settings::Boku {}, Scenario::GrantRefused) | (Settings::Vonage {}, Scenario::ForeignState) => None,
            _ => Some(scenario.usual()),
        }
    }

    /// tru.ID's words, which the other styles translate.
    fn refuses(&self, scenario: Scenario, unseen: bool) -> Option<Refused> {
        match scenario {
            _ if unseen => Some(Refused::redirect("not_mobile_ip", "The device is not on mobile data")),
            Scenario::NotByNetwork => Some(Refused::redirect("not_mobile_ip", "The network inserted no header")),
            Scenario::UnknownUser | Scenario::PortedAway => {
                Some(Refused::redirect("mno_user_not_found", "No subscriber was found"))
            }
            _ => None,
        }
    }

    fn end(&self, operators: &Operators, tx: Transaction, refused: Option<Refused>) -> Response {
        let id = tx.data.as_str().unwrap_or_default().to_owned();
        let ended = operators.returned(&tx, &id, refused.as_ref());
        let Ok((check, code)) = ended else { return bad_request_page("This check is unknown or too old.") };
        let told = match &refused {
            Some(refused) => Err(refused),
            None => Ok(code.as_str()),
        };
        match (self, check.redirect) {
            (Settings::Tru { .. }, Some(redirect)) => tru::back(changed(redirect, tx.scenario), &id, told),
            (Settings::Boku {}, Some(redirect)) => boku::back(changed(redirect, tx.scenario), told),
            _ => vonage::told(&id, told),
        }
    }
}

/// The handset opens the check's URL, once.
async fn open(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Extension<Settings>,
    Path(id): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    let key = (network.clone(), id.clone());
    let opened = operators.checks().made.get_mut(&key).is_some_and(|check| {
        let first = matches!(check.state, Progress::Made) && check.expires > now();
        if first {
            check.state = Progress::Opened;
        }
        first
    });
    if !opened {
        return bad_request_page("This check is unknown, was opened before, or is too old.");
    }
    let scenario = operators.scenario(peer.ip());
    let nowhere = Back { redirect_uri: String::new(), state: None, correlation_id: None, iss: None };
    let mut tx = match Transaction::new(network.clone(), scenario, nowhere) {
        Ok(tx) => tx,
        Err(error) => return Refused::from(error).oauth(),
    };
    tx.data = json!(id);
    // The aggregator sees whose address it is before it asks the network.
    let begun = match operators.0.radio.sim(peer.ip()) {
        Some(sim) if sim.network != network => {
            Err(Refused::redirect("ip_msisdn_mismatch", "Another network's address"))
        }
        _ => operators.begin(tx.clone()),
    };
    begun.unwrap_or_else(|refused| settings.end(&operators, tx, Some(refused)))
}

impl Operators {
    fn checks(&self) -> MutexGuard<'_, Checks> {
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new check, under this id or a random one.
    fn make(&self, network: &Network, id: Option<&str>, check: Check) -> Result<String, Refused> {
        let id = id.map_or_else(random, |id| Ok(id.to_owned()))?;
        let mut checks = self.checks();
        checks.made.retain(|_, check| check.expires.saturating_add(RESULT_LIFETIME) > now());
        checks.made.insert((network.clone(), id.clone()), check);
        Ok(id)
    }

    /// The handset has come to the end of its way.
    fn returned(&self, tx: &Transaction, id: &str, refused: Option<&Refused>) -> Result<(Check, String), Refused> {
        let code = random()?;
        let mut checks = self.checks();
        let check = checks.made.get_mut(&(tx.network.clone(), id.to_owned()));
        let check = check.filter(|check| matches!(check.state, Progress::Opened)).ok_or_else(unknown)?;
        check.state = match refused {
            Some(refused) => Progress::Failed(refused.error),
            None => {
                Progress::Returned { code: code.clone(), found: tx.msisdn.clone(), scenario: tx.scenario, asked: 0 }
            }
        };
        Ok((check.clone(), code))
    }

    /// Why a line gets no check, whatever the address: the service is not part of it.
    fn is_unserved(&self, number: &str) -> bool {
        matches!(self.scenario_of(number), Some(Scenario::NotRegistered | Scenario::Mvno))
    }

    /// What goes wrong when a check is resolved: a refusal, a wait, or an answer that is none.
    async fn resolving(&self, scenario: Scenario) -> Result<(), StatusCode> {
        match scenario {
            Scenario::TokenDown => Err(StatusCode::SERVICE_UNAVAILABLE),
            Scenario::ResourceTimeout => Err(StatusCode::GATEWAY_TIMEOUT),
            Scenario::RateLimited => Err(StatusCode::TOO_MANY_REQUESTS),
            Scenario::ClientRefused => Err(StatusCode::UNAUTHORIZED),
            Scenario::TokenSlow => {
                let slow: Duration = self.0.settings.slow;
                tokio::time::sleep(slow).await;
                Ok(())
            }
            // Ends when the client hangs up: the server then drops this future.
            Scenario::TokenHangs => std::future::pending().await,
            _ => Ok(()),
        }
    }

    /// Where the handset may be sent back to: the registered callback, with a state.
    fn is_registered(&self, network: &Network, redirect: &str) -> bool {
        let registered = format!("{}/{}?state=", self.0.settings.callbacks, network.id);
        let state = redirect.strip_prefix(&registered);
        state.is_some_and(|state| state.len() >= 16 && !state.contains(['&', '#', '?']))
    }

    /// Is it an address of this network's mobile data? `None`: of nobody's.
    fn is_at_home(&self, network: &Network, address: &str) -> Option<bool> {
        let address: IpAddr = address.parse().ok()?;
        Some(self.network_at(address)? == network)
    }
}

fn changed(mut redirect: String, scenario: Scenario) -> String {
    if scenario == Scenario::ForeignState {
        let last = redirect.pop();
        redirect.push(if last == Some('a') { 'b' } else { 'a' });
    }
    redirect
}

fn unknown() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "not_found", "There is no such check")
}

/// A JSON body of the right media type.
fn json_body(headers: &HeaderMap, kind: &str, body: &[u8]) -> Result<Value, Refused> {
    if !media_type(headers).is_some_and(|given| given.eq_ignore_ascii_case(kind)) {
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Another type is needed",
        ));
    }
    serde_json::from_slice(body).map_err(|_| bad_request("The body is no JSON"))
}

fn bad_request(text: &'static str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "bad_request", text)
}

/// RFC 9457, with the code that tru.ID adds.
fn problem(refused: Refused) -> Response {
    let Refused { status, error, description } = refused;
    let body = json!({
        "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "code": error,
        "detail": description,
    });
    (status, Json(body)).into_response()
}

fn text<'v>(body: &'v Value, name: &str) -> &'v str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}
