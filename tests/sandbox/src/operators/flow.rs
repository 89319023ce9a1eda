//! The handset's way through an operator, the same for both: authorize, the plain-http hop where the network says whose SIM
//! it is, back with the cookie, perhaps a consent page, and home to the gateway with a code or an error.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::Serializer;

use crate::radio::{MOBILE_GATEWAY, Network};
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page, consent_page as consent_form, found};
use super::ledger::{CODE_LIFETIME, STEP_LIFETIME, Step, Transaction};
use super::params::Params;
use super::{Operators, hop, join, now, o2, vodafone};

const STALE: &str = "This link is unknown, was used before, or is too old.";
const OTHER_BROWSER: &str = "This link belongs to another browser.";

/// Where the handset returns to, and what must travel with it. Exists only for a registered redirect URI.
#[derive(Clone)]
pub struct Back {
    pub redirect_uri: String,
    pub state: Option<String>,
    /// Mobile Connect echoes it.
    pub correlation_id: Option<String>,
    /// O2 names itself (RFC 9207).
    pub iss: Option<String>,
}

impl Back {
    pub fn code(&self, code: &str) -> Response {
        self.go(&[("code", code)], StatusCode::FOUND)
    }

    pub fn error(&self, refused: &Refused) -> Response {
        // After a form was posted only 303 surely turns into a GET.
        let status = if refused.status == StatusCode::SEE_OTHER { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
        match &*refused.description {
            "" => self.go(&[("error", refused.error)], status),
            text => self.go(&[("error", refused.error), ("error_description", text)], status),
        }
    }

    fn go(&self, first: &[(&str, &str)], status: StatusCode) -> Response {
        let echoed = [("state", &self.state), ("correlation_id", &self.correlation_id), ("iss", &self.iss)];
        let query = Serializer::new(String::new())
            .extend_pairs(first)
            .extend_pairs(echoed.iter().filter_map(|(name, value)| Some((name, value.as_deref()?))))
            .finish()
            .replace('+', "%20"); // A space; a real plus is %2B already.
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        found(status, format!("{}{joint}{query}", self.redirect_uri))
    }
}

impl Operators {
    /// The registered redirect URI of the request, or the text of the page: an error about the client or its redirect URI
    /// is never sent to the redirect URI (RFC 6749 4.1.2.1).
    pub fn redirect_uri(&self, params: &Params) -> Result<String, &'static str> {
        let settings = &self.0.settings;
        if params.get("client_id") != Some(&settings.client_id) {
            return Err("client_id is invalid");
        }
        let asked = params.get("redirect_uri").unwrap_or_default();
        settings.redirect_uris.iter().find(|uri| *uri == asked).cloned().ok_or("redirect_uri is invalid")
    }

    /// A good authorize request: off to the hop, with the cookie that must come back.
    pub fn begin(&self, tx: Transaction) -> Result<Response, Refused> {
        if tx.scenario == Scenario::AuthorizeDown {
            return Err(Refused::redirect("temporarily_unavailable", "Internal Server Error"));
        }
        let id = tx.network.id();
        let cookie = format!("{id}_browser={}; Path=/{id}; HttpOnly; SameSite=Lax", tx.browser);
        let now = tx.started;
        let handle = self.ledger().put(Step::Seam, tx, now, STEP_LIFETIME)?;
        let hop = found(StatusCode::FOUND, join(&self.0.settings.hop, &format!("/{id}/seam?tx={handle}")));
        Ok(([(header::SET_COOKIE, cookie)], hop).into_response())
    }

    fn after_seam(&self, tx: Transaction) -> Result<Response, Refused> {
        // The network knows by its access point which traffic is the phone's own.
        let unseen = tx.msisdn.is_none() || tx.scenario == Scenario::Tethered;
        match (tx.network, tx.scenario) {
            (Network::Vodafone, _) if unseen => Err(Refused::redirect("login_required", "")),
            (Network::O2, _) if unseen => {
                Err(Refused::redirect("access_denied", "The device is not connected to the mobile network"))
            }
            (_, Scenario::ConsentRequired) => Err(Refused::redirect("consent_required", "Consent is required")),
            (_, Scenario::Mvno) => Err(Refused::redirect("access_denied", "cannot deliver the scope for this MVNO")),
            (_, Scenario::Busy) => Err(Refused::redirect("access_denied", "The user is busy with another transaction")),
            (Network::Vodafone, Scenario::UnknownUser | Scenario::PortedAway) => {
                Err(Refused::redirect("access_denied", "Unknown user / User is not recognized"))
            }
            (Network::Vodafone, Scenario::NotRegistered) => {
                let text = "Mobile Connect User is not registered / Unknown Mobile Connect User";
                Err(Refused::redirect("access_denied", text))
            }
            (network, Scenario::RedirectLoop) => {
                let handle = self.ledger().put(Step::Resume, tx, now(), STEP_LIFETIME)?;
                Ok(found(StatusCode::FOUND, format!("{}?tx={handle}", self.public(resume_path(network)))))
            }
            (network, Scenario::ConsentRefused) => {
                let handle = self.ledger().put(Step::Consent, tx, now(), STEP_LIFETIME)?;
                Ok(found(StatusCode::FOUND, format!("{}?tx={handle}", self.public(consent_path(network)))))
            }
            _ => self.grant(tx),
        }
    }

