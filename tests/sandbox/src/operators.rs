//! The operators of the sandbox: Vodafone speaks GSMA Mobile Connect, O2 speaks CAMARA Number Verification. They are as
//! strict as real ones, because a gateway that works against a lenient fake proves nothing. Three listeners serve them:
//! the public host, the mobile gateway's plain-http hop, and the origin that sees the enriched header.

mod answers;
mod client;
mod faults;
mod flow;
mod hop;
mod keys;
mod ledger;
mod o2;
mod params;
mod requests;
#[cfg(test)]
mod tests;
mod vodafone;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use jsonwebtoken::DecodingKey;
use url::Url;

use crate::radio::{MOBILE_GATEWAY, Network, Radio};
use crate::scenarios::devices;
use faults::Cycles;
use keys::Keys;
use ledger::Ledger;
pub use requests::Seen;

/// What the operators know of the world, and the gateway's registration with them. No `Debug`: it holds a secret.
pub struct Settings {
    /// The operators' public host, such as `http://127.0.0.1:9410`. No path.
    pub public: Url,
    /// The plain-http hop through the mobile gateway, such as `http://127.0.0.1:9411`. No path.
    pub hop: Url,
    /// The header-enrichment origin behind the hop, such as `http://127.0.0.1:9412`. No path.
    pub origin: Url,
    /// The gateway's client id at both operators.
    pub client_id: String,
    /// For HTTP Basic at Vodafone's token endpoint.
    pub vodafone_client_secret: String,
    /// Verifies the gateway's client assertions at O2: PEM, SubjectPublicKeyInfo, P-256.
    pub o2_public_key_pem: String,
    /// The gateway's callbacks, compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// How long the token endpoint takes in scenario 33.
    pub slow: Duration,
}

/// Why the operators cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("O2's public key of the gateway is not a P-256 key in PEM: {0}")]
    ClientKey(jsonwebtoken::errors::Error),
    #[error("the operators' signing keys could not be made")]
    SigningKeys,
    #[error("the mobile gateway's HTTP client could not be made: {0}")]
    HttpClient(#[from] reqwest::Error),
    #[error("the operating system gives no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Both operators and the mobile gateways. A clone is the same operators.
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
    cycles: Cycles,
    log: requests::Log,
    http: reqwest::Client,
}

impl Operators {
    pub fn new(settings: Settings) -> Result<Operators, StartError> {
        let client_key =
            DecodingKey::from_ec_pem(settings.o2_public_key_pem.as_bytes()).map_err(StartError::ClientKey)?;
        let mut pairwise_salt = [0; 32];
        getrandom::fill(&mut pairwise_salt)?;
        let http = reqwest::Client::builder()
            .local_address(MOBILE_GATEWAY)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Operators(Arc::new(Inner {
            settings,
            client_key,
            keys: Keys::generate()?,
            pairwise_salt,
            radio: Radio::new(&devices()),
            ledger: Mutex::default(),
            cycles: Cycles::default(),
            log: requests::Log::default(),
            http,
        })))
    }

    /// The operators' public host: for handsets and for the gateway. Serve it with the peer's address.
    pub fn public_router(&self) -> Router {
        Router::new()
            .route(vodafone::AUTHORIZE, get(vodafone::authorize))
            .route(vodafone::RESUME, get(flow::resume))
            .route(vodafone::CONSENT, get(flow::consent_page).post(flow::consent))
            .route("/vodafone/mobileconnect/token", post(vodafone::token))
            .route("/vodafone/mobileconnect/premiuminfo", post(vodafone::premiuminfo))
            .route("/vodafone/jwks", get(vodafone::jwks))
            .route(o2::AUTHORIZE, get(o2::authorize))
            .route(o2::RESUME, get(flow::resume))
            .route(o2::CONSENT, get(flow::consent_page).post(flow::consent))
            .route(o2::TOKEN, post(o2::token))
            .route("/o2/number-verification/v2/verify", post(o2::verify))
            .route("/o2/jwks", get(o2::jwks))
            .layer(from_fn_with_state(self.clone(), requests::record))
            .with_state(self.clone())
    }

    /// The mobile gateways, which only the networks' own SIMs pass as themselves. Serve it with the peer's address.
    pub fn hop_router(&self) -> Router {
        Router::new().route("/{network}/seam", get(hop::forward)).with_state(self.clone())
    }

    /// The hosts that the mobile gateways enrich requests for. Serve it with the peer's address.
    pub fn origin_router(&self) -> Router {
        Router::new()
            .route("/{network}/seam", get(flow::seam))
            .layer(from_fn_with_state(self.clone(), requests::record))
            .with_state(self.clone())
    }

    /// The last requests that the operators received, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.log.list()
    }

    fn public(&self, path: &str) -> String {
        join(&self.0.settings.public, path)
    }

    /// `iss` of the operator's id tokens and of O2's callbacks (RFC 9207).
    fn issuer(&self, network: Network) -> String {
        join(&self.0.settings.public, &format!("/{}", network.id()))
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
