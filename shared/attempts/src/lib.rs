//! A silent attempt between its endpoints: a session and an operator brought together, and the one way in
//! which an attempt ends. Used by the functions that a handset meets.

use std::net::IpAddr;

use aws_sdk_dynamodb::Client;
use sna_api::{Answer, ApiError, ending, wire, wire::Wire};
use sna_config::{Aws, Env};
use sna_operators::{Done, Operation, Operators, Verdict};
use sna_sessions::{Proof, Reason, Refusal, Session, Store, UpdateError};
use tracing::Span;

/// The store of sessions and the operators of this deployment.
pub struct Attempts {
    store: Store,
    operators: Operators,
}

impl Attempts {
    pub fn from_env(env: &mut Env<'_>, public_url: &str) -> Option<Self> {
        let store = Store::new(Client::new(&Aws::read(env).dynamodb()), env.text("SESSIONS_TABLE"));
        Some(Self { store, operators: Operators::from_env(env, public_url)? })
    }

    pub fn operators(&self) -> &Operators {
        &self.operators
    }

    /// Changes a session by its rules. Unknown, expired or refused: the token that led here is invalid.
    pub async fn update<T>(
        &self,
        id: &str,
        now: u64,
        change: impl FnMut(&mut Session) -> Result<T, Refusal>,
    ) -> Result<(Session, T), ApiError> {
        self.store.update(id, now, change).await.map_err(|error| match error {
            UpdateError::Absent => ApiError::from(wire::TOKEN).because("no such session"),
            UpdateError::Refused(refusal) => ApiError::from(wire::TOKEN).because(refusal),
            UpdateError::Limited { wait_ms } => ApiError::limited(wait_ms),
            UpdateError::Store(error) => ApiError::failed(error.is_temporary(), error),
        })
    }

    /// Runs one step of the session's operator. `Err` is the verdict on an attempt that could not be finished.
    pub async fn step(
        &self,
        session: &Session,
        operation: Operation,
        source_ip: Option<IpAddr>,
        now: u64,
    ) -> Result<Done, Verdict> {
        let network = session.network.as_ref().map_or("", |network| network.as_str());
        Span::current().record("network", network);
        let facts = sna_operators::Session {
            msisdn: session.msisdn.as_e164().to_owned(),
            client_ip: session.client_ip.to_string(),
            source_ip: source_ip.map(|address| address.to_string()).unwrap_or_default(),
            state: session.handshake.state.clone(),
            nonce: session.handshake.nonce.clone(),
            verifier: session.handshake.verifier.clone(),
            challenge: session.handshake.challenge(),
            kept: session.kept.clone(),
        };
        self.operators.run(network, operation, facts, now).await
    }

    /// Records the verdict; only then does the handset get our one-use secret, or a coarse error.
    pub async fn end(&self, session: &Session, verdict: Verdict, now: u64) -> Result<Answer, ApiError> {
        let reason = reason(verdict);
        Span::current().record("outcome", tracing::field::display(reason));
        let proof = Proof::generate()?;
        self.update(&session.id, now, |session| session.record(reason, Some(&proof))).await?;
        let correlation_id = session.correlation_id.as_ref().map(|id| id.as_str());
        let ended = if reason == Reason::Match { Ok(proof.expose()) } else { Err(coarse(reason)) };
        ending(session.redirect_uri.as_deref(), correlation_id, ended)
    }
}

/// The operator's verdict as our answer's reason. Neither crate knows the other; a verdict that is new must be placed here.
fn reason(verdict: Verdict) -> Reason {
    match verdict {
        Verdict::Match => Reason::Match,
        Verdict::Mismatch => Reason::Mismatch,
        Verdict::NotMobileNetwork => Reason::NotMobileNetwork,
        Verdict::IpNumberNetworkMismatch => Reason::IpNumberNetworkMismatch,
        Verdict::ConsentRequired => Reason::ConsentRequired,
        Verdict::UserDenied => Reason::UserDenied,
        Verdict::SubscriberUnknown => Reason::SubscriberUnknown,
        Verdict::NetworkUnsupported => Reason::NetworkUnsupported,
        Verdict::OperatorTimeout => Reason::OperatorTimeout,
        Verdict::OperatorError => Reason::OperatorError,
        Verdict::OperatorRateLimited => Reason::OperatorRateLimited,
        Verdict::ConfigError => Reason::ConfigError,
        Verdict::ProtocolViolation => Reason::ProtocolViolation,
        Verdict::Expired => Reason::Expired,
        Verdict::Replayed => Reason::Replayed,
    }
}

/// The handset learns whether to try again later, and no more.
fn coarse(reason: Reason) -> Wire {
    match reason {
        Reason::OperatorTimeout | Reason::OperatorError | Reason::OperatorRateLimited | Reason::ConfigError => {
            wire::SILENT_UNAVAILABLE
        }
        _ => wire::DENIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handset_learns_of_an_outage_and_of_nothing_else() {
        assert_eq!(coarse(Reason::OperatorTimeout), wire::SILENT_UNAVAILABLE);
        for reason in [Reason::Mismatch, Reason::NotMobileNetwork, Reason::UserDenied, Reason::ProtocolViolation] {
            assert_eq!(coarse(reason), wire::DENIED);
        }
    }
}
