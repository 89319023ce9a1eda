//! What is told of an attempt that has ended, for customers with a webhook. It is written in one transaction with the change
//! that ended the attempt, into a table of its own: neither is there without the other, and each is there once. That table's
//! stream has it sent (template.yaml), so that nobody who ends an attempt waits for that, or can forget it.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue as Value, Put, TransactWriteItem},
};
use serde::{Deserialize, Serialize};
use sna_numbers::Network;

use crate::{
    CorrelationId, DAY, Reason, Session, StoreError,
    item::{number, ttl},
    secrets::event_id,
};

/// What ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Authenticate,
    Otp,
}

impl Service {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::Otp => "otp",
        }
    }
}

/// An attempt that has ended, without the number. As JSON it is the attribute `event` of its item, and travels so.
#[derive(Clone, Serialize, Deserialize)]
pub struct Event {
    /// A random UUID.
    pub id: String,
    pub customer: String,
    /// The session's id.
    pub session: String,
    pub correlation_id: Option<CorrelationId>,
    pub service: Service,
    pub reason: Reason,
    pub network: Option<Network>,
    /// Unix milliseconds.
    pub at: u64,
}

/// An event as it is written. Its item is of no use once the stream has had it.
pub(crate) struct Told {
    id: String,
    json: String,
    /// Unix seconds.
    ttl: u64,
}

impl Session {
    /// What the change that was just made, at `now`, has ended, if this customer wants to be told.
    pub(crate) fn event(&mut self, now: u64) -> Result<Option<Told>, StoreError> {
        let Some((service, reason)) = self.ended.take().filter(|_| self.webhook) else { return Ok(None) };
        let event = Event {
            id: event_id()?,
            customer: self.customer.clone(),
            session: self.id.clone(),
            correlation_id: self.correlation_id.clone(),
            service,
            reason,
            network: self.network.clone(),
            at: now,
        };
        let json = serde_json::to_string(&event).map_err(|_| StoreError::Damaged)?;
        Ok(Some(Told { id: event.id, json, ttl: ttl(now + DAY) }))
    }
}

impl Told {
    /// Without a condition: it never fails for a reason of its own.
    pub(crate) fn write(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(table)
            .item("pk", Value::S(self.id.clone()))
            .item("event", Value::S(self.json.clone()))
            .item("ttl", number(self.ttl));
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }
}
