//! A request that may come again because its answer was lost: the same key with the same body gets the same
//! answer, with another body it is refused (IETF draft-ietf-httpapi-idempotency-key-header).

use serde::{Deserialize, Serialize};

use crate::{Reason, Refusal, Session};

/// Answers kept in one session; the oldest goes first.
const KEPT: usize = 16;

/// The keyed hashes of a request's `Idempotency-Key` and body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    pub key: String,
    pub body: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    once: Once,
    reason: Reason,
    /// Unix milliseconds.
    #[serde(default)]
    at: Option<u64>,
}

impl Session {
    /// The answer that this very request got before, and when, in Unix milliseconds. The same key with another body is refused.
    pub fn given(&self, once: &Once) -> Result<Option<(Reason, Option<u64>)>, Refusal> {
        match self.given.iter().find(|given| given.once.key == once.key) {
            None => Ok(None),
            Some(given) if given.once == *once => Ok(Some((given.reason, given.at))),
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    /// Keeps an answer of `now` for the same request.
    pub fn remember(&mut self, once: Once, reason: Reason, now: u64) {
        if self.given.len() >= KEPT {
            self.given.remove(0);
        }
        self.given.push(Given { once, reason, at: Some(now) });
    }
}
