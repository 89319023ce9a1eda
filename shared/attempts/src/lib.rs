//! A silent attempt between its endpoints: a session and an operator brought together, and the one way in
//! which an attempt ends. Used by every function that has an operator asked.

use std::net::IpAddr;

use aws_sdk_dynamodb::Client;
use sna_api::{Answer, ApiError, Request, ending, wire, wire::Wire};
use sna_config::{Aws, Env};
use sna_operators::{Done, Operation, Operators, Outcome, Verdict};
use sna_sessions::{Proof, Reason, Refusal, Session, Store, UpdateError, Which};
use tracing::Span;

mod cookie;

/// The store of sessions and the operators of this deployment.
pub struct Attempts {
    public_url: String,
    store: Store,
    operators: Operators,
}

impl Attempts {
    pub fn from_env(env: &mut Env<'_>, public_url: &str) -> Option<Self> {
        let client = Client::new(&Aws::read(env).dynamodb());
        Self::new(client, env, public_url)
    }

    /// With a client that others use too.
    pub fn new(client: Client, env: &mut Env<'_>, public_url: &str) -> Option<Self> {
        let store = Store::new(client, env.text("SESSIONS_TABLE"), env.text("USAGE_TABLE"));
        let store = store.telling(env.text("EVENTS_TABLE"));
        let operators = Operators::from_env(env, public_url)?;
        Some(Self { public_url: public_url.to_owned(), store, operators })
    }

    /// What the first request would wait for: the connection to the store, and while that is opened the operators' client.
    pub async fn warm(&self) {
        tokio::join!(self.store.warm(), async { self.operators.warm() });
    }

    pub fn operators(&self) -> &Operators {
        &self.operators
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where customers and handsets find us.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Is this payload not what the session's operator gives a handset? Nobody is asked.
    pub fn is_malformed(&self, session: &Session, operation: &Operation, now: u64) -> bool {
        self.operators.is_malformed(network(session), operation.clone(), &facts(session, None), now)
    }

    /// What the operator's proxy says of the handset, if it is its proxy that calls.
    pub fn enriched(&self, session: &Session, request: &Request) -> Option<String> {
        let enrichment = self.operators.table().get(network(session))?.enrichment.as_ref()?;
        enrichment.read(request.source_ip, request.header_values(enrichment.header()))
    }

    /// Changes a session by its rules. Unknown, expired or refused: the token that led here is invalid.
    pub async fn update<'a, T>(
        &self,
        which: impl Into<Which<'a>>,
        now: u64,
        change: impl FnMut(&mut Session) -> Result<T, Refusal>,
    ) -> Result<(Session, T), ApiError> {
        self.store.update(which, now, change).await.map_err(|error| match error {
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
        let network = network(session);
        Span::current().record("network", network);
        self.operators.run(network, operation, facts(session, source_ip), now).await
    }

    /// The operator's judgement in a step that must have one.
    pub async fn judge(&self, session: &Session, operation: Operation, source_ip: Option<IpAddr>, now: u64) -> Reason {
        match self.step(session, operation, source_ip, now).await.map(|done| done.outcome) {
            Ok(Outcome::Verdict { verdict }) | Err(verdict) => reason(verdict),
            Ok(_) => Reason::ConfigError,
        }
    }

    /// Records how the attempt ended; only then does the handset get our one-use secret, or a coarse error.
    pub async fn end(&self, session: Session, reason: Reason, now: u64) -> Result<Answer, ApiError> {
        Span::current().record("outcome", tracing::field::display(reason));
        let proof = Proof::generate()?;
        let (session, ()) = self.update(session, now, |session| session.record(reason, Some(&proof))).await?;
        ended(&session, reason);
        let correlation_id = session.correlation_id.as_ref().map(|id| id.as_str());
        let ended = if reason == Reason::Match { Ok(proof.expose()) } else { Err(coarse(reason)) };
        ending(session.redirect_uri.as_deref(), correlation_id, ended).map_err(|error| error.because(reason))
    }
}

/// Counts an attempt that has ended, for certain: the write that says so has won.
pub fn ended(session: &Session, reason: Reason) {
    let span = Span::current();
    span.record("network", session.network.as_ref().map(|network| network.as_str()));
    span.record("verdict", tracing::field::display(reason));
    span.record("silent_attempts", 1);
}

fn network(session: &Session) -> &str {
    session.network.as_ref().map_or("", |network| network.as_str())
}

/// What the operator may know of a session.
fn facts(session: &Session, source_ip: Option<IpAddr>) -> sna_operators::Session {
    sna_operators::Session {
        msisdn: session.msisdn.as_e164().to_owned(),
        client_ip: session.client_ip.to_string(),
        source_ip: source_ip.map(|address| address.to_string()).unwrap_or_default(),
        state: session.handshake.state.clone(),
        nonce: session.handshake.nonce.clone(),
        verifier: session.handshake.verifier.clone(),
        challenge: session.handshake.challenge(),
        customer: session.customer.clone(),
        kept: session.kept.clone(),
    }
}

/// The operator's verdict as our answer's reason. Neither crate knows the other; a verdict that is new must be placed here.
pub fn reason(verdict: Verdict) -> Reason {
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
