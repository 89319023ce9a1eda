//! The parameters of a query or a form, each at most once.

use std::collections::BTreeMap;

use crate::{ApiError, wire};

/// All that any endpoint reads.
const NAMES: [&str; 12] = [
    "client_id",
    "client_ip",
    "client_secret",
    "code",
    "correlation_id",
    "grant_type",
    "id_token",
    "msisdn",
    "redirect_uri",
    "scope",
    "state",
    "ticket",
];

/// Decoded names and values. An empty value counts as absent (RFC 6749 3.1).
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// A name that comes twice is refused (RFC 6749 3.2): two readers could take two different values.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, ApiError> {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            // Its name may be anything; the log has those that are ours.
            let known = NAMES.iter().copied().find(|known| *known == name).unwrap_or("another parameter");
            if fields.insert(name, value).is_some() {
                return Err(ApiError::at(wire::FIELD, known, "is repeated"));
            }
        }
        Ok(Self(fields))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn require(&self, name: &'static str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::at(wire::FIELD, name, "is missing"))
    }

    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }
}
