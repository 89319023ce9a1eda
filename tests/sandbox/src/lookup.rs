//! A number lookup as one buys it: who serves a number now. Of the numbers of a network's block, those that end in 49
//! have been ported where the profile says so. It speaks TMT Velocity's form, TMT Verify's, and one of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::profiles::Network;

/// The last two digits of a number that has left the network of its block.
pub(crate) const PORTED: u8 = 49;

/// The last two digits of a number that a network serves which is none of the gateway's, and one such number more.
const ELSEWHERE: (u8, &str) = (48, "+447700900999");

/// How the lookup goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 503.
    Down,
    /// The question arrives, and no answer ever comes.
    Hangs,
    /// 200, and no JSON.
    Nonsense,
    /// The answer is about the next number.
    OtherNumber,
    /// The answer names the next network.
    OtherNetwork,
    /// Nobody has the number.
    NoSubscriber,
    /// A redirect to an internal address.
    Redirects,
    /// More than anybody should read.
    Huge,
}

/// The lookup; a clone is the same one.
#[derive(Clone)]
pub struct Lookup(Arc<Inner>);

struct Inner {
    networks: Vec<Network>,
    key: String,
    secret: String,
    state: Mutex<Questions>,
}

#[derive(Default)]
struct Questions {
    /// Digits -> how questions about this number go wrong.
    faults: HashMap<String, Fault>,
    /// How all others do.
    everywhere: Option<Fault>,
    asked: HashMap<String, u64>,
}

/// Who serves a number.
struct Carrier<'a> {
    spid: usize,
    /// None: a network that the gateway has never heard of.
    network: Option<&'a Network>,
    ported: bool,
}

impl Carrier<'_> {
    /// MCC and MNC; 901 is of networks that are of no country (ITU-T E.212).
    fn code(&self) -> (Option<u16>, Option<u16>) {
        self.network.map_or((Some(901), Some(99)), Network::code)
    }
}

impl Lookup {
    pub(crate) fn new(networks: Vec<Network>, key: String, secret: String) -> Lookup {
        Lookup(Arc::new(Inner { networks, key, secret, state: Mutex::default() }))
    }

    /// From now on questions about this number go wrong so.
    pub fn fail(&self, msisdn: &str, fault: Fault) {
        self.state().faults.insert(digits(msisdn).to_owned(), fault);
    }

    /// Questions about this number are answered again.
    pub fn heal(&self, msisdn: &str) {
        self.state().faults.remove(digits(msisdn));
    }

    /// From now on all questions do; none heals it.
    pub fn fail_all(&self, fault: Option<Fault>) {
        self.state().everywhere = fault;
    }

    /// How often it was asked about this number.
    #[must_use]
    pub fn asked(&self, msisdn: &str) -> u64 {
        self.state().asked.get(digits(msisdn)).copied().unwrap_or(0)
    }

    /// The gateway's configuration for this lookup at `url`. The carriers' ids are the lookup's own.
    pub(crate) fn configuration(&self, url: &str) -> Value {
        let networks = self.0.networks.iter().enumerate();
        let networks: HashMap<_, _> = networks.map(|(at, network)| (spid(at).to_string(), &network.network)).collect();
        json!({
            "source": { "kind": "velocity", "url": url, "key": "env:LOOKUP_KEY", "secret": "env:LOOKUP_SECRET" },
            "allow_loopback": true,
            // A local run compiles beside it.
            "deadline_ms": 2000,
            "networks": networks,
        })
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/standard/json/{key}/{secret}/{number}", get(velocity))
            .route("/verify", post(verify))
            .route("/numbers/{number}", get(plain))
            .with_state(self.clone())
    }

