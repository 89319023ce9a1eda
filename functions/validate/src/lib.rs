//! `POST /v1/validate`: the answer to the customer's backend. "true" leaves once a session, and only after
//! the write that says so has won.

mod proof;

use aws_sdk_dynamodb::Client;
use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Request, Scalar, wire, wire::Wire};
use sna_config::{Aws, Env};
use sna_otp::{Code, Pepper};
use sna_sessions::{Guess, Reason, Refusal, Session, Store, UpdateError};
use sna_tokens::{AccessToken, IdToken, PublicKeys, Verifier};
use tracing::Span;

use crate::proof::{Body, Proof};

pub struct Validate {
    verifier: Verifier,
    store: Store,
    pepper: Pepper,
    digits: u8,
    attempts: u32,
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
    service: &'static str,
}

impl Validate {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let pepper = env.parsed("OTP_PEPPER", Pepper::parse);
        let store = Store::new(Client::new(&Aws::read(env).dynamodb()), env.text("SESSIONS_TABLE"));
        Some(Self {
            digits: env.number("OTP_DIGITS", 6, 6..=10),
            attempts: env.number("OTP_ATTEMPTS", 5, 1..=10),
            verifier: Verifier::new(keys?, &url),
            store,
            pepper: pepper?,
        })
    }

    /// The id_token, if it is this customer's.
    fn id_token(&self, token: &str, access: &AccessToken, now: u64) -> Result<IdToken, ApiError> {
        let id_token = self.verifier.id(token, now).map_err(|error| ApiError::from(wire::TOKEN).because(error))?;
        if id_token.user_id == access.user_id {
            Ok(id_token)
        } else {
            Err(ApiError::from(wire::TOKEN).because("the id_token is another customer's"))
        }
    }

    /// Judges the proof by the session's rules. A refusal leaves the session as it was.
    fn judge(&self, session: &mut Session, proof: &Proof, now: u64) -> Result<Reason, Wire> {
        match proof {
            Proof::Code(code) => session.answer(code).map(|()| Reason::Match).map_err(|refusal| match refusal {
                Refusal::Used => wire::TOKEN,
                _ => wire::CODE,
            }),
            Proof::Payload(secret) => session.answer(secret).map(|()| Reason::Match).map_err(|refusal| match refusal {
                Refusal::Used => wire::TOKEN,
                _ => wire::PAYLOAD,
            }),
            // The handset came back with an error, so there is nothing to show but the wish to know why.
            Proof::Nothing => match session.silent_ended() {
                Some(reason) if reason != Reason::Match && !session.is_answered() => Ok(reason),
                _ => Err(wire::PAYLOAD),
            },
            Proof::Otp { code, session_id } => {
                if session_id.as_ref().is_some_and(|id| !session.is_otp_proof(id)) {
                    return Err(wire::PAYLOAD);
                }
                self.guess(session, code, now)
            }
        }
    }

    fn guess(&self, session: &mut Session, code: &Code, now: u64) -> Result<Reason, Wire> {
        let id = session.id.clone();
        let matches = |number, kept: &str| sna_otp::matches(&self.pepper, &format!("{id}#{number}"), code, kept);
        match session.guess(now, self.attempts, matches).map_err(|_| wire::TOKEN)? {
            Guess::Right => Ok(Reason::Match),
            Guess::Wrong => Ok(Reason::WrongCode),
            Guess::Expired => Ok(Reason::CodeExpired),
            Guess::Exceeded => Ok(Reason::AttemptsExceeded),
            Guess::NotSent => Ok(Reason::NotAttempted),
        }
    }
}

impl Endpoint for Validate {
    const PATH: &'static str = "/v1/validate";
    const METHODS: &'static [&'static str] = &["POST"];

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let bearer = request.bearer().ok_or_else(|| ApiError::unauthorized("Bearer"))?;
        let access =
            self.verifier.access(bearer, now).map_err(|error| ApiError::unauthorized("Bearer").because(error))?;
        Span::current().record("customer", &access.user_id);
        let body: Body = request.json()?;
        let (id_token, correlation_id) = (body.id_token()?.to_owned(), body.correlation_id.clone());
        let service = body.service();
        let proof = body.proof(self.digits)?;
        let id_token = self.id_token(&id_token, &access, now)?;
        let judge = |session: &mut Session| {
            let own = session.correlation_id.as_ref().map(|id| id.as_str());
            if correlation_id.is_some() && correlation_id.as_deref() != own {
                return Err(wire::FIELD);
            }
            self.judge(session, &proof, now)
        };
        let (session, reason) = self.store.update(&id_token.jti, now, judge).await.map_err(|error| match error {
            UpdateError::Absent => ApiError::from(wire::TOKEN).because("no such session"),
            UpdateError::Refused(wire) => wire.into(),
            UpdateError::Store(error) => ApiError::failed(error.is_temporary(), error),
        })?;
        Span::current().record("network", session.network.as_ref().map(|network| network.as_str()));
        Span::current().record("outcome", tracing::field::display(reason));
        let (matched, scalar) = (reason == Reason::Match, |value| Scalar::new(value, access.native));
        Answer::json(&Verdict {
            authenticated: scalar(matched),
            correlation_id: session.correlation_id.map(|id| id.as_str().to_owned()),
            fallback_advised: (!matched).then(|| scalar(reason.fallback_advised())),
            reason: (!matched).then_some(reason),
            service,
        })
    }
}
