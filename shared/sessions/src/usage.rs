//! What customers have used, by day of UTC and network. A change of a session that earns something is written in one
//! transaction with its counter: neither is there without the other, and nothing counts twice. Nothing in it is of a person.
//!
//! A day's counters lie in 256 items, one for each first byte of sessions' ids: transactions that meet in one item refuse
//! one another, and an item takes 1000 write units a second (`infra/PERFORMANCE.md`, "Usage").

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{
    Client,
    error::BuildError,
    types::{AttributeValue as Value, KeysAndAttributes, TransactWriteItem, Update},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::{
    DAY, Reason, Session, StoreError,
    item::{Item, number},
    store::unavailable,
};

/// How long a day is kept after its end, and so the most days that there is any sense in asking for.
pub const KEPT_DAYS: u32 = 400;
/// The most that a request reads (DynamoDB, BatchGetItem).
const BATCH: usize = 100;
/// Requests that are made at once.
const AT_ONCE: usize = 16;

const MATCH: &str = "match";
const MISMATCH: &str = "mismatch";
/// The operator could not say.
const OTHER: &str = "other";
const OTP_SENT: &str = "otp_sent";
const OTP_VERIFIED: &str = "otp_verified";

/// What of a session tells whether a change of it has earned something.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    ended: Option<Reason>,
    sends: u32,
    guesses: u32,
    answered: bool,
    /// The last code was sent to nobody.
    is_test: bool,
}

/// One more of a counter, or one less.
pub(crate) struct Earned {
    key: String,
    pub counter: String,
    pub by: i64,
    /// Unix seconds.
    ttl: u64,
}

impl Session {
    pub(crate) fn facts(&self) -> Facts {
        let (sends, _, guesses) = self.otp_spent();
        let (ended, is_test) = (self.silent_ended(), self.is_test());
        Facts { ended, sends, guesses, answered: self.is_answered(), is_test }
    }

    /// What the change since `before` counts as, where it was made at `now`. A change is one step of the rules, so it is one
    /// thing at most: a silent attempt that ended, a send that was claimed or given back, or a code that was right.
    pub(crate) fn earned(&self, before: Facts, now: u64) -> Result<Option<Earned>, StoreError> {
        let after = self.facts();
        let given_back = after.sends < before.sends;
        let is_test = if given_back { before.is_test } else { after.is_test };
        let (what, by) = match after.ended {
            Some(Reason::Match) if before.ended.is_none() => (MATCH, 1),
            Some(Reason::Mismatch) if before.ended.is_none() => (MISMATCH, 1),
            Some(_) if before.ended.is_none() => (OTHER, 1),
            _ if is_test => return Ok(None),
            _ if given_back => (OTP_SENT, -1),
            _ if after.sends > before.sends => (OTP_SENT, 1),
            // Its last guess was the right one.
            _ if after.answered && !before.answered && after.guesses > before.guesses => (OTP_VERIFIED, 1),
            _ => return Ok(None),
        };
        let today = i64::try_from(now / 1000).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let today = today.ok_or(StoreError::Damaged)?.date();
        let network = self.network.as_ref().map(|network| network.as_str()).unwrap_or_default();
        Ok(Some(Earned {
            key: item_key(&self.customer, today, self.id.get(..2).ok_or(StoreError::Damaged)?),
            counter: format!("{what}:{network}"),
            by,
            ttl: (now / DAY + 1 + u64::from(KEPT_DAYS)) * DAY / 1000,
        }))
    }
}

impl Earned {
    /// Without a condition: it never fails for a reason of its own.
    pub(crate) fn write(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(table)
            .key("pk", Value::S(self.key.clone()))
            .update_expression("ADD #counter :by SET #ttl = :ttl")
            .expression_attribute_names("#counter", &self.counter)
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":by", Value::N(self.by.to_string()))
            .expression_attribute_values(":ttl", number(self.ttl));
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}

