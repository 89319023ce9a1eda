//! The secrets of a session, from the operating system's randomness.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The operating system gave no randomness: nothing may be minted.
#[derive(Debug, thiserror::Error)]
#[error("no randomness: {0}")]
pub struct Entropy(#[from] getrandom::Error);

fn random<const N: usize>() -> Result<[u8; N], Entropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A new session's id: a random UUID (version 4).
pub(crate) fn session_id() -> Result<String, Entropy> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid().to_string())
}

/// A new event's id, likewise.
pub(crate) fn event_id() -> Result<String, Entropy> {
    session_id()
}

/// What the host gives an operator to bind its answer to this session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Handshake {
    /// `{session id}.{128 random bits}`: finds the session again, and cannot be guessed.
    pub state: String,
    pub nonce: String,
    /// PKCE's code_verifier (RFC 7636 4.1), 256 random bits.
    pub verifier: String,
}

impl Handshake {
    pub(crate) fn new(session_id: &str) -> Result<Self, Entropy> {
        Ok(Self {
            state: format!("{session_id}.{}", hex::encode(random::<16>()?)),
            nonce: hex::encode(random::<16>()?),
            verifier: BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?),
        })
    }

    /// The S256 code_challenge (RFC 7636 4.2).
    pub fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

/// The one-use `code` or `session_id` that proves a finished silent attempt: 128 random bits in a UUID's form.
/// Only its hash is kept; a secret of that size needs no key.
pub struct Proof(String);

impl Proof {
    pub fn generate() -> Result<Self, Entropy> {
        Ok(Self(Uuid::from_bytes(random()?).to_string()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> String {
        hash(&self.0)
    }
}

pub(crate) fn hash(proof: &str) -> String {
    hex::encode(Sha256::digest(proof))
}

pub(crate) fn equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A number that tells our own write from another's.
pub(crate) fn write_nonce() -> Result<String, Entropy> {
    Ok(hex::encode(random::<16>()?))
}
