//! `POST /v1/validate`: the answer to the customer's backend. "true" leaves once a session, and only after
//! the write that says so has won.

mod operator;
mod proof;
mod receipt;

use serde::Serialize;
use serde_json::Value;
use sna_api::{Answer, ApiError, Endpoint, Request, Scalar, wire, wire::Wire};
use sna_attempts::Attempts;
use sna_config::Env;
use sna_otp::{Code, Pepper};
use sna_sessions::{Count, DAY, Guess, Limit, Once, Reason, Refusal, Session, UpdateError};
use sna_tokens::{AccessToken, IdToken, Issuer, PublicKeys, SigningKey, Verifier};
use tracing::Span;

use crate::proof::{Body, Proof};

pub struct Validate {
    verifier: Verifier,
    issuer: Issuer,
    attempts: Attempts,
    pepper: Pepper,
    digits: u8,
    guesses: u32,
    wrong_codes_a_day: u64,
}

#[derive(Serialize)]
struct Verdict {
    authenticated: Scalar<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_advised: Option<Scalar<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_salt: Option<String>,
    service: &'static str,
}

impl Validate {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let key = env.parsed("STATEMENT_KEY", SigningKey::parse);
        if let (Some(keys), Some(key)) = (&keys, &key)
            && keys.contains(key.id())
        {
            env.problem("STATEMENT_KEY", "is a key of TOKEN_PUBLIC_KEYS, which sign what opens something");
        }
        let pepper = env.parsed("OTP_PEPPER", Pepper::parse);
        let attempts = Attempts::from_env(env, &url);
        Some(Self {
            digits: env.number("OTP_DIGITS", 6, 6..=10),
            guesses: env.number("OTP_ATTEMPTS", 5, 1..=10),
            wrong_codes_a_day: env.number("OTP_WRONG_CODES_A_DAY", 10, 1..=1_000_000),
            verifier: Verifier::new(keys?, &url),
            issuer: Issuer::new(key?, &url),
            attempts: attempts?,
            pepper: pepper?,
        })
    }

    /// The id_token, if it is this customer's.
    fn id_token(&self, token: &str, access: &AccessToken, now: u64) -> Result<IdToken, ApiError> {
        let id_token = self.verifier.id(token, now).map_err(|error| ApiError::at(wire::TOKEN, "id_token", error))?;
        if id_token.user_id == access.user_id {
            Ok(id_token)
        } else {
            Err(ApiError::at(wire::TOKEN, "id_token", "is another customer's"))
        }
    }

    /// Judges the proof by the session's rules, or finds the answer that this very request got before.
    /// A refusal leaves the session as it was.
    fn judge(
        &self,
        session: &mut Session,
        proof: &Proof,
        (once, wants_receipt): (Option<&Once>, bool),
        now: u64,
    ) -> Result<(Judged, Vec<Count>), ApiError> {
        if let Some(once) = once
            && let Some((reason, at)) = session.given(once).map_err(key_reused)?
        {
            return Ok((Judged::Known(reason, at.unwrap_or(now)), Vec::new()));
        }
        // It can be told again from the session alone; but a receipt has a time, which must be the same then.
        let known = |session: &mut Session, reason| {
            if let Some(once) = once.filter(|_| wants_receipt) {
                session.remember(once.clone(), reason, now);
            }
            Ok((Judged::Known(reason, now), Vec::new()))
        };
        // The handset came back with an error, so there is nothing to show but the wish to know why.
        let failed = session.silent_ended().filter(|reason| *reason != Reason::Match && !session.is_answered());
        let (reason, counts) = match proof {
            Proof::Code(code) => (spend(session, code, (wire::CODE, "code"))?, Vec::new()),
            Proof::Nothing => {
                let refused = || ApiError::at(wire::PAYLOAD, "payload", "no proof is there, and no attempt has failed");
                return failed.map_or_else(|| Err(refused()), |reason| known(session, reason));
            }
            Proof::Payload(payload) => match (failed, proof::session_id(payload)) {
                (Some(reason), _) if proof::is_error(payload) => return known(session, reason),
                _ if session.way.is_payload() => return Ok((Judged::ByOperator(payload.clone()), Vec::new())),
                (_, Some(secret)) => (spend(session, secret, (wire::PAYLOAD, "payload"))?, Vec::new()),
                (_, None) => return Err(ApiError::at(wire::PAYLOAD, "payload", "has no session_id")),
            },
            Proof::Otp { session_id: Some(id), .. } if !session.is_otp_proof(id) => {
                return Err(ApiError::at(wire::PAYLOAD, "payload", "is not that of the last code"));
            }
            Proof::Otp { code, .. } => self.guess(session, code, now)?,
        };
        if let Some(once) = once {
            session.remember(once.clone(), reason, now);
        }
        let is_code = matches!(proof, Proof::Otp { .. });
        Ok((if is_code { Judged::Code(reason) } else { Judged::Known(reason, now) }, counts))
    }

    /// A wrong code is counted for the number too, over all sessions of the customer; when that is full, not even the
    /// right one is accepted.
    fn guess(&self, session: &mut Session, code: &Code, now: u64) -> Result<(Reason, Vec<Count>), ApiError> {
        let id = session.id.clone();
        let matches = |number, kept: &str| sna_otp::matches(&self.pepper, &format!("{id}#{number}"), code, kept);
        let guess = session.guess(now, self.guesses, matches);
        let guess = guess.map_err(|refusal| ApiError::at(wire::TOKEN, "id_token", refusal))?;
        let number = self.pepper.pseudonym("msisdn", session.msisdn.as_e164().as_bytes());
        let limit = || Limit {
            key: format!("wrong#{}#{number}", session.customer),
            window_ms: DAY,
            most: session.wrong_codes_a_day.unwrap_or(self.wrong_codes_a_day),
        };
        Ok(match guess {
            Guess::Right => (Reason::Match, vec![Count::Check(limit())]),
            Guess::Wrong => (Reason::WrongCode, vec![Count::Add(limit())]),
            Guess::Expired => (Reason::CodeExpired, Vec::new()),
            Guess::Exceeded => (Reason::AttemptsExceeded, Vec::new()),
            Guess::NotSent => (Reason::NotAttempted, Vec::new()),
        })
    }

    /// The request's idempotency key and body, as keyed hashes.
    fn once(&self, request: &Request) -> Result<Option<Once>, ApiError> {
        let key = request.idempotency_key()?;
        Ok(key.map(|key| Once {
            key: self.pepper.pseudonym("key", key.as_bytes()),
            body: self.pepper.pseudonym("validate", request.body()),
        }))
    }
}