    fn carrier(&self, number: &str) -> Option<Carrier<'_>> {
        let number = format!("+{number}");
        let networks = &self.0.networks;
        let holder = networks.iter().find(|network| network.owns(&number))?;
        if number == holder.number(ELSEWHERE.0) || number == ELSEWHERE.1 {
            return Some(Carrier { spid: spid(networks.len()), network: None, ported: false });
        }
        let left = number == holder.number(PORTED);
        let taker = holder.taker(networks).filter(|_| left);
        let network = taker.unwrap_or(holder);
        let at = networks.iter().position(|other| other == network)?;
        Some(Carrier { spid: spid(at), network: Some(network), ported: taker.is_some() })
    }

    fn beside<'a>(&'a self, carrier: &Carrier<'a>) -> Carrier<'a> {
        let networks = &self.0.networks;
        let own = carrier.network;
        let other = networks.iter().enumerate().cycle().skip_while(|(_, network)| Some(*network) != own).nth(1);
        let (at, network) = other.unzip();
        Carrier { spid: spid(at.unwrap_or(0)), network, ported: true }
    }

    /// Answers a question in the words of a form; `None`: nobody has the number.
    async fn answer(&self, number: &str, words: impl Fn(&str, Option<Carrier<'_>>) -> Value) -> Response {
        let fault = {
            let mut state = self.state();
            *state.asked.entry(number.to_owned()).or_default() += 1;
            state.faults.get(number).copied().or(state.everywhere)
        };
        let carrier = || self.carrier(number);
        match fault {
            None => Json(words(number, carrier())).into_response(),
            Some(Fault::NoSubscriber) => Json(words(number, None)).into_response(),
            Some(Fault::OtherNumber) => Json(words(&next(number), carrier())).into_response(),
            Some(Fault::OtherNetwork) => {
                Json(words(number, carrier().map(|carrier| self.beside(&carrier)))).into_response()
            }
            Some(Fault::Down) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Fault::Nonsense) => "<html>no JSON</html>".into_response(),
            Some(Fault::Redirects) => {
                (StatusCode::FOUND, [(LOCATION, "http://169.254.169.254/latest/meta-data")]).into_response()
            }
            Some(Fault::Huge) => " ".repeat(10 * 1024 * 1024).into_response(),
            Some(Fault::Hangs) => std::future::pending().await,
        }
    }

    fn admits(&self, key: &str, secret: &str) -> bool {
        key == self.0.key && secret == self.0.secret
    }

    fn state(&self) -> MutexGuard<'_, Questions> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spid(at: usize) -> usize {
    9_000 + at
}

fn digits(msisdn: &str) -> &str {
    msisdn.trim_start_matches('+')
}

fn next(number: &str) -> String {
    number.parse::<u64>().map(|number| (number + 1).to_string()).unwrap_or_default()
}

/// TMT's products differ in the names of two members; one keys the answer by the number, and both write numbers as such.
fn tmt(number: &str, carrier: Option<Carrier<'_>>, current: &str) -> Value {
    let number: u64 = number.parse().unwrap_or_default();
    match carrier {
        None => json!({ "number": number, "status": 1, "status_message": "Invalid number" }),
        Some(carrier) => {
            let (mcc, mnc) = carrier.code();
            let name = carrier.network.map(|network| &network.network);
            json!({
                "number": number,
                current: { "lrn": null, "mcc": mcc, "mnc": mnc, "name": name, "spid": carrier.spid },
                "ported": carrier.ported,
                "status": 0,
                "status_message": "Success",
                "type": "mobile",
            })
        }
    }
}

async fn velocity(
    State(lookup): State<Lookup>,
    Path((key, secret, number)): Path<(String, String, String)>,
) -> Response {
    if !lookup.admits(&key, &secret) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    lookup.answer(&number, |number, carrier| tmt(number, carrier, "current_carrier")).await
}

#[derive(Deserialize)]
struct Verify {
    number: String,
    dpoints: String,
}

async fn verify(State(lookup): State<Lookup>, headers: HeaderMap, Json(asked): Json<Verify>) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !lookup.admits(header("x-api-key"), header("x-api-secret")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if !asked.dpoints.split(',').any(|point| point == "network") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let words = |number: &str, carrier: Option<Carrier<'_>>| json!({ number: tmt(number, carrier, "current_network") });
    lookup.answer(&asked.number, words).await
}

/// A form without carrier ids: the codes alone say who it is, and 404 that it is nobody.
async fn plain(State(lookup): State<Lookup>, headers: HeaderMap, Path(number): Path<String>) -> Response {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    if bearer != Some(&format!("Bearer {}", lookup.0.key)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if lookup.carrier(&number).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let words = |number: &str, carrier: Option<Carrier<'_>>| {
        let code = carrier.as_ref().map(Carrier::code);
        let ported = carrier.as_ref().is_some_and(|carrier| carrier.ported);
        json!({ "msisdn": format!("+{number}"), "mcc": code.map(|code| code.0), "mnc": code.map(|code| code.1), "ported": ported })
    };
    lookup.answer(&number, words).await
}
