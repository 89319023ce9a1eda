//! The handset's way through an operator, the same for all that redirect it: authorize, the plain-http hop where the
//! network says whose SIM it is, back with the cookie, perhaps further redirects and a consent page, and then the
//! family's own end, which is mostly home to the gateway with a code or an error.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use url::form_urlencoded::Serializer;

use crate::profiles::Network;
use crate::radio::MOBILE_GATEWAY;
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page, consent_page as consent_form, error_page, found};
use super::ledger::{CODE_LIFETIME, STEP_LIFETIME, Step, Transaction};
use super::params::Params;
use super::{Operators, hop, join, now};

const STALE: &str = "This link is unknown, was used before, or is too old.";
const OTHER_BROWSER: &str = "This link belongs to another browser.";

/// Where the handset returns to, and what must travel with it. Exists only for a registered redirect URI.
#[derive(Clone)]
pub struct Back {
    pub redirect_uri: String,
    pub state: Option<String>,
    /// Mobile Connect echoes it.
    pub correlation_id: Option<String>,
    /// CAMARA's operators name themselves (RFC 9207).
    pub iss: Option<String>,
}

impl Back {
    /// For an operator that sends the handset nowhere.
    pub fn nowhere() -> Back {
        Back { redirect_uri: String::new(), state: None, correlation_id: None, iss: None }
    }

    pub fn code(&self, code: &str) -> Response {
        self.go(&[("code", code)])
    }

    pub fn error(&self, refused: &Refused) -> Response {
        match &*refused.description {
            "" => self.go(&[("error", refused.error)]),
            text => self.go(&[("error", refused.error), ("error_description", text)]),
        }
    }

    fn go(&self, first: &[(&str, &str)]) -> Response {
        let echoed = [("state", &self.state), ("correlation_id", &self.correlation_id), ("iss", &self.iss)];
        let query = Serializer::new(String::new())
            .extend_pairs(first)
            .extend_pairs(echoed.iter().filter_map(|(name, value)| Some((name, value.as_deref()?))))
            .finish()
            .replace('+', "%20"); // A space; a real plus is %2B already.
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        found(StatusCode::FOUND, format!("{}{joint}{query}", self.redirect_uri))
    }
}

/// The steps behind the hop, for a family's router.
pub fn router() -> Router<Operators> {
    Router::new().route("/resume", get(resume)).route("/consent", get(consent_page).post(consent))
}

impl Operators {
    /// The registered redirect URI of the request, or the text of the page: an error about the client or its redirect URI
    /// is never sent to the redirect URI (RFC 6749 4.1.2.1).
    pub fn redirect_uri(&self, network: &Network, params: &Params) -> Result<String, &'static str> {
        let settings = &self.0.settings;
        if params.get("client_id") != Some(&settings.client_id) {
            return Err("client_id is invalid");
        }
        let registered = format!("{}/{}", settings.callbacks, network.id);
        let asked = params.get("redirect_uri") == Some(&registered);
        asked.then_some(registered).ok_or("redirect_uri is invalid")
    }

    /// A good authorize request: off to the hop, with the cookie that must come back.
    pub fn begin(&self, tx: Transaction) -> Result<Response, Refused> {
        if tx.scenario == Scenario::AuthorizeDown {
            if tx.network.error_page {
                return Ok(error_page());
            }
            return Err(Refused::redirect("temporarily_unavailable", "Internal Server Error"));
        }
        let id = tx.network.id.clone();
        let cookie = format!("{id}_browser={}; Path=/{id}; HttpOnly; SameSite=Lax", tx.browser);
        let now = tx.started;
        let handle = self.ledger().put(Step::Seam, tx, now, STEP_LIFETIME)?;
        let hop = found(StatusCode::FOUND, join(&self.0.settings.hop, &format!("/{id}/seam?tx={handle}")));
        Ok(([(header::SET_COOKIE, cookie)], hop).into_response())
    }

    /// A link to a step of this operator's, which works once.
    fn link(&self, step: Step, tx: Transaction) -> Result<String, Refused> {
        let network = tx.network.clone();
        let path = if step == Step::Consent { "/consent" } else { "/resume" };
        let handle = self.ledger().put(step, tx, now(), STEP_LIFETIME)?;
        Ok(format!("{}?tx={handle}", self.public(&network, path)))
    }

    fn after_seam(&self, mut tx: Transaction) -> Result<Response, Refused> {
        let network = tx.network.clone();
        // The network knows by its access point which traffic is the phone's own.
        let unseen = tx.msisdn.is_none() || tx.scenario == Scenario::Tethered;
        if let Some(refused) = network.simulator().refuses(tx.scenario, unseen) {
            return Err(refused);
        }
        if let Some(status) = network.chain.get(tx.hops).and_then(|status| StatusCode::from_u16(*status).ok()) {
            tx.hops += 1;
            let handle = self.ledger().put(Step::Resume, tx, now(), STEP_LIFETIME)?;
            return Ok(found(status, format!("resume?tx={handle}#wait")));
        }
        match tx.scenario {
            Scenario::ConsentRequired => Err(Refused::redirect("consent_required", "Consent is required")),
            Scenario::Mvno => Err(Refused::redirect("access_denied", "cannot deliver the scope for this MVNO")),
            Scenario::Busy if self.0.cycles.first(&network, tx.scenario) => {
                Err(Refused::redirect("access_denied", "The user is busy with another transaction"))
            }
            Scenario::RedirectLoop => Ok(found(StatusCode::FOUND, self.link(Step::Resume, tx)?)),
            Scenario::ConsentRefused => Ok(found(StatusCode::FOUND, self.link(Step::Consent, tx)?)),
            _ => Ok(network.simulator().end(self, tx, None)),
        }
    }

    /// Back to the gateway with a code.
    pub fn grant(&self, tx: Transaction) -> Result<Response, Refused> {
        let mut back = tx.back.clone();
        match tx.scenario {
            Scenario::ForeignState => back.state = back.state.map(change_last),
            Scenario::ForeignIdentity => back.iss = back.iss.map(|iss| format!("{iss}-of-another-operator")),
            _ => {}
        }
        let code = self.ledger().put(Step::Code, tx, now(), CODE_LIFETIME)?;
        Ok(back.code(&code))
    }

    /// The network's word for whose SIM it is, which in scenario 47 was another subscriber's a moment ago.
    pub fn recognised(&self, tx: &Transaction, msisdn: Option<String>) -> Option<String> {
        let stale = tx.scenario == Scenario::RecycledAddress && self.0.cycles.first(&tx.network, tx.scenario);
        msisdn.map(|own| if stale { tx.network.number(19) } else { own })
    }

    /// The transaction of the handle, if this browser began it. A wrong browser uses the handle up.
    fn take_in_browser(
        &self,
        step: Step,
        network: &Network,
        headers: &HeaderMap,
        handle: Option<&str>,
    ) -> Result<Transaction, &'static str> {
        let tx = self.ledger().take(step, network, handle.unwrap_or_default(), now()).ok_or(STALE)?;
        same_browser(&tx, headers).then_some(tx).ok_or(OTHER_BROWSER)
    }
}

