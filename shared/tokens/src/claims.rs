//! The claims of each kind of token. Times are RFC 3339, as PASETO registers them.

use serde::{Deserialize, Serialize};

/// What a token is good for. On the wire `auth`, `otp` or `auth+otp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    #[serde(rename = "auth")]
    Authenticate,
    #[serde(rename = "otp")]
    Otp,
    #[serde(rename = "auth+otp")]
    Both,
}

impl Scope {
    pub fn new(authenticate: bool, otp: bool) -> Option<Self> {
        match (authenticate, otp) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Authenticate),
            (false, true) => Some(Self::Otp),
            (false, false) => None,
        }
    }

    pub fn has_authenticate(self) -> bool {
        self != Self::Otp
    }

    pub fn has_otp(self) -> bool {
        self != Self::Authenticate
    }
}

/// What the customer's backend shows us as `Authorization: Bearer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The customer.
    pub user_id: String,
    pub scope: Scope,
    /// This customer's answers carry JSON numbers and booleans instead of quoted ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
}

/// What the handset carries in the `id_token` parameter. Its `jti` is the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    pub jti: String,
    pub user_id: String,
    pub scope: Scope,
    /// The number's network, absent where it is not known and only OTP is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The adapter that serves the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
}

/// What validate answered, for whoever must be shown it later. It holds for as long as its key is published, opens nothing,
/// and says of the number only what the holder of its salt can check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The session, as in its id_token.
    pub jti: String,
    /// The customer.
    pub user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// HMAC-SHA-256 of the number in E.164 under the salt that went with the receipt, 64 hex digits.
    pub msisdn_hash: String,
    /// `authenticate` or `otp`.
    pub service: String,
    /// `MATCH`, or the reason of a "false".
    pub verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// What a customer's webhook is told when an attempt has ended. It opens nothing, and says nothing that validate would not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event, the same each time it is sent.
    pub jti: String,
    /// The customer.
    pub user_id: String,
    /// The session, the `jti` of its id_token.
    pub session: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What has ended: `authenticate` or `otp`.
    pub service: String,
    /// `MATCH`, which is the session's one "true", or the reason of a "false".
    pub verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}