/// What a session knows of a proof.
enum Judged {
    /// And when it was told first, in Unix milliseconds.
    Known(Reason, u64),
    /// What its code is worth, judged now.
    Code(Reason),
    /// Nothing: its operator must say what this payload is worth.
    ByOperator(Value),
}

fn count_code(reason: Reason) {
    Span::current().record(if reason == Reason::Match { "otp_verified" } else { "otp_refused" }, 1);
}

/// Spends the session's proof.
fn spend(session: &mut Session, secret: &str, wrong: (Wire, &'static str)) -> Result<Reason, ApiError> {
    match session.answer(secret) {
        Ok(()) => Ok(Reason::Match),
        Err(refusal @ Refusal::Used) => Err(ApiError::at(wire::TOKEN, "id_token", refusal)),
        Err(refusal) => Err(ApiError::at(wrong.0, wrong.1, refusal)),
    }
}

fn unknown() -> ApiError {
    ApiError::at(wire::TOKEN, "id_token", "no such session")
}

fn key_reused(refusal: Refusal) -> ApiError {
    ApiError::at(wire::KEY_REUSED, "Idempotency-Key", refusal)
}

impl Endpoint for Validate {
    const PATH: &'static str = "/v1/validate";
    const METHODS: &'static [&'static str] = &["POST"];

    async fn warm(&self) {
        self.attempts.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let bearer = request.bearer().ok_or_else(|| ApiError::unauthorized("Bearer"))?;
        let access =
            self.verifier.access(bearer, now).map_err(|error| ApiError::unauthorized("Bearer").because(error))?;
        Span::current().record("customer", &access.user_id);
        let body: Body = request.json()?;
        let (id_token, correlation_id) = (body.id_token()?.to_owned(), body.correlation_id()?.map(str::to_owned));
        let (service, wants_receipt) = (body.service()?, body.wants_receipt()?);
        let proof = body.proof(self.digits)?;
        let id_token = self.id_token(&id_token, &access, now)?;
        let once = self.once(request)?;
        let judge = |session: &mut Session| {
            let own = session.correlation_id.as_ref().map(|id| id.as_str());
            if correlation_id.is_some() && correlation_id.as_deref() != own {
                return Err(ApiError::at(wire::FIELD, "correlation_id", "is not the session's"));
            }
            self.judge(session, &proof, (once.as_ref(), wants_receipt), now)
        };
        let (session, reason, at) = match self.attempts.store().update_counting(&id_token.jti, now, judge).await {
            Ok((session, Judged::Known(reason, at))) => (session, reason, at),
            Ok((session, Judged::Code(reason))) => {
                count_code(reason);
                (session, reason, now)
            }
            Ok((session, Judged::ByOperator(payload))) => {
                let (session, reason) = self.ask_operator(session, payload, once, now).await?;
                (session, reason, now)
            }
            Err(UpdateError::Absent) => return Err(unknown()),
            Err(UpdateError::Refused(refusal)) => return Err(refusal),
            Err(UpdateError::Store(error)) => return Err(ApiError::failed(error.is_temporary(), error)),
            // The number's wrong codes of the day are used up: nothing was judged, nothing has changed.
            Err(UpdateError::Limited { .. }) => {
                count_code(Reason::AttemptsExceeded);
                let session = self.attempts.store().get(&id_token.jti, now).await;
                let session = session.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
                (session.ok_or_else(unknown)?, Reason::AttemptsExceeded, now)
            }
        };
        Span::current().record("network", session.network.as_ref().map(|network| network.as_str()));
        Span::current().record("outcome", tracing::field::display(reason));
        let receipt = wants_receipt.then(|| self.receipt(&session, service, reason, at)).transpose()?;
        let (receipt, receipt_salt) = receipt.map(|signed| (signed.token, signed.salt)).unzip();
        let (matched, scalar) = (reason == Reason::Match, |value| Scalar::new(value, access.native));
        Answer::json(&Verdict {
            authenticated: scalar(matched),
            correlation_id: session.correlation_id.map(|id| id.as_str().to_owned()),
            fallback_advised: (!matched).then(|| scalar(reason.fallback_advised())),
            reason: (!matched).then_some(reason),
            receipt,
            receipt_salt,
            service,
        })
    }
}
