//! What support may see of a session: how far it came, and why. For people; no endpoint reads it.

use aws_sdk_dynamodb::types::AttributeValue as Value;

use crate::{
    CorrelationId, Reason, Session, Store, StoreError,
    item::{correlation_key, decode, session_key, text},
    silent::Silent,
    store::unavailable,
};

/// How far a session came. Times are Unix milliseconds. Nothing of it proves anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `idle`, `arrived`, `exchanging`, `enriched` or `ended`.
    pub silent: &'static str,
    /// When the silent attempt began.
    pub silent_since: Option<u64>,
    /// How it ended.
    pub verdict: Option<Reason>,
    /// SMS that count.
    pub sends: u32,
    pub last_send: Option<u64>,
    /// Guesses of the code that was sent last.
    pub attempts: u32,
    /// "true" was given.
    pub authenticated: bool,
}

impl Session {
    pub fn progress(&self) -> Progress {
        let silent = match self.silent {
            Silent::Idle => "idle",
            Silent::Arrived { .. } => "arrived",
            Silent::Exchanging { .. } => "exchanging",
            Silent::Enriched { .. } => "enriched",
            Silent::Ended { .. } => "ended",
        };
        let (sends, last_send, attempts) = self.otp_spent();
        Progress {
            silent,
            silent_since: self.silent.since(),
            verdict: self.silent_ended(),
            sends,
            last_send,
            attempts,
            authenticated: self.answered,
        }
    }
}

impl Store {
    /// The session that `customer` calls `correlation_id`, for as long as the table has it: expired ones too, until the
    /// TTL takes them away.
    pub async fn find(&self, customer: &str, correlation_id: &CorrelationId) -> Result<Option<Session>, StoreError> {
        let Some(claim) = self.item(correlation_key(customer, correlation_id.as_str())).await? else { return Ok(None) };
        let id = text(&claim, "session").ok_or(StoreError::Damaged)?;
        let Some(item) = self.item(session_key(&id)).await? else { return Ok(None) };
        decode(&item).map(Some)
    }

    async fn item(&self, key: String) -> Result<Option<crate::Item>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).key("pk", Value::S(key)).consistent_read(true);
        Ok(request.send().await.map_err(|error| unavailable(&error))?.item)
    }
}
