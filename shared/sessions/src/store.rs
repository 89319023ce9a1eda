//! The store: DynamoDB, compare-and-swap of a whole session. Each write carries a random nonce, so that
//! a conflict with our own write, whose answer was lost and which the SDK tried again, counts as success.

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::put_item::PutItemError,
    types::{AttributeValue as Value, ReturnValuesOnConditionCheckFailure as OnFailure},
};

use crate::{
    Count, Session,
    item::{Item, decode, encode, has_nonce, number, session_key},
    secrets::{Entropy, write_nonce},
    transact::Beside,
};

/// How often `update` reads again after it lost a race, and `create` tries again after a conflict of transactions.
pub(crate) const RETRIES: usize = 5;

#[derive(Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: String,
    /// Where a change of a session counts what it has earned.
    pub(crate) usage: String,
    /// Where it tells what it has ended.
    pub(crate) events: String,
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
    /// A counter's limit is reached; the session is as it was. How long until its window ends, in milliseconds.
    #[error("a limit is reached")]
    Limited { wait_ms: u64 },
    /// The rule said no; the session is as it was.
    #[error("refused")]
    Refused(E),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    Yes,
    /// This customer has a living session of that correlation id.
    CorrelationIdUsed,
    /// This customer has used that idempotency key: for this session, with this body.
    KeyUsed {
        session: String,
        body: String,
    },
}

/// Which session an update is of.
pub enum Which<'a> {
    /// To be read.
    Id(&'a str),
    /// As this request has just read or written it: read again only if somebody has changed it since.
    Known(Box<Session>),
}

impl<'a> From<&'a str> for Which<'a> {
    fn from(id: &'a str) -> Self {
        Self::Id(id)
    }
}

impl<'a> From<&'a String> for Which<'a> {
    fn from(id: &'a String) -> Self {
        Self::Id(id)
    }
}

impl From<Session> for Which<'_> {
    fn from(session: Session) -> Self {
        Self::Known(Box::new(session))
    }
}

pub(crate) enum Written {
    Done,
    Conflict,
    /// A counter is full until then.
    Limited {
        until: u64,
    },
}

impl Store {
    /// The tables of sessions and of usage.
    pub fn new(client: Client, table: impl Into<String>, usage: impl Into<String>) -> Self {
        Self { client, table: table.into(), usage: usage.into(), events: String::new() }
    }

    /// With the table of events, which whoever ends attempts needs.
    pub fn telling(self, events: impl Into<String>) -> Self {
        Self { events: events.into(), ..self }
    }

    /// Opens the connection by a read of a session that cannot be. What comes of it does not matter.
    pub async fn warm(&self) {
        let _ = self.client.get_item().table_name(&self.table).key("pk", Value::S(session_key("warm"))).send().await;
    }

    /// The session, if it exists and has not expired.
    pub async fn get(&self, id: &str, now: u64) -> Result<Option<Session>, StoreError> {
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
        Ok(Some(decode(&item)?).filter(|session| session.expires_at > now))
    }

    /// Reads, changes by a rule, writes if nobody else has; reads again where one was faster.
    /// What `change` returns leaves only after its write has won. A change that changes nothing writes nothing.
    pub async fn update<'a, T, E>(
        &self,
        which: impl Into<Which<'a>>,
        now: u64,
        mut change: impl FnMut(&mut Session) -> Result<T, E>,
    ) -> Result<(Session, T), UpdateError<E>> {
        self.update_counting(which, now, |session| change(session).map(|result| (result, Vec::new()))).await
    }

    /// As [`Store::update`], together with counters: all of it happens, or nothing. With the change that records that
    /// the number is not its operator's, the cached lookup goes that said so; what a change earns is counted with it, and what
    /// it ends is told (`event.rs`).
    pub async fn update_counting<'a, T, E>(
        &self,
        which: impl Into<Which<'a>>,
        now: u64,
        mut change: impl FnMut(&mut Session) -> Result<(T, Vec<Count>), E>,
    ) -> Result<(Session, T), UpdateError<E>> {
        let (id, mut known) = match which.into() {
            Which::Id(id) => (id.to_owned(), None),
            Which::Known(session) => (session.id.clone(), Some(*session)),
        };
        for _ in 0..=RETRIES {
            let mut session = match known.take() {
                Some(session) => session,
                None => self.get(&id, now).await?.ok_or(UpdateError::Absent)?,
            };
            let version = session.version;
            let before = serde_json::to_string(&session).map_err(|_| StoreError::Damaged)?;
            let (known, facts) = (session.contradicted().is_some(), session.facts());
            let (result, counts) = change(&mut session).map_err(UpdateError::Refused)?;
            if serde_json::to_string(&session).is_ok_and(|after| after == before) {
                return Ok((session, result));
            }
            let nonce = write_nonce().map_err(StoreError::from)?;
            session.version += 1;
            let item = encode(&session, &nonce)?;
            let event = session.event(now)?;
            let beside = Beside {
                counts: &counts,
                contradicted: session.contradicted().filter(|_| !known),
                earned: session.earned(facts, now)?,
                event,
            };
            let written = if beside.is_nothing() {
                self.put(item, &nonce, Condition::Version(version)).await?
            } else {
                self.put_counting(item, version, &beside, now).await?
            };
            match written {
                Written::Done => return Ok((session, result)),
                Written::Conflict => {}
                Written::Limited { until } => return Err(UpdateError::Limited { wait_ms: until.saturating_sub(now) }),
            }
        }
        Err(too_many_writers().into())
    }

    pub(crate) async fn put(&self, item: Item, nonce: &str, condition: Condition) -> Result<Written, StoreError> {
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
                // A transaction has the item in hand: DynamoDB refuses others meanwhile, and the SDK does not try again.
                Some(PutItemError::TransactionConflictException(_)) => Ok(Written::Conflict),
                _ => Err(unavailable(&error)),
            },
        }
    }
}

/// Every try met another's write; nothing of ours was written.
pub(crate) fn too_many_writers() -> StoreError {
    StoreError::Unavailable("too many writers at once".into())
}

pub(crate) enum Condition {
    Absent,
    Version(u64),
}

/// Names the kind of failure and its code; a service's message may quote our items.
pub(crate) fn unavailable<E: aws_sdk_dynamodb::error::ProvideErrorMetadata>(error: &SdkError<E>) -> StoreError {
    StoreError::Unavailable(match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown error").to_owned(),
        SdkError::TimeoutError(_) => "timeout".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        _ => "broken answer".to_owned(),
    })
}
