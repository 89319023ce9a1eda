//! The session and what may refuse a change of it. Times are Unix milliseconds.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sna_numbers::{Msisdn, Network};

use crate::{
    Handshake, Reason, Service,
    once::Given,
    otp::Otp,
    secrets,
    silent::{Silent, Way},
};

/// One attempt of a customer to authenticate one number. What there is nothing of is left out when it is written: each KB
/// of an item is one more write unit, every time.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// The id_token's `jti`.
    pub id: String,
    pub customer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    pub msisdn: Msisdn,
    /// What the customer reported; a hint, never proof.
    pub client_ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The keyed hash of the number under which the lookup is cached that named the network, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_up: Option<String>,
    /// The adapter that serves the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// The customer's choice of JSON numbers and booleans.
    pub native: bool,
    pub created_at: u64,
    pub expires_at: u64,
    /// What get_config offered, as it wrote it, so that it can say the same again.
    pub offer: String,
    /// The customer's own limit of wrong codes a day for one number, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_codes_a_day: Option<u64>,
    /// The customer is told by its webhook what has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) webhook: bool,
    pub handshake: Handshake,
    /// How the operator's answer comes to us.
    #[serde(default)]
    pub way: Way,
    /// What the adapter keeps between its steps.
    pub kept: String,
    /// The hash of the cookie of the handset that arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cookie: Option<String>,
    pub(crate) silent: Silent,
    pub(crate) otp: Otp,
    /// "true" was given: the session is spent.
    pub(crate) answered: bool,
    /// The answers given to requests that may come again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) given: Vec<Given>,
    /// What the change has ended that is not written yet.
    #[serde(skip)]
    pub(crate) ended: Option<(Service, Reason)>,
    /// How often it was written; the next write must find this one. It lies beside the JSON, where a condition sees it.
    #[serde(skip)]
    pub(crate) version: u64,
}

/// What get_config knows when a session begins.
pub struct Begin {
    pub customer: String,
    pub correlation_id: Option<CorrelationId>,
    pub msisdn: Msisdn,
    pub client_ip: IpAddr,
    pub network: Option<Network>,
    pub redirect_uri: Option<String>,
    pub native: bool,
    pub wrong_codes_a_day: Option<u64>,
    /// The customer has a webhook.
    pub webhook: bool,
}

/// Why a change is not allowed; the session stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("already used")]
    Used,
    #[error("no silent attempt is under way")]
    NotUnderWay,
    #[error("the proof is not this session's")]
    WrongProof,
    #[error("too soon after a silent attempt began")]
    TooSoonAfterSilent { wait_ms: u64 },
    #[error("all sends are used up")]
    TooManySends,
    #[error("too soon after the last send")]
    TooSoonAfterSend { wait_ms: u64 },
    #[error("the idempotency key was used with another body")]
    KeyReused,
}

impl Session {
    /// A new session that lives for `seconds`. No operator serves it yet, and nothing is offered: its operator must know the
    /// session before it can say what the handset must do.
    pub fn begin(begin: Begin, now: u64, seconds: u64) -> Result<Self, secrets::Entropy> {
        let id = secrets::session_id()?;
        Ok(Self {
            handshake: Handshake::new(&id)?,
            id,
            customer: begin.customer,
            correlation_id: begin.correlation_id,
            msisdn: begin.msisdn,
            client_ip: begin.client_ip,
            network: begin.network,
            looked_up: None,
            operator: None,
            redirect_uri: begin.redirect_uri,
            native: begin.native,
            offer: String::new(),
            wrong_codes_a_day: begin.wrong_codes_a_day,
            webhook: begin.webhook,
            created_at: now,
            expires_at: now + seconds * 1000,
            way: Way::default(),
            kept: String::new(),
            cookie: None,
            silent: Silent::Idle,
            otp: Otp::default(),
            answered: false,
            given: Vec::new(),
            ended: None,
            version: 1,
        })
    }

    /// The session that a `state` belongs to, if it has the form of ours.
    pub fn id_in_state(state: &str) -> Option<&str> {
        state.split_once('.').map(|(id, _)| id).filter(|id| id.len() == 36)
    }

    /// Was "true" given?
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// How the silent attempt ended, if it did.
    pub fn silent_ended(&self) -> Option<Reason> {
        self.silent.ended()
    }
}

/// A customer's own name for a session: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelationId(String);

#[derive(Debug, thiserror::Error)]
#[error("a correlation_id is 1 to 128 visible ASCII characters")]
pub struct InvalidCorrelationId;

impl CorrelationId {
    pub fn parse(text: &str) -> Result<Self, InvalidCorrelationId> {
        let good = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidCorrelationId) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