    fn grant(&self, tx: Transaction) -> Result<Response, Refused> {
        let mut back = tx.back.clone();
        match tx.scenario {
            Scenario::ForeignState => back.state = back.state.map(change_last),
            Scenario::ForeignIdentity => back.iss = back.iss.map(|iss| format!("{iss}-of-another-operator")),
            _ => {}
        }
        let code = self.ledger().put(Step::Code, tx, now(), CODE_LIFETIME)?;
        Ok(back.code(&code))
    }

    /// The transaction of the handle, if this browser began it. A wrong browser uses the handle up.
    fn take_in_browser(
        &self,
        step: Step,
        uri: &Uri,
        headers: &HeaderMap,
        handle: Option<&str>,
    ) -> Result<Transaction, &'static str> {
        let network = network_of(uri).ok_or(STALE)?;
        let tx = self.ledger().take(step, network, handle.unwrap_or_default(), now()).ok_or(STALE)?;
        same_browser(&tx, headers).then_some(tx).ok_or(OTHER_BROWSER)
    }
}

/// `GET /{network}/seam` on the origin: the mobile gateway's word for who calls. Nobody else's is taken.
pub async fn seam(
    State(operators): State<Operators>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(network) = network_of(&uri) else { return bad_request_page(STALE) };
    let handle = Params::query(uri.query());
    let taken = operators.ledger().take(Step::Seam, network, handle.get("tx").unwrap_or_default(), now());
    let Some(mut tx) = taken else { return bad_request_page(STALE) };
    tx.msisdn = if peer.ip() == MOBILE_GATEWAY { hop::enriched_number(&headers) } else { None };
    // A new handle: who only knows the link to the hop cannot return in place of the handset that took it.
    match operators.ledger().put(Step::Resume, tx, now(), STEP_LIFETIME) {
        Ok(handle) => found(StatusCode::FOUND, format!("{}?tx={handle}", operators.public(resume_path(network)))),
        Err(error) => Refused::from(error).oauth(),
    }
}

/// Back from the hop, with the cookie of the authorize request.
pub async fn resume(State(operators): State<Operators>, uri: Uri, headers: HeaderMap) -> Response {
    let handle = Params::query(uri.query());
    let tx = match operators.take_in_browser(Step::Resume, &uri, &headers, handle.get("tx")) {
        Ok(tx) => tx,
        Err(text) => return bad_request_page(text),
    };
    let back = tx.back.clone();
    operators.after_seam(tx).unwrap_or_else(|refused| back.error(&refused))
}

/// The consent page. To look at it decides nothing.
pub async fn consent_page(State(operators): State<Operators>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(network) = network_of(&uri) else { return bad_request_page(STALE) };
    let query = Params::query(uri.query());
    let handle = query.get("tx").unwrap_or_default();
    match operators.ledger().peek(Step::Consent, network, handle, now()) {
        Some(tx) if same_browser(&tx, &headers) => consent_form(consent_path(network), handle),
        Some(_) => bad_request_page(OTHER_BROWSER),
        None => bad_request_page(STALE),
    }
}

/// The user's decision.
pub async fn consent(State(operators): State<Operators>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let form = match Params::form(&headers, &body) {
        Ok(form) => form,
        Err(refused) => return refused.oauth(),
    };
    let tx = match operators.take_in_browser(Step::Consent, &uri, &headers, form.get("tx")) {
        Ok(tx) => tx,
        Err(text) => return bad_request_page(text),
    };
    let back = tx.back.clone();
    let answer = match form.get("decision") {
        Some("accept") => operators.grant(tx).map(|mut granted| {
            *granted.status_mut() = StatusCode::SEE_OTHER;
            granted
        }),
        _ => Err(Refused::new(StatusCode::SEE_OTHER, "access_denied", "The user refused")),
    };
    answer.unwrap_or_else(|refused| back.error(&refused))
}

fn network_of(uri: &Uri) -> Option<Network> {
    uri.path().split('/').nth(1).and_then(Network::of_id)
}

fn resume_path(network: Network) -> &'static str {
    match network {
        Network::Vodafone => vodafone::RESUME,
        Network::O2 => o2::RESUME,
    }
}

fn consent_path(network: Network) -> &'static str {
    match network {
        Network::Vodafone => vodafone::CONSENT,
        Network::O2 => o2::CONSENT,
    }
}

fn same_browser(tx: &Transaction, headers: &HeaderMap) -> bool {
    let wanted = format!("{}_browser={}", tx.network.id(), tx.browser);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).any(|cookie| cookie.trim() == wanted)
}

fn change_last(mut text: String) -> String {
    let last = text.pop();
    text.push(if last == Some('a') { 'b' } else { 'a' });
    text
}
