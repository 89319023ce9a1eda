//! What crosses the border, as JSON. A new optional field is `#[serde(default)]`; an unknown
//! operation, ask or verdict is refused by the side that meets it; a changed meaning is a new ABI.
//! What may hold the number has no `Debug`.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// One step that the host wants done.
#[derive(Clone, Serialize, Deserialize)]
pub struct Call {
    pub operation: Operation,
    pub context: Context,
    /// What was asked in this step so far, with the answers, in order.
    #[serde(default)]
    pub journal: Vec<Entry>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Operation {
    /// get_config: what must the handset do?
    Plan,
    /// The handset is at `/v1/authenticate`: where next?
    Arrive { request: Arrival },
    /// The operator sent the handset back to `/v1/callback/{vendor}`.
    Callback { params: Params },
    /// The customer hands over the JSON that the handset got from the operator.
    Validate { payload: serde_json::Value },
}

/// How the handset came to us.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Arrival {
    /// `GET` or `POST`.
    pub method: String,
}

/// The callback's parameters, each at most once: a repeated one is refused before an adapter sees it.
pub type Params = BTreeMap<String, String>;

/// The session as far as an adapter may know it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Context {
    /// E.164 with `+`.
    pub msisdn: String,
    /// What the customer reported; a hint, never proof.
    pub client_ip: String,
    /// Where the handset's request to us came from; empty in `Plan` and `Validate`.
    #[serde(default)]
    pub source_ip: String,
    /// Where an operator must send the handset back to.
    pub callback_uri: String,
    /// Minted by the host, bound to this session, unguessable.
    pub state: String,
    pub nonce: String,
    /// PKCE's code_verifier (RFC 7636 4.1).
    pub verifier: String,
    /// PKCE's code_challenge of `verifier` with S256: an adapter has no need of a hash for it.
    pub challenge: String,
    /// Unix time in seconds.
    pub now: u64,
    /// The `config` of the operator's entry in the operator table.
    pub config: serde_json::Value,
    /// What this adapter kept in an earlier step of the session.
    #[serde(default)]
    pub kept: String,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub ask: Ask,
    pub answer: Answer,
}

/// What only the host can do.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Ask {
    Http(HttpRequest),
    /// Sign these claims as a JWT with the operator's private key.
    Sign {
        claims: serde_json::Value,
    },
    /// Check a JWT's signature against the operator's JWKS (RS256, PS256, ES256; never `none` or an HMAC).
    /// The claims are the adapter's to judge.
    Verify {
        jwt: String,
        jwks_uri: String,
    },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Answer {
    Http(HttpResponse),
    Unreachable {
        reason: Unreachable,
    },
    Signed {
        jwt: String,
    },
    Verified {
        claims: serde_json::Value,
    },
    /// The signature, the algorithm or the key is not acceptable.
    Rejected,
}

/// Why no whole answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    Timeout,
    Failed,
    TooLarge,
    /// The host refuses to call there, or lacks the credentials for it.
    Forbidden,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: String,
    pub url: String,
    /// Each name once, in any case. `Host`, the framing and what `auth` adds are the host's.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub auth: Auth,
}

/// The credentials that the host adds; an adapter never sees them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Auth {
    #[default]
    None,
    /// RFC 6749 2.3.1, by header.
    ClientSecretBasic { client_id: String },
    /// RFC 6749 2.3.1, in the form body.
    ClientSecretPost { client_id: String },
    /// RFC 7523 2.2: `client_assertion` is appended to the form body.
    PrivateKeyJwt { client_id: String, audience: String },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpResponse {
    pub status: u16,
    /// Names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// UTF-8; what was not is replaced.
    #[serde(default)]
    pub body: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Reply {
    Ask {
        ask: Ask,
    },
    Done {
        outcome: Outcome,
        kept: String,
    },
    /// The attempt ends; `detail` is for the log and must hold nothing personal.
    Failed {
        verdict: Verdict,
        detail: String,
    },
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Outcome {
    Authorize(Authorize),
    Redirect { uri: String },
    Reply { json: serde_json::Value },
    Verdict { verdict: Verdict },
}

/// What the handset must do, as get_config says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorize {
    /// `None`: our own `/v1/authenticate` with the id_token.
    #[serde(default)]
    pub uri: Option<String>,
    /// `GET` or `POST`.
    pub request_type: String,
    /// May a page call the URI with `fetch`?
    pub ajax: bool,
    /// May the operator send the handset back to us, and so to the customer's redirect_uri?
    pub supports_callback: bool,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// The operator's answer: a closed set. Only `Match` authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
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
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
