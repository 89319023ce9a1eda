//! A session as a DynamoDB item: its JSON, and beside it what conditions and TTL need.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as Value;

use crate::{Session, StoreError};

/// As it lies in a table.
pub type Item = HashMap<String, Value>;

pub(crate) fn session_key(id: &str) -> String {
    format!("session#{id}")
}

/// A customer's name for a session is its own: another customer's is another item.
pub(crate) fn correlation_key(customer: &str, correlation_id: &str) -> String {
    format!("correlation#{customer}#{correlation_id}")
}

/// An idempotency key, likewise; `key` is its hash.
pub(crate) fn idempotency_key(customer: &str, key: &str) -> String {
    format!("idempotency#{customer}#{key}")
}

/// A lookup's answer about the number with this keyed hash, whoever's session asked.
pub(crate) fn cache_key(number: &str) -> String {
    format!("lookup#{number}")
}

pub(crate) fn expires_at(item: &Item) -> Option<u64> {
    item.get("expires_at").and_then(|value| value.as_n().ok()?.parse().ok())
}

pub(crate) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

pub(crate) fn number(value: u64) -> Value {
    Value::N(value.to_string())
}

pub(crate) fn encode(session: &Session, nonce: &str) -> Result<Item, StoreError> {
    let json = serde_json::to_string(session).map_err(|_| StoreError::Damaged)?;
    Ok(HashMap::from([
        ("pk".into(), Value::S(session_key(&session.id))),
        ("session".into(), Value::S(json)),
        ("version".into(), number(session.version)),
        ("nonce".into(), Value::S(nonce.into())),
        ("expires_at".into(), number(session.expires_at)),
        ("ttl".into(), number(ttl(session.expires_at))),
    ]))
}

pub(crate) fn decode(item: &Item) -> Result<Session, StoreError> {
    let json = item.get("session").and_then(|value| value.as_s().ok()).ok_or(StoreError::Damaged)?;
    let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    // serde_json's message could quote the session.
    let mut session: Session = serde_json::from_str(json).map_err(|_| StoreError::Damaged)?;
    session.version = version.ok_or(StoreError::Damaged)?;
    Ok(session)
}

pub(crate) fn has_nonce(item: Option<&Item>, nonce: &str) -> bool {
    item.and_then(|item| item.get("nonce")).and_then(|value| value.as_s().ok()).is_some_and(|found| found == nonce)
}

/// Unix seconds, as DynamoDB's TTL wants them; it may delete days late, so every read looks at `expires_at`.
pub(crate) fn ttl(expires_at_ms: u64) -> u64 {
    expires_at_ms.div_ceil(1000)
}
