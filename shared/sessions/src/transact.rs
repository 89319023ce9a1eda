//! Writes that touch more than one item, as DynamoDB transactions: all of it happens, or nothing.
//! The SDK gives each call a ClientRequestToken, so that its own retries are idempotent.

use aws_sdk_dynamodb::{
    error::{BuildError, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as Value, ConditionCheck, Put, TransactWriteItem, Update},
};

use crate::{
    Count, Created, Heard, Once, Session, Store, StoreError,
    cache::dropped,
    event::Told,
    item::{Item, correlation_key, encode, expires_at, idempotency_key, number, text, ttl},
    secrets::write_nonce,
    store::{Condition, RETRIES, Written, too_many_writers, unavailable},
    usage::Earned,
};

/// How a transaction ended that was not an outage.
enum Ended {
    Done,
    /// The condition of the item at this index did not hold.
    Failed(usize),
    /// Another transaction had one of the items in hand; nothing was written.
    Conflict,
}

/// What is written with a session, all of it or nothing.
pub(crate) struct Beside<'a> {
    pub counts: &'a [Count],
    /// The cached lookup that goes.
    pub contradicted: Option<&'a str>,
    pub earned: Option<Earned>,
    pub event: Option<Told>,
}

impl Beside<'_> {
    pub(crate) fn is_nothing(&self) -> bool {
        let Self { counts, contradicted, earned, event } = self;
        counts.is_empty() && contradicted.is_none() && earned.is_none() && event.is_none()
    }
}

impl Store {
    /// Writes a new session and, with it, its correlation id, the idempotency key of the request, and what a lookup said.
    pub async fn create(
        &self,
        session: &Session,
        once: Option<&Once>,
        heard: Option<&Heard>,
        now: u64,
    ) -> Result<Created, StoreError> {
        let nonce = write_nonce()?;
        let item = encode(session, &nonce)?;
        if session.correlation_id.is_none() && once.is_none() && heard.is_none() {
            return match self.put(item, &nonce, Condition::Absent).await? {
                Written::Done => Ok(Created::Yes),
                // 122 random bits met twice: not chance.
                _ => Err(StoreError::Damaged),
            };
        }
        let claim = |key: String, more: &[(&str, &str)]| {
            let mut item = Item::from([
                ("pk".into(), Value::S(key)),
                ("expires_at".into(), number(session.expires_at)),
                ("ttl".into(), number(ttl(session.expires_at))),
            ]);
            item.extend(more.iter().map(|(name, value)| ((*name).into(), Value::S((*value).into()))));
            item
        };
        let mut claims = Vec::new();
        if let Some(once) = once {
            let key = idempotency_key(&session.customer, &once.key);
            claims.push(claim(key, &[("session", &session.id), ("body", &once.body)]));
        }
        if let Some(id) = &session.correlation_id {
            claims.push(claim(correlation_key(&session.customer, id.as_str()), &[("session", &session.id)]));
        }
        let mut writes = vec![self.put_new(item, "attribute_not_exists(pk)", None)];
        writes.extend(
            claims
                .into_iter()
                .map(|item| self.put_new(item, "attribute_not_exists(pk) OR expires_at <= :now", Some(number(now)))),
        );
        // Last, because it has no condition that could fail.
        if let Some(heard) = heard {
            writes.push(self.put_over(heard.item()?));
        }
        let writes = writes.into_iter().collect::<Result<Vec<_>, _>>().map_err(|_| StoreError::Damaged)?;
        for _ in 0..=RETRIES {
            let failed = match self.transact(writes.clone()).await? {
                Ended::Done => return Ok(Created::Yes),
                Ended::Conflict => continue,
                Ended::Failed(index) => index,
            };
            return match (failed, once) {
                (0, _) => Err(StoreError::Damaged),
                (1, Some(once)) => self.used(&session.customer, once, now).await?.ok_or(StoreError::Damaged),
                _ => Ok(Created::CorrelationIdUsed),
            };
        }
        Err(too_many_writers())
    }

