//! Which network holds the number, and what its operator wants of the handset.
//! Where silent authentication cannot be done but OTP can, `authorize` is an error object, not an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sna_api::{ApiError, Scalar, wire, wire::Wire};
use sna_numbers::{Network, Ranges};
use sna_operators::{Operation, Outcome, Session, Table};
use sna_tokens::AccessToken;

use crate::{Asked, GetConfig};

pub struct Decision {
    pub network: Option<Network>,
    /// The adapter, where silent authentication is offered.
    pub operator: Option<String>,
    /// `None`: the scope has no `authenticate`.
    pub authorize: Option<Plan>,
}

/// What the handset must do, or why it cannot. Kept in the session, so that the same request gets the same answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Go(sna_operators::Authorize),
    No { error: String, error_description: String },
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Authorize {
    Go { ajax: Scalar<bool>, authorization_uri: String, request_config: RequestConfig, request_type: String },
    No { error: String, error_description: String },
}

#[derive(Serialize)]
pub struct RequestConfig {
    headers: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

/// The public ranges and every operator's own.
pub fn ranges(table: &Table) -> Result<Ranges, String> {
    let own = table.ranges().iter();
    let own: Result<Vec<_>, _> =
        own.map(|(range, network)| Network::parse(network).map(|network| (range.clone(), network))).collect();
    Ranges::new(own.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

impl GetConfig {
    pub(crate) async fn decide(
        &self,
        asked: &Asked,
        token: &AccessToken,
        is_test: bool,
        now: u64,
    ) -> Result<Decision, ApiError> {
        if is_test {
            // Nobody holds a test number: no operator is asked, and the code is fixed.
            let authorize = token.scope.has_authenticate().then(|| wire::NETWORK.into());
            return Ok(Decision { network: None, operator: None, authorize });
        }
        let network = self.ranges.network_of(&asked.msisdn).cloned();
        if !token.scope.has_authenticate() {
            return Ok(Decision { network, operator: None, authorize: None });
        }
        let plan = self.plan(network.as_ref(), asked, now).await?;
        match plan {
            Ok((operator, authorize)) => {
                Ok(Decision { network, operator: Some(operator), authorize: Some(Plan::Go(authorize)) })
            }
            Err(wire) if token.scope.has_otp() => {
                Ok(Decision { network, operator: None, authorize: Some(wire.into()) })
            }
            Err(wire) if wire == wire::UNAVAILABLE => Err(ApiError::unavailable("the operator is unavailable")),
            Err(wire) => Err(wire.into()),
        }
    }

    /// The operator's plan; the inner error is why silent authentication cannot be offered.
    async fn plan(
        &self,
        network: Option<&Network>,
        asked: &Asked,
        now: u64,
    ) -> Result<Result<(String, sna_operators::Authorize), Wire>, ApiError> {
        let Some(network) = network else { return Ok(Err(wire::NETWORK)) };
        let Some(operator) = self.operators.table().get(network.as_str()) else { return Ok(Err(wire::NETWORK)) };
        let session = Session {
            msisdn: asked.msisdn.as_e164().to_owned(),
            client_ip: asked.client_ip.to_string(),
            ..Session::default()
        };
        let done = match self.operators.run(network.as_str(), Operation::Plan, session, now).await {
            Ok(done) => done,
            Err(_) => return Ok(Err(wire::UNAVAILABLE)),
        };
        match done.outcome {
            Outcome::Authorize(authorize) if asked.redirect_uri.is_some() && !authorize.supports_callback => {
                Err(wire::NO_CALLBACK.into())
            }
            Outcome::Authorize(authorize) => Ok(Ok((operator.adapter.clone(), authorize))),
            _ => Ok(Err(wire::UNAVAILABLE)),
        }
    }
}

impl From<Wire> for Plan {
    fn from(wire: Wire) -> Self {
        Self::No { error: wire.error.to_owned(), error_description: wire.description.to_owned() }
    }
}

impl Plan {
    pub fn into_wire(self, public_url: &str, id_token: &str, native: bool) -> Authorize {
        match self {
            Self::No { error, error_description } => Authorize::No { error, error_description },
            Self::Go(plan) => Authorize::Go {
                ajax: Scalar::new(plan.ajax, native),
                authorization_uri: plan
                    .uri
                    .unwrap_or_else(|| format!("{public_url}/v1/authenticate?id_token={id_token}")),
                request_config: RequestConfig { headers: plan.headers, parameters: plan.parameters },
                request_type: plan.request_type,
            },
        }
    }
}
