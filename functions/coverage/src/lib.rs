//! `GET /v1/coverage`: the networks of each country, and what each can do for this customer. It answers from the operator
//! table and the manifests alone and knows no numbers, so that nobody learns here which network a number belongs to.

use std::collections::BTreeMap;

use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Request, Scalar};
use sna_config::Env;
use sna_operators::Operators;
use sna_tokens::{PublicKeys, Verifier};
use tracing::Span;

pub struct Coverage {
    verifier: Verifier,
    operators: Operators,
}

#[derive(Serialize)]
struct Body {
    countries: Vec<Country>,
}

#[derive(Serialize)]
struct Country {
    /// ISO 3166-1 alpha-2.
    country: String,
    networks: Vec<Network>,
}

#[derive(Clone, Serialize)]
struct Network {
    network: String,
    /// Can the operator say whose SIM a handset has?
    silent: Scalar<bool>,
    /// May the flow end at a redirect_uri?
    callback: Scalar<bool>,
    /// Without mobile data too?
    wifi: Scalar<bool>,
    otp_only: Scalar<bool>,
}

impl Coverage {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let operators = Operators::without_secrets(env, &url);
        Some(Self { verifier: Verifier::new(keys?, &url), operators: operators? })
    }

    /// Countries and their networks in alphabetical order.
    fn countries(&self, customer: &str, native: bool) -> Vec<Country> {
        let mut countries: BTreeMap<String, Vec<Network>> = BTreeMap::new();
        let scalar = |value| Scalar::new(value, native);
        for known in self.operators.coverage(customer) {
            let network = Network {
                network: known.network,
                silent: scalar(known.silent),
                callback: scalar(known.callback),
                wifi: scalar(known.wifi),
                otp_only: scalar(!known.silent),
            };
            for country in known.countries {
                countries.entry(country).or_default().push(network.clone());
            }
        }
        let sorted = |(country, mut networks): (String, Vec<Network>)| {
            networks.sort_by(|one, other| one.network.cmp(&other.network));
            Country { country, networks }
        };
        countries.into_iter().map(sorted).collect()
    }
}

impl Endpoint for Coverage {
    const PATH: &'static str = "/v1/coverage";
    const METHODS: &'static [&'static str] = &["GET"];

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let bearer = request.bearer().ok_or_else(|| ApiError::unauthorized("Bearer"))?;
        let access =
            self.verifier.access(bearer, now).map_err(|error| ApiError::unauthorized("Bearer").because(error))?;
        Span::current().record("customer", &access.user_id);
        Answer::json(&Body { countries: self.countries(&access.user_id, access.native) })
    }
}