/// `GET /{network}/seam` on the origin: the mobile gateway's word for who calls. Nobody else's is taken.
pub async fn seam(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let handle = Params::query(uri.query());
    let taken = operators.ledger().take(Step::Seam, &network, handle.get("tx").unwrap_or_default(), now());
    let Some(mut tx) = taken else { return bad_request_page(STALE) };
    let number = if peer.ip() == MOBILE_GATEWAY { hop::enriched_number(&headers) } else { None };
    tx.msisdn = operators.recognised(&tx, number);
    // A new handle: who only knows the link to the hop cannot return in place of the handset that took it.
    match operators.link(Step::Resume, tx) {
        Ok(link) => found(StatusCode::FOUND, link),
        Err(refused) => refused.oauth(),
    }
}

/// Back from the hop, with the cookie of the authorize request.
async fn resume(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let handle = Params::query(uri.query());
    let tx = match operators.take_in_browser(Step::Resume, &network, &headers, handle.get("tx")) {
        Ok(tx) => tx,
        Err(text) => return bad_request_page(text),
    };
    let refused = |refused| network.simulator().end(&operators, tx.clone(), Some(refused));
    operators.after_seam(tx.clone()).unwrap_or_else(refused)
}

/// The consent page. To look at it decides nothing.
async fn consent_page(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = Params::query(uri.query());
    let handle = query.get("tx").unwrap_or_default();
    match operators.ledger().peek(Step::Consent, &network, handle, now()) {
        Some(tx) if same_browser(&tx, &headers) => consent_form(&format!("/{}/consent", network.id), handle),
        Some(_) => bad_request_page(OTHER_BROWSER),
        None => bad_request_page(STALE),
    }
}

/// The user's decision.
async fn consent(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match Params::form(&headers, &body) {
        Ok(form) => form,
        Err(refused) => return refused.oauth(),
    };
    let tx = match operators.take_in_browser(Step::Consent, &network, &headers, form.get("tx")) {
        Ok(tx) => tx,
        Err(text) => return bad_request_page(text),
    };
    let denied = || Refused::redirect("access_denied", "The user refused");
    let refused = (form.get("decision") != Some("accept")).then(denied);
    let mut end = network.simulator().end(&operators, tx, refused);
    // After a form was posted only 303 surely turns into a GET.
    if end.status() == StatusCode::FOUND {
        *end.status_mut() = StatusCode::SEE_OTHER;
    }
    end
}

fn same_browser(tx: &Transaction, headers: &HeaderMap) -> bool {
    let wanted = format!("{}_browser={}", tx.network.id, tx.browser);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).any(|cookie| cookie.trim() == wanted)
}

fn change_last(mut text: String) -> String {
    let last = text.pop();
    text.push(if last == Some('a') { 'b' } else { 'a' });
    text
}
