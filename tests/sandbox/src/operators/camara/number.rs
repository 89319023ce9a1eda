//! The number that `verify` is asked about: plain or hashed, never both.

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::params::media_type;

/// The form in which numbers are taken.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Accepted {
    #[default]
    Both,
    Plain,
    Hashed,
}

/// The body of `verify`: exactly one of the two.
pub enum Asked {
    Plain(String),
    Hashed(String),
}

impl Asked {
    pub fn parse(headers: &HeaderMap, body: &[u8]) -> Option<Asked> {
        if !media_type(headers)?.eq_ignore_ascii_case("application/json") {
            return None;
        }
        let body: Value = serde_json::from_slice(body).ok()?;
        match (body.get("phoneNumber"), body.get("hashedPhoneNumber")) {
            (Some(Value::String(number)), None) if is_e164(number) => Some(Asked::Plain(number.clone())),
            (None, Some(Value::String(hash))) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Some(Asked::Hashed(hash.to_ascii_lowercase()))
            }
            _ => None,
        }
    }

    pub fn is_one_of(&self, accepted: Accepted) -> bool {
        match self {
            Asked::Plain(_) => accepted != Accepted::Hashed,
            Asked::Hashed(_) => accepted != Accepted::Plain,
        }
    }

    pub fn is(&self, msisdn: &str) -> bool {
        match self {
            Asked::Plain(number) => number == msisdn,
            Asked::Hashed(hash) => *hash == hex::encode(Sha256::digest(msisdn)),
        }
    }
}

/// `^\+[1-9][0-9]{4,14}$`.
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (5..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
