//! The store: DynamoDB, compare-and-swap of a whole session. Each write carries a random nonce, so that
//! a conflict with our own write, whose answer was lost and which the SDK tried again, counts as success.

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{AttributeValue as Value, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem},
};

use crate::{
    Session,
    item::{Item, Stored, correlation_key, decode, encode, has_nonce, number, session_key, ttl},
    secrets::{Entropy, write_nonce},
};

/// How often `update` reads again after it lost a race, and `create` after a conflict of transactions.
const RETRIES: usize = 5;

#[derive(Clone)]
pub struct Store {
    client: Client,
    table: String,
}

/// The store could not do what was asked; nothing is known to have changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, down or too slow: to be tried again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// An item that is not ours or of another time.
    #[error("a stored item is damaged")]
    Damaged,
    #[error(transparent)]
    Entropy(#[from] Entropy),
}

impl StoreError {
    /// Worth another try?
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// Unknown or expired.
    #[error("no such session")]
    Absent,
    /// The rule said no; the session is as it was.
    #[error("refused")]
    Refused(E),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Yes,
    /// This customer has a living session of that correlation id.
    CorrelationIdUsed,
}

enum Written {
    Done,
    Conflict,
}

impl Store {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Writes a new session and, with it, its correlation id.
    pub async fn create(&self, session: &Session, now: u64) -> Result<Created, StoreError> {
        let nonce = write_nonce()?;
        let item = encode(session, 1, &nonce)?;
        let Some(correlation_id) = &session.correlation_id else {
            return match self.put(item, &nonce, Condition::Absent).await? {
                Written::Done => Ok(Created::Yes),
                // 122 random bits met twice: not chance.
                Written::Conflict => Err(StoreError::Damaged),
            };
        };
        let correlation = Item::from([
            ("pk".into(), Value::S(correlation_key(&session.customer, correlation_id.as_str()))),
            ("expires_at".into(), number(session.expires_at)),
            ("ttl".into(), number(ttl(session.expires_at))),
        ]);
        let put = |item: Item| Put::builder().table_name(&self.table).set_item(Some(item));
        let session = put(item).condition_expression("attribute_not_exists(pk)").build();
        let correlation = put(correlation)
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now))
            .build();
        let (Ok(session), Ok(correlation)) = (session, correlation) else { return Err(StoreError::Damaged) };
        let writes = [session, correlation].map(|put| TransactWriteItem::builder().put(put).build());
        let mut tries = 0;
        loop {
            // The SDK gives each call a ClientRequestToken: its own retries are idempotent.
            let result = self.client.transact_write_items().set_transact_items(Some(writes.to_vec())).send().await;
            match result.map_err(|error| (reasons(&error), error)) {
                Ok(_) => return Ok(Created::Yes),
                Err((reasons, _)) if reasons.get(1).is_some_and(|code| code == "ConditionalCheckFailed") => {
                    return Ok(Created::CorrelationIdUsed);
                }
                Err((reasons, _)) if tries < RETRIES && reasons.iter().any(|code| code == "TransactionConflict") => {
                    tries += 1;
                }
                Err((_, error)) => return Err(unavailable(&error)),
            }
        }
    }

    /// The session, if it exists and has not expired.
    pub async fn get(&self, id: &str, now: u64) -> Result<Option<Session>, StoreError> {
        Ok(self.read(id, now).await?.map(|stored| stored.session))
    }

    async fn read(&self, id: &str, now: u64) -> Result<Option<Stored>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", Value::S(session_key(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        let Some(item) = found.item else { return Ok(None) };
        Ok(Some(decode(&item)?).filter(|stored| stored.session.expires_at > now))
    }

    /// Reads, changes by a rule, writes if nobody else has; reads again where one was faster.
    /// What `change` returns leaves only after its write has won. A change that changes nothing writes nothing.
    pub async fn update<T, E>(
        &self,
        id: &str,
        now: u64,
        mut change: impl FnMut(&mut Session) -> Result<T, E>,
    ) -> Result<(Session, T), UpdateError<E>> {
        for _ in 0..=RETRIES {
            let Stored { mut session, version } = self.read(id, now).await?.ok_or(UpdateError::Absent)?;
            let before = serde_json::to_string(&session).map_err(|_| StoreError::Damaged)?;
            let result = change(&mut session).map_err(UpdateError::Refused)?;
            if serde_json::to_string(&session).is_ok_and(|after| after == before) {
                return Ok((session, result));
            }
            let nonce = write_nonce().map_err(StoreError::from)?;
            let item = encode(&session, version + 1, &nonce)?;
            if let Written::Done = self.put(item, &nonce, Condition::Version(version)).await? {
                return Ok((session, result));
            }
        }
        Err(StoreError::Unavailable("too many writers at once".into()).into())
    }

    async fn put(&self, item: Item, nonce: &str, condition: Condition) -> Result<Written, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let put = match condition {
            Condition::Absent => put.condition_expression("attribute_not_exists(pk)"),
            Condition::Version(version) => {
                put.condition_expression("version = :v").expression_attribute_values(":v", number(version))
            }
        };
        match put.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(if has_nonce(failed.item(), nonce) { Written::Done } else { Written::Conflict })
                }
                _ => Err(unavailable(&error)),
            },
        }
    }
}

enum Condition {
    Absent,
    Version(u64),
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

/// Names the kind of failure and its code; a service's message may quote our items.
fn unavailable<E: aws_sdk_dynamodb::error::ProvideErrorMetadata>(error: &SdkError<E>) -> StoreError {
    StoreError::Unavailable(match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown error").to_owned(),
        SdkError::TimeoutError(_) => "timeout".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        _ => "broken answer".to_owned(),
    })
}
