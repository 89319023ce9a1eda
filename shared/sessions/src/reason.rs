//! Why an answer is "false", as the customer's backend reads it: a closed set.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The operators' verdicts and the OTP's outcomes. Only `Match` authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    Match,
    Mismatch,
    NotMobileNetwork,
    IpNumberNetworkMismatch,
    ConsentRequired,
    UserDenied,
    SubscriberUnknown,
    NetworkUnsupported,
    OperatorTimeout,
    OperatorError,
    OperatorRateLimited,
    ConfigError,
    ProtocolViolation,
    Expired,
    Replayed,
    WrongCode,
    CodeExpired,
    AttemptsExceeded,
    NotAttempted,
}

impl Reason {
    /// Should the customer try another way? Not after a proof that was tampered with or used up.
    pub fn fallback_advised(self) -> bool {
        !matches!(self, Self::Match | Self::ProtocolViolation | Self::Replayed | Self::AttemptsExceeded)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
