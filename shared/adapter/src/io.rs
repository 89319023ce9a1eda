//! Straight-line code by replay: an ask is answered from the journal, or stops the step.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Answer, Ask, Entry, HttpRequest, HttpResponse, Key, Unreachable, Verdict};

/// Why a step ends early; `?` carries it out of the adapter's code.
pub enum Stop {
    /// The host must answer this first.
    Ask(Box<Ask>),
    /// What the customer handed over is not what this operator gives a handset. Only before the first ask.
    Malformed(&'static str),
    /// The attempt ends. The text goes to the log: nothing personal in it.
    Failed(Verdict, String),
}

impl Stop {
    pub fn failed(verdict: Verdict, detail: impl Into<String>) -> Self {
        Self::Failed(verdict, detail.into())
    }
}

/// The host's journal of this step, read in order.
pub struct Io {
    journal: std::vec::IntoIter<Entry>,
}

impl Io {
    pub fn new(journal: Vec<Entry>) -> Self {
        Self { journal: journal.into_iter() }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer, Stop> {
        match self.journal.next() {
            None => Err(Stop::Ask(Box::new(ask))),
            // A wrong verdict cannot come of an answer to another question.
            Some(entry) if entry.ask != ask => Err(Stop::failed(Verdict::ConfigError, "adapter is not deterministic")),
            Some(entry) => Ok(entry.answer),
        }
    }

    /// Has the journal been read to its end? A step that ends before it asked less than last time.
    pub fn is_drained(&self) -> bool {
        self.journal.len() == 0
    }

    /// Sends a request; the answer has any status. No answer ends the step with the verdict that says why.
    pub fn send(&mut self, request: HttpRequest) -> Result<HttpResponse, Stop> {
        match self.ask(Ask::Http(request))? {
            Answer::Http(response) => Ok(response),
            Answer::Unreachable { reason } => Err(match reason {
                Unreachable::Timeout => Stop::failed(Verdict::OperatorTimeout, "the operator did not answer in time"),
                Unreachable::Failed => Stop::failed(Verdict::OperatorError, "the operator could not be reached"),
                Unreachable::TooLarge => Stop::failed(Verdict::OperatorError, "the operator's answer is too large"),
                Unreachable::Forbidden => Stop::failed(Verdict::ConfigError, "the host refused the request"),
            }),
            _ => Err(foreign_answer()),
        }
    }

    /// Signs `claims`; returns a compact JWT.
    pub fn sign(&mut self, claims: serde_json::Value, key: Key, typ: Option<&str>) -> Result<String, Stop> {
        self.signed(Ask::Sign { claims, key, typ: typ.map(str::to_owned), certificates: Vec::new() })
    }

    /// The same with our private key and its certificates in the header.
    pub fn sign_certified(
        &mut self,
        claims: serde_json::Value,
        typ: &str,
        certificates: Vec<String>,
    ) -> Result<String, Stop> {
        self.signed(Ask::Sign { claims, key: Key::Private, typ: Some(typ.to_owned()), certificates })
    }

    fn signed(&mut self, ask: Ask) -> Result<String, Stop> {
        match self.ask(ask)? {
            Answer::Signed { jwt } => Ok(jwt),
            Answer::Unreachable { .. } => Err(Stop::failed(Verdict::ConfigError, "the host has no key to sign with")),
            _ => Err(foreign_answer()),
        }
    }

    /// HMAC-SHA256 of `text` under the operator's client secret, in lower-case hex.
    pub fn mac(&mut self, text: &str) -> Result<String, Stop> {
        self.keyed(Ask::Mac { text: text.into() })
    }

    /// SHA-256 of `before`, the operator's client secret and `after`, in lower-case hex.
    pub fn digest(&mut self, before: &str, after: &str) -> Result<String, Stop> {
        self.keyed(Ask::Digest { before: before.into(), after: after.into() })
    }

    fn keyed(&mut self, ask: Ask) -> Result<String, Stop> {
        match self.ask(ask)? {
            Answer::Mac { hex } => Ok(hex),
            Answer::Unreachable { .. } => {
                Err(Stop::failed(Verdict::ConfigError, "the host has no secret to sign with"))
            }
            _ => Err(foreign_answer()),
        }
    }

    /// The public JWK to which this session's answer is to be encrypted.
    pub fn encryption_key(&mut self) -> Result<serde_json::Value, Stop> {
        match self.ask(Ask::EncryptionKey)? {
            Answer::EncryptionKey { jwk } => Ok(jwk),
            Answer::Unreachable { .. } => Err(Stop::failed(Verdict::ConfigError, "the host has no decryption key")),
            _ => Err(foreign_answer()),
        }
    }

    /// The plaintext of a compact JWE that is for us.
    pub fn decrypt(&mut self, jwe: &str) -> Result<String, Stop> {
        match self.ask(Ask::Decrypt { jwe: jwe.into() })? {
            Answer::Decrypted { text } => Ok(text),
            Answer::Rejected => Err(Stop::failed(Verdict::ProtocolViolation, "the JWE cannot be decrypted")),
            Answer::Unreachable { .. } => Err(Stop::failed(Verdict::ConfigError, "the host has no decryption key")),
            _ => Err(foreign_answer()),
        }
    }

    /// Checks the signature of `jwt` against the operator's keys and returns its claims, which are still to be judged.
    pub fn verify(&mut self, jwt: &str, jwks_uri: &str) -> Result<serde_json::Value, Stop> {
        self.verified(Ask::Verify { jwt: jwt.into(), jwks_uri: jwks_uri.into() })
    }

    /// The same against one key.
    pub fn verify_with(&mut self, jwt: &str, jwk: &serde_json::Value) -> Result<serde_json::Value, Stop> {
        self.verified(Ask::VerifyWith { jwt: jwt.into(), jwk: jwk.clone() })
    }

    fn verified(&mut self, ask: Ask) -> Result<serde_json::Value, Stop> {
        match self.ask(ask)? {
            Answer::Verified { claims } => Ok(claims),
            Answer::Rejected => Err(Stop::failed(Verdict::ProtocolViolation, "the JWT's signature is not acceptable")),
            Answer::Unreachable { reason: Unreachable::Timeout } => {
                Err(Stop::failed(Verdict::OperatorTimeout, "the operator's keys did not come in time"))
            }
            Answer::Unreachable { reason: Unreachable::Forbidden } => {
                Err(Stop::failed(Verdict::ConfigError, "the host refused to fetch the operator's keys"))
            }
            Answer::Unreachable { .. } => {
                Err(Stop::failed(Verdict::OperatorError, "the operator's keys could not be fetched"))
            }
            _ => Err(foreign_answer()),
        }
    }
}

fn foreign_answer() -> Stop {
    Stop::failed(Verdict::ConfigError, "the journal's answer is of another kind than the ask")
}

impl HttpResponse {
    /// The body as JSON; anything else is the operator's error.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        // serde_json's message could quote the body.
        serde_json::from_str(&self.body)
            .map_err(|_| Stop::failed(Verdict::OperatorError, "the operator's answer is not the JSON expected"))
    }

    /// The `code` or `error` of an error body (CAMARA; RFC 6749 5.2) and its text, empty where there are none.
    pub fn error(&self) -> (String, String) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            code: String,
            error: String,
            message: String,
            error_description: String,
        }
        let body: Body = serde_json::from_str(&self.body).unwrap_or_default();
        let either = |a: String, b: String| if a.is_empty() { b } else { a };
        (either(body.code, body.error), either(body.message, body.error_description))
    }
}