    fn put_new(&self, item: Item, condition: &str, now: Option<Value>) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).condition_expression(condition);
        let put = match now {
            Some(now) => put.expression_attribute_values(":now", now),
            None => put,
        };
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn put_over(&self, item: Item) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The session that this customer began with the request's idempotency key, if it lives: [`Created::KeyUsed`].
    async fn used(&self, customer: &str, once: &Once, now: u64) -> Result<Option<Created>, StoreError> {
        let key = Value::S(idempotency_key(customer, &once.key));
        let request = self.client.get_item().table_name(&self.table).key("pk", key).consistent_read(true);
        let Some(item) = request.send().await.map_err(|error| unavailable(&error))?.item else { return Ok(None) };
        Created::of(&item, now)
    }

    /// A new version of a session together with what goes with it.
    pub(crate) async fn put_counting(
        &self,
        item: Item,
        version: u64,
        beside: &Beside<'_>,
        now: u64,
    ) -> Result<Written, StoreError> {
        let Beside { counts, contradicted, earned, event } = beside;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("version = :v")
            .expression_attribute_values(":v", number(version))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build());
        let counts_and_session = std::iter::once(put).chain(counts.iter().map(|count| self.count_item(count, now)));
        // Last, because they have no condition that could fail.
        let writes = counts_and_session
            .chain(contradicted.map(|key| self.put_over(dropped(key, now))))
            .chain(earned.as_ref().map(|earned| earned.write(&self.usage)))
            .chain(event.as_ref().map(|event| event.write(&self.events)));
        let writes = writes.collect::<Result<Vec<_>, _>>().map_err(|_| StoreError::Damaged)?;
        Ok(match self.transact(writes).await? {
            Ended::Done => Written::Done,
            // Whoever was in between has changed the session or a counter: to be read again.
            Ended::Failed(0) | Ended::Conflict => Written::Conflict,
            Ended::Failed(index) => {
                let full = counts.get(index - 1).map_or(now, |count| count.limit().ends(now));
                Written::Limited { until: full }
            }
        })
    }

    fn count_item(&self, count: &Count, now: u64) -> Result<TransactWriteItem, BuildError> {
        let limit = count.limit();
        let key = Value::S(limit.item_key(now));
        let under = "attribute_not_exists(n) OR n < :most";
        let add = |by: i64| {
            Update::builder()
                .table_name(&self.table)
                .key("pk", key.clone())
                .update_expression("ADD n :by SET #ttl = :ttl")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":by", Value::N(by.to_string()))
                .expression_attribute_values(":ttl", number(ttl(limit.ends(now))))
        };
        let item = TransactWriteItem::builder();
        Ok(match count {
            Count::Add(_) => {
                let update = add(1).condition_expression(under);
                item.update(update.expression_attribute_values(":most", number(limit.most)).build()?)
            }
            Count::GiveBack(_) => item.update(add(-1).build()?),
            Count::Check(_) => item.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.table)
                    .key("pk", key)
                    .condition_expression(under)
                    .expression_attribute_values(":most", number(limit.most))
                    .build()?,
            ),
        }
        .build())
    }

    async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Ended, StoreError> {
        let result = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = result else { return Ok(Ended::Done) };
        let reasons = reasons(&error);
        // First: while others write, the conditions beside it say nothing that lasts.
        if reasons.iter().any(|code| code == "TransactionConflict") {
            return Ok(Ended::Conflict);
        }
        let failed = reasons.iter().position(|code| code == "ConditionalCheckFailed");
        failed.map(Ended::Failed).ok_or_else(|| unavailable(&error))
    }
}

impl Created {
    /// The session that an idempotency key's item names, if it lives.
    pub(crate) fn of(item: &Item, now: u64) -> Result<Option<Self>, StoreError> {
        match (expires_at(item), text(item, "session"), text(item, "body")) {
            (Some(expires_at), ..) if expires_at <= now => Ok(None),
            (Some(_), Some(session), Some(body)) => Ok(Some(Self::KeyUsed { session, body })),
            _ => Err(StoreError::Damaged),
        }
    }
}

/// The cancellation reason of each item, in order.
fn reasons(error: &SdkError<TransactWriteItemsError>) -> Vec<String> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().into()).collect()
        }
        _ => Vec::new(),
    }
}
