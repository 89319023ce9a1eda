//! A payload that is the operator's own: it says nothing until its operator has judged it, which happens once.

use serde_json::Value;
use sna_api::{ApiError, wire};
use sna_attempts::ended;
use sna_operators::Operation;
use sna_sessions::{Once, Reason, Refusal, Session, UpdateError};

use crate::Validate;

impl Validate {
    /// The exchange is claimed before the operator is asked, and the verdict is recorded before it leaves: whoever dies
    /// between the two has spent the attempt. What is no payload of this operator's changes nothing.
    pub(crate) async fn ask_operator(
        &self,
        session: Session,
        payload: Value,
        once: Option<Once>,
        now: u64,
    ) -> Result<(Session, Reason), ApiError> {
        let operation = Operation::Validate { payload };
        if self.attempts.is_malformed(&session, &operation, now) {
            return Err(ApiError::at(wire::PAYLOAD, "payload", "is nothing that this operator gives a handset"));
        }
        let mut is_asked = false;
        let begun = self.change(session, now, |session| {
            is_asked = session.is_exchanging();
            session.begin_payload(now)
        });
        let (session, ()) = begun.await.map_err(|error| match once {
            // Perhaps it is this very request, whose answer the customer did not get: soon it will be known.
            Some(_) if is_asked => ApiError::unavailable("the operator is being asked about this session"),
            _ => error,
        })?;
        let reason = self.attempts.judge(&session, operation, None, now).await;
        let record = |session: &mut Session| {
            session.answer_payload(reason)?;
            if let Some(once) = &once {
                session.remember(once.clone(), reason, now);
            }
            Ok(())
        };
        let (session, ()) = self.change(session, now, record).await?;
        ended(&session, reason);
        Ok((session, reason))
    }

    async fn change(
        &self,
        session: Session,
        now: u64,
        change: impl FnMut(&mut Session) -> Result<(), Refusal>,
    ) -> Result<(Session, ()), ApiError> {
        self.attempts.store().update(session, now, change).await.map_err(|error| match error {
            // The handset has not been here, so nothing can have been given to it.
            UpdateError::Refused(refusal @ Refusal::NotUnderWay) => ApiError::at(wire::PAYLOAD, "payload", refusal),
            UpdateError::Refused(refusal) => ApiError::at(wire::TOKEN, "id_token", refusal),
            UpdateError::Absent => ApiError::at(wire::TOKEN, "id_token", "no such session"),
            UpdateError::Limited { wait_ms } => ApiError::limited(wait_ms),
            UpdateError::Store(error) => ApiError::failed(error.is_temporary(), error),
        })
    }
}
