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
    /// The handset came to `/v1/enrich/{vendor}` over plain http, through the operator's proxy.
    Enriched {
        /// The header that the operator adds; `None` where it is missing or the peer is no proxy of the operator's.
        header: Option<String>,
    },
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
    /// Our own plain-http address, where an operator's proxy adds its header; empty where there is none.
    #[serde(default)]
    pub enrich_uri: String,
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
    /// Sign these claims as a JWT.
    Sign {
        claims: serde_json::Value,
        #[serde(default)]
        key: Key,
        /// The header's `typ`, where it is not `JWT`.
        #[serde(default)]
        typ: Option<String>,
        /// The header's `x5c` (RFC 7515 4.1.6), where the reader knows us by a certificate: base64, ours first.
        #[serde(default)]
        certificates: Vec<String>,
    },
    /// HMAC-SHA256 of this text under the operator's client secret.
    Mac {
        text: String,
    },
    /// SHA-256 of `before`, the operator's client secret and `after`, for operators that hash where others use an HMAC.
    Digest {
        before: String,
        after: String,
    },
    /// Check a JWT's signature against the operator's JWKS (RS256, PS256, ES256; never `none` or an HMAC).
    /// The claims are the adapter's to judge.
    Verify {
        jwt: String,
        jwks_uri: String,
    },
    /// The same against one key that an issuer vouched for (`cnf`, RFC 7800).
    VerifyWith {
        jwt: String,
        jwk: serde_json::Value,
    },
    /// This session's public key, for an answer that only we may read (P-256, ECDH-ES).
    EncryptionKey,
    /// Decrypt a compact JWE: to [`Ask::EncryptionKey`]'s key, or `dir` under the operator's decryption key.
    Decrypt {
        jwe: String,
    },
}

/// Whose key signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// Our private key at the operator.
    #[default]
    Private,
    /// HS256 with our client secret.
    ClientSecret,
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
    /// Of [`Ask::Mac`] and [`Ask::Digest`].
    Mac {
        hex: String,
    },
    Verified {
        claims: serde_json::Value,
    },
    EncryptionKey {
        jwk: serde_json::Value,
    },
    Decrypted {
        text: String,
    },
    /// The signature, the ciphertext, the algorithm or the key is not acceptable.
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
    /// `GET`, `POST` or `PATCH`.
    pub method: String,
    pub url: String,
    /// Each name once, in any case. `Host`, the framing and what `auth` adds are the host's.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub auth: Auth,
    /// The header into which the host writes the operator's `api_key`.
    #[serde(default)]
    pub api_key_header: Option<String>,
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
    /// The payload is not what this operator gives a handset: nothing was tried, nothing ends.
    Malformed {
        detail: String,
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

/// What the handset must do, as get_config says it; method and `ajax` stand in the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorize {
    /// `None`: our own `/v1/authenticate` with the id_token.
    #[serde(default)]
    pub uri: Option<String>,
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
