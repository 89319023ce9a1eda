//! The name of a mobile network (MNO) as it stands in tokens and in the operator table.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// 1 to 32 of `A`-`Z`, `0`-`9` and `_`, for example `VODAFONE`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(Cow<'static, str>);

/// Empty, too long, or with other characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is 1 to 32 of A-Z, 0-9 and _")]
pub struct InvalidNetwork;

impl Network {
    pub fn parse(id: &str) -> Result<Self, InvalidNetwork> {
        if valid(id) { Ok(Self(Cow::Owned(id.to_owned()))) } else { Err(InvalidNetwork) }
    }

    /// For the tables of this crate, whose tests check the ids.
    pub(crate) const fn built_in(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn valid(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

impl TryFrom<String> for Network {
    type Error = InvalidNetwork;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::parse(&id)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.into_owned()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn an_id_is_capitals_digits_and_underscores() {
        assert_eq!(Network::parse("TELEKOM_DE").unwrap().as_str(), "TELEKOM_DE");
        assert_eq!(Network::parse(&"A".repeat(32)).unwrap().as_str().len(), 32);
        for wrong in ["", "o2", "O2-DE", "O2 ", "É", "../O2", "O2\0", &"A".repeat(33)] {
            assert_eq!(Network::parse(wrong), Err(InvalidNetwork), "{wrong:?}");
        }
    }

    #[test]
    fn json_holds_the_bare_id_and_is_checked() {
        let network = Network::parse("O2").unwrap();
        assert_eq!(serde_json::to_string(&network).unwrap(), r#""O2""#);
        assert_eq!(serde_json::from_str::<Network>(r#""O2""#).unwrap(), network);
        assert!(serde_json::from_str::<Network>(r#""o2""#).is_err());
    }
}
