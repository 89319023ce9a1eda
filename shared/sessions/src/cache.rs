//! What a portability lookup said of a number, kept beside the sessions. It saves a question and proves nothing: an
//! entry that an operator contradicts is dropped together with the session's change that says so.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue as Value, KeysAndAttributes};
use sna_numbers::Portability;

use crate::{
    Created, Once, Session, Store, StoreError,
    item::{Item, cache_key, expires_at, idempotency_key, number, text, ttl},
    store::unavailable,
};

/// A lookup's answer, to be kept with the session whose number was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The number's keyed hash.
    pub key: String,
    /// `None`: there is no such subscriber.
    pub said: Option<Portability>,
    /// Unix milliseconds.
    pub expires_at: u64,
}

/// What is to be known before a session begins.
pub struct Recall<'a> {
    /// The key of the customer's record.
    pub customer: &'a str,
    /// The table that has it, where it is to be read.
    pub customers: Option<&'a str>,
    /// The number's keyed hash, where lookups are made.
    pub cached: Option<&'a str>,
    /// It is this customer's.
    pub once: Option<&'a Once>,
}

/// What is known.
#[derive(Default)]
pub struct Recalled {
    /// The customer's item as it lies in its table.
    pub customer: Option<Item>,
    /// What a lookup said, if that is not too long ago; the inner `None`: that there is no such subscriber.
    pub cached: Option<Option<Portability>>,
    /// The session that this customer began with the request's idempotency key: [`Created::KeyUsed`].
    pub used: Option<Created>,
}

impl Store {
    /// All that get_config must read, in one request, or in none if that is nothing. Consistent, because a customer may just have been disabled.
    pub async fn recall(&self, recall: &Recall<'_>, now: u64) -> Result<Recalled, StoreError> {
        let Recall { customer, customers, .. } = *recall;
        let cached = recall.cached.map(cache_key);
        let used = recall.once.map(|once| idempotency_key(customer, &once.key));
        let mut wanted: HashMap<String, Vec<Item>> = HashMap::new();
        let own = [&cached, &used].into_iter().flatten().map(|key| (self.table.as_str(), key.as_str()));
        for (table, key) in own.chain(customers.map(|table| (table, customer))) {
            wanted.entry(table.to_owned()).or_default().push(Item::from([("pk".into(), Value::S(key.to_owned()))]));
        }
        if wanted.is_empty() {
            return Ok(Recalled::default());
        }
        let mut request = self.client.batch_get_item();
        for (table, keys) in wanted {
            let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            request = request.request_items(table, keys.map_err(|_| StoreError::Damaged)?);
        }
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        if answer.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable("throttled".into()));
        }
        let found = answer.responses.unwrap_or_default();
        let item = |table: &str, key: &str| {
            found.get(table)?.iter().find(|item| text(item, "pk").is_some_and(|pk| pk == key)).cloned()
        };
        let used = used.and_then(|key| item(&self.table, &key));
        Ok(Recalled {
            customer: customers.and_then(|table| item(table, customer)),
            cached: cached.and_then(|key| read(&item(&self.table, &key)?, now)),
            used: used.map(|item| Created::of(&item, now)).transpose()?.flatten(),
        })
    }
}

/// An entry of another time or a damaged one is none: the question is asked again.
fn read(item: &Item, now: u64) -> Option<Option<Portability>> {
    let fresh = expires_at(item).is_some_and(|at| at > now);
    serde_json::from_str(&text(item, "said").filter(|_| fresh)?).ok()
}

impl Heard {
    pub(crate) fn item(&self) -> Result<Item, StoreError> {
        let said = serde_json::to_string(&self.said).map_err(|_| StoreError::Damaged)?;
        Ok(entry(&self.key, said, self.expires_at))
    }
}

/// What stands in the place of an entry that was contradicted. An item without a word, so that who ends an attempt
/// needs no right to delete; the TTL takes it away.
pub(crate) fn dropped(key: &str, now: u64) -> Item {
    entry(key, String::new(), now)
}

fn entry(key: &str, said: String, expires_at: u64) -> Item {
    Item::from([
        ("pk".into(), Value::S(cache_key(key))),
        ("said".into(), Value::S(said)),
        ("expires_at".into(), number(expires_at)),
        ("ttl".into(), number(ttl(expires_at))),
    ])
}

impl Session {
    /// The cached lookup that named this session's network, if the operator says that the number is not its own.
    pub(crate) fn contradicted(&self) -> Option<&str> {
        self.looked_up.as_deref().filter(|_| self.silent_ended() == Some(crate::Reason::SubscriberUnknown))
    }
}
