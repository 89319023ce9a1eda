//! The operators of the sandbox, one for each profile, by the family that it speaks. They are as strict as real ones,
//! because a gateway that works against a lenient fake proves nothing. Three listeners serve them: the public host, the
//! mobile gateway's plain-http hop, and the origin that sees the enriched header.

mod ajax_token;
mod answers;
mod camara;
mod check_url;
mod client;
mod faults;
mod flow;
mod header_enrichment;
mod hop;
mod ip_session;
mod jwe;
mod keys;
mod ledger;
mod mobile_connect;
mod params;
mod requests;
mod simulator;
#[cfg(test)]
mod tests;
mod ts43;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use jsonwebtoken::DecodingKey;
use url::Url;

use crate::profiles::Network;
use crate::radio::{MOBILE_GATEWAY, Radio};
use crate::scenarios::{Device, Scenario, devices};
use faults::Cycles;
use keys::Keys;
use ledger::Ledger;
pub use requests::Seen;
pub use simulator::{Family, Simulator};

/// What the operators know of the world, and the gateway's registration with them: the same at each, so that a new
/// operator needs no new secret. No `Debug`: it holds secrets.
pub struct Settings {
    pub networks: Vec<Network>,
    /// The operators' public host, such as `http://127.0.0.1:9410`. No path.
    pub public: Url,
    /// The plain-http hop through the mobile gateway, such as `http://127.0.0.1:9411`. No path.
    pub hop: Url,
    /// The header-enrichment origin behind the hop, such as `http://127.0.0.1:9412`. No path.
    pub origin: Url,
    /// The gateway's own plain-http listener, where a mobile gateway adds its header. No path.
    pub enrich_url: String,
    /// The gateway's client id at every operator.
    pub client_id: String,
    /// For HTTP Basic, a secret in a form, and HMACs.
    pub client_secret: String,
    /// Verifies what the gateway signs: PEM, SubjectPublicKeyInfo, P-256.
    pub public_key_pem: String,
    pub api_key: String,
    /// What the gateway decrypts with.
    pub decryption_key: String,
    /// Where the gateway's callbacks are, `{callbacks}/{id}`; compared byte for byte.
    pub callbacks: String,
    /// How long the token endpoint takes in scenario 33.
    pub slow: Duration,
}

/// Why the operators cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the operators' public key of the gateway is not a P-256 key in PEM: {0}")]
    ClientKey(jsonwebtoken::errors::Error),
    #[error("the operators' signing keys could not be made: {0}")]
    SigningKeys(jsonwebtoken::errors::Error),
    #[error("the mobile gateway's HTTP client could not be made: {0}")]
    HttpClient(#[from] reqwest::Error),
    #[error("the operating system gives no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Why a scenario was not forced.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unforced {
    #[error("no device of a network has this number or address")]
    Device,
    #[error("there is no such scenario there, or it is a matter of where the device is")]
    Scenario,
}

/// The operators and the mobile gateways. A clone is the same operators.
#[derive(Clone)]
pub struct Operators(Arc<Inner>);

struct Inner {
    settings: Settings,
    client_key: DecodingKey,
    keys: Keys,
    /// Makes subjects that say nothing of the number.
    pairwise_salt: [u8; 32],
    radio: Radio,
    ledger: Mutex<Ledger>,
    checks: Mutex<check_url::Checks>,
    cycles: Cycles,
    log: requests::Log,
    http: reqwest::Client,
}

