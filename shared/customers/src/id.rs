//! The name of a customer: OAuth's client id, `user_id` in tokens, and the key of the record.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 64 of `A`-`Z`, `a`-`z`, `0`-`9`, `.`, `_` and `-`. In particular no `:`, which ends the user of HTTP Basic
/// (RFC 7617 2), and nothing that a form, a URL or a log line would have to escape.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomerId(String);

/// Empty, too long, or with other characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a customer id is 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`")]
pub struct InvalidCustomerId;

impl CustomerId {
    pub fn parse(id: &str) -> Result<Self, InvalidCustomerId> {
        Self::try_from(id.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CustomerId {
    type Error = InvalidCustomerId;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if (1..=64).contains(&id.len()) && id.bytes().all(allowed) { Ok(Self(id)) } else { Err(InvalidCustomerId) }
    }
}

impl From<CustomerId> for String {
    fn from(id: CustomerId) -> Self {
        id.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn an_id_has_only_characters_that_never_need_escaping() {
        assert_eq!(CustomerId::parse("Shop-1.test_eu").unwrap().as_str(), "Shop-1.test_eu");
        assert!(CustomerId::parse(&"a".repeat(64)).is_ok());
        for wrong in ["", "a:b", "a b", "a/b", "a\0", "é", "a\n", &"a".repeat(65)] {
            assert_eq!(CustomerId::parse(wrong), Err(InvalidCustomerId), "{wrong:?}");
            let json = serde_json::to_string(wrong).unwrap();
            assert!(serde_json::from_str::<CustomerId>(&json).is_err());
        }
    }
}
