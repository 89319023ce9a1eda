//! What the operator wants of the handset.
//! Where silent authentication cannot be done but OTP can, `authorize` is an error object, not an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sna_api::{ApiError, Scalar, wire, wire::Wire};
use sna_attempts::{ended, reason};
use sna_operators::{Done, Family, Manifest, Operation, Outcome, Verdict};
use sna_sessions::{Session, Way};
use sna_tokens::AccessToken;

use crate::GetConfig;

/// What the handset must do, or why it cannot. Kept in the session, so that the same request gets the same answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Go(Offer),
    No { error: String, error_description: String },
}

/// The operator's plan, with what its manifest says of it.
#[derive(Serialize, Deserialize)]
pub struct Offer {
    authorize: sna_operators::Authorize,
    ajax: bool,
    request_type: String,
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

impl GetConfig {
    /// Writes into the session what is offered, and what its operator leaves for the steps to come. `silent`: may an
    /// attempt be made?
    pub(crate) async fn offer(
        &self,
        session: &mut Session,
        silent: bool,
        token: &AccessToken,
        now: u64,
    ) -> Result<(), ApiError> {
        let plan: Option<Plan> = match token.scope.has_authenticate() {
            false => None,
            true => match self.plan(session, silent, now).await? {
                Ok(offer) => Some(Plan::Go(offer)),
                Err(wire) if token.scope.has_otp() => Some(wire.into()),
                Err(wire) if wire == wire::UNAVAILABLE => {
                    return Err(ApiError::unavailable("the operator is unavailable"));
                }
                // The line has `reasons`, and a verdict where an operator was asked.
                Err(wire) => return Err(ApiError::at(wire, "msisdn", "no silent attempt, and no scope for a code")),
            },
        };
        session.offer = serde_json::to_string(&plan)?;
        Ok(())
    }

    /// The operator's plan; the inner error is why silent authentication cannot be offered. Of an operator that does not
    /// know the number, no lookup is believed that named it.
    async fn plan(&self, session: &mut Session, silent: bool, now: u64) -> Result<Result<Offer, Wire>, ApiError> {
        let network = session.network.as_ref().map(|network| network.as_str());
        let Some(network) = network.filter(|_| silent) else { return Ok(Err(wire::NETWORK)) };
        let manifest = match self.attempts.operators().manifest(network, &session.customer) {
            Ok(manifest) => manifest,
            Err(verdict) => return Ok(Err(unbegun(session, verdict))),
        };
        if session.redirect_uri.is_some() && !manifest.supports_callback {
            return Err(ApiError::at(wire::NO_CALLBACK, "redirect_uri", "the network has no callback"));
        }
        let (authorize, kept) = match self.attempts.step(session, Operation::Plan, None, now).await {
            Ok(Done { outcome: Outcome::Authorize(authorize), kept }) => (authorize, kept),
            Ok(_) => return Ok(Err(wire::UNAVAILABLE)),
            Err(verdict) => {
                if verdict == Verdict::SubscriberUnknown {
                    session.looked_up = None;
                }
                return Ok(Err(unbegun(session, verdict)));
            }
        };
        let Some(way) = way(&manifest, &authorize) else {
            tracing::error!(network, "the adapter's plan and its manifest contradict each other");
            return Ok(Err(wire::UNAVAILABLE));
        };
        let Manifest { id, ajax, request_type, .. } = &*manifest;
        (session.operator, session.way, session.kept) = (Some(id.clone()), way, kept);
        Ok(Ok(Offer { authorize, ajax: *ajax, request_type: request_type.clone() }))
    }
}

/// An attempt ended before the handset heard of it. Where nobody serves the customer's network, there was none.
fn unbegun(session: &Session, verdict: Verdict) -> Wire {
    if verdict != Verdict::NetworkUnsupported {
        ended(session, reason(verdict));
    }
    told(verdict)
}

/// That the operator cannot say is about this number; that it does not answer is an outage.
fn told(verdict: Verdict) -> Wire {
    match verdict {
        Verdict::NetworkUnsupported
        | Verdict::SubscriberUnknown
        | Verdict::NotMobileNetwork
        | Verdict::IpNumberNetworkMismatch => wire::NETWORK,
        _ => wire::UNAVAILABLE,
    }
}

/// How the operator's answer will come. Who sends the handset elsewhere than to us cannot have it come back to an
/// attempt that never began.
fn way(manifest: &Manifest, authorize: &sna_operators::Authorize) -> Option<Way> {
    match (manifest.supports_callback, &authorize.uri) {
        (true, None) if manifest.family == Family::HeaderEnrichment => Some(Way::Enrichment),
        (true, None) => Some(Way::Callback),
        (true, Some(_)) => None,
        (false, None) => Some(Way::Payload),
        (false, Some(_)) => Some(Way::Direct),
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
            Self::Go(Offer { authorize: plan, ajax, request_type }) => Authorize::Go {
                ajax: Scalar::new(ajax, native),
                authorization_uri: plan
                    .uri
                    .unwrap_or_else(|| format!("{public_url}/v1/authenticate?id_token={id_token}")),
                request_config: RequestConfig { headers: plan.headers, parameters: plan.parameters },
                request_type,
            },
        }
    }
}