impl Operators {
    pub fn new(settings: Settings) -> Result<Operators, StartError> {
        let client_key = DecodingKey::from_ec_pem(settings.public_key_pem.as_bytes()).map_err(StartError::ClientKey)?;
        let mut pairwise_salt = [0; 32];
        getrandom::fill(&mut pairwise_salt)?;
        let http =
            crate::http::builder().local_address(MOBILE_GATEWAY).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Operators(Arc::new(Inner {
            client_key,
            keys: Keys::generate().map_err(StartError::SigningKeys)?,
            pairwise_salt,
            radio: Radio::new(devices(&settings.networks)),
            ledger: Mutex::default(),
            checks: Mutex::default(),
            cycles: Cycles::default(),
            log: requests::Log::default(),
            http,
            settings,
        })))
    }

    /// The operators' public host: for handsets and for the gateway. Serve it with the peer's address.
    pub fn public_router(&self) -> Router {
        self.routed(|network| network.simulator().router())
    }

    /// The mobile gateways, which only the networks' own SIMs pass as themselves. Serve it with the peer's address.
    pub fn hop_router(&self) -> Router {
        let enrich = get(header_enrichment::forward);
        let hop = Router::new().route("/{network}/seam", get(hop::forward)).route("/v1/enrich/{vendor}", enrich);
        hop.with_state(self.clone())
    }

    /// The hosts that the mobile gateways enrich requests for. Serve it with the peer's address.
    pub fn origin_router(&self) -> Router {
        self.routed(|_| Router::new().route("/seam", get(flow::seam)))
    }

    /// Each network's routes below `/{id}`, recorded; the handlers find the network as an extension.
    fn routed(&self, routes: impl Fn(&Network) -> Router<Operators>) -> Router {
        let networks = self.0.settings.networks.iter();
        let all = networks.fold(Router::new(), |all, network| {
            all.nest(&format!("/{}", network.id), routes(network).layer(Extension(network.clone())))
        });
        all.layer(from_fn_with_state(self.clone(), requests::record)).with_state(self.clone())
    }

    /// The last requests that the operators received, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.log.list()
    }

    /// Puts a scenario, by its last two digits, in the place of the own one of the device that calls from here; none
    /// gives it back.
    ///
    /// # Errors
    /// [`Unforced`] when there is no such scenario at the device's operator, or none that can be forced.
    pub fn force(&self, source: IpAddr, scenario: Option<u8>) -> Result<(), Unforced> {
        let device = self.0.radio.device(source).ok_or(Unforced::Device)?;
        let forced = match scenario {
            None => None,
            Some(digits) => Some(Scenario::of(digits).ok_or(Unforced::Scenario)?),
        };
        let network = &device.network;
        let fits = |scenario: Scenario| scenario.can_be_forced() && network.simulator().expected(scenario).is_some();
        if !forced.is_none_or(fits) {
            return Err(Unforced::Scenario);
        }
        self.0.radio.force(source, forced);
        Ok(())
    }

    fn scenario(&self, source: IpAddr) -> Scenario {
        self.0.radio.scenario(source)
    }

    /// What happens to the device with this number; none where no device has it.
    fn scenario_of(&self, number: &str) -> Option<Scenario> {
        self.0.radio.source_of(number).map(|source| self.scenario(source))
    }

    /// Whose mobile data this public address is, if anybody's.
    fn network_at(&self, address: IpAddr) -> Option<&Network> {
        let address = address.to_string();
        let of = |network: &&Network| address.strip_prefix(&network.public).is_some_and(|rest| rest.starts_with('.'));
        self.0.settings.networks.iter().find(of)
    }

    /// An address of the operator on the public host.
    fn public(&self, network: &Network, path: &str) -> String {
        join(&self.0.settings.public, &format!("/{}{path}", network.id))
    }

    /// `iss` of the operator's id tokens and of its callbacks (RFC 9207).
    fn issuer(&self, network: &Network) -> String {
        self.public(network, "")
    }

    /// The phone whose requests come from here.
    pub(crate) fn phone_at(&self, source: IpAddr) -> Option<&Device> {
        self.0.radio.device(source)
    }

    pub(crate) fn network(&self, id: &str) -> Option<&Network> {
        self.0.settings.networks.iter().find(|network| network.id == id)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn join(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

/// Unix time in milliseconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