/// The days are in the key, so that each is another item and the TTL takes it away whole.
fn item_key(customer: &str, day: Date, shard: &str) -> String {
    format!("usage#{customer}#{day}#{shard}")
}

/// What a customer used of a network on a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Used {
    /// Of UTC, `2026-11-23`.
    pub day: String,
    /// `None`: that of the number is not known.
    pub network: Option<String>,
    /// That have ended, whatever the operator said, or did not.
    pub silent_attempts: u64,
    pub matches: u64,
    pub mismatches: u64,
    /// SMS that were, or may have been, sent.
    pub otp_sent: u64,
    pub otp_verified: u64,
    /// What an SMS for each match would have cost, in USD, where the price of one is known.
    pub sms_usd_saved: Option<f64>,
}

impl Used {
    fn add(&mut self, what: &str, count: u64) {
        match what {
            MATCH => self.matches += count,
            MISMATCH => self.mismatches += count,
            OTP_SENT => self.otp_sent += count,
            OTP_VERIFIED => self.otp_verified += count,
            _ => {}
        }
        if matches!(what, MATCH | MISMATCH | OTHER) {
            self.silent_attempts += count;
        }
    }
}

/// The table of what was used, for whoever reads it. Functions only add.
pub struct Usage {
    client: Client,
    table: String,
}

impl Usage {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// A customer's days from `from` to `to`, both included; those and the networks of which nothing was used are left out.
    /// `sms_usd`: the price of one SMS.
    pub async fn days(
        &self,
        customer: &str,
        from: Date,
        to: Date,
        sms_usd: Option<f64>,
    ) -> Result<Vec<Used>, StoreError> {
        let days = std::iter::successors(Some(from), |day| day.next_day()).take_while(|day| *day <= to);
        let keys = days.flat_map(|day| (0..=u8::MAX).map(move |shard| (day, format!("{shard:02x}"))));
        let keys: Vec<_> = keys.map(|(day, shard)| (item_key(customer, day, &shard), day)).collect();
        let batches: Vec<_> = keys.chunks(BATCH).map(<[_]>::to_vec).collect();
        let reads = stream::iter(batches).map(|keys| self.read(keys)).buffer_unordered(AT_ONCE);
        let mut used: BTreeMap<(Date, String), Used> = BTreeMap::new();
        for (day, counter, count) in reads.try_collect::<Vec<_>>().await?.into_iter().flatten() {
            let Some((what, network)) = counter.split_once(':') else { continue };
            used.entry((day, network.to_owned())).or_default().add(what, count);
        }
        let rows = used.into_iter().map(|((day, network), used)| Used {
            day: day.to_string(),
            network: Some(network).filter(|network| !network.is_empty()),
            sms_usd_saved: sms_usd.map(|usd| used.matches as f64 * usd),
            ..used
        });
        Ok(rows.filter(|used| used.silent_attempts + used.otp_sent + used.otp_verified > 0).collect())
    }

    /// Day, counter and count of all that there is under these keys. Not consistent, which is half the price.
    async fn read(&self, keys: Vec<(String, Date)>) -> Result<Vec<(Date, String, u64)>, StoreError> {
        let days: HashMap<String, Date> = keys.into_iter().collect();
        let keys = days.keys().map(|key| Item::from([("pk".into(), Value::S(key.clone()))])).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().map_err(|_| StoreError::Damaged)?;
        let answer = self.client.batch_get_item().request_items(&self.table, keys).send().await;
        let answer = answer.map_err(|error| unavailable(&error))?;
        if answer.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(StoreError::Unavailable("throttled".into()));
        }
        let mut found = Vec::new();
        for item in answer.responses.unwrap_or_default().into_values().flatten() {
            let day = item.get("pk").and_then(|key| days.get(key.as_s().ok()?));
            let day = *day.ok_or(StoreError::Damaged)?;
            let counters = item.iter().filter(|(name, _)| name.contains(':'));
            found.extend(counters.filter_map(|(name, n)| Some((day, name.clone(), n.as_n().ok()?.parse().ok()?))));
        }
        Ok(found)
    }
}
