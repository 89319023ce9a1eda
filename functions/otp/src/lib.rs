//! `GET /v1/authenticate/otp`: sends a code by SMS. The send is claimed before it is made, and given back
//! only when SNS surely did not take it: SNS cannot tell two tries of one message apart.

mod counters;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Request, Scalar, wire};
use sna_config::{Aws, Env};
use sna_customers::{Customer, CustomerId, Customers};
use sna_otp::{Code, Pepper, SendError, Sms, Text};
use sna_sessions::{Count, Limit, Proof, Refusal, SendClaim, SendLimits, Session, Store, UpdateError};
use sna_tokens::{IdToken, PublicKeys, Verifier};
use tracing::Span;

use crate::counters::Counters;

pub struct Otp {
    verifier: Verifier,
    customers: Customers,
    store: Store,
    sms: Sms,
    max_usd: f64,
    pepper: Pepper,
    limits: SendLimits,
    counters: Counters,
    digits: u8,
    attempts: u32,
}

#[derive(Serialize)]
struct Body<'a> {
    session_id: &'a str,
    expires_in: Scalar<u64>,
    code_length: Scalar<u8>,
    resend_after: Scalar<u64>,
    attempts_left: Scalar<u32>,
}

impl Otp {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let pepper = env.parsed("OTP_PEPPER", Pepper::parse);
        let aws = Aws::read(env);
        let dynamodb = Client::new(&aws.dynamodb());
        let sms = Sms::new(sna_otp::client(&aws.sns()), env.optional("SMS_SENDER_ID"), env.optional("SMS_MAX_PRICE"));
        Some(Self {
            customers: Customers::new(dynamodb.clone(), env.text("CUSTOMERS_TABLE")),
            store: Store::new(dynamodb, env.text("SESSIONS_TABLE"), env.text("USAGE_TABLE")),
            sms,
            max_usd: env.number("SMS_MAX_PRICE", 0.0, 0.0..=100.0),
            limits: SendLimits {
                life_ms: env.number("OTP_SECONDS", 300, 30..=600) * 1000,
                sends: env.number("OTP_SENDS", 3, 1..=10),
                gap_ms: env.number("OTP_GAP_SECONDS", 30, 0..=300) * 1000,
                after_silent_ms: env.number("OTP_AFTER_SILENT_SECONDS", 5, 0..=60) * 1000,
            },
            counters: Counters::from_env(env),
            digits: env.number("OTP_DIGITS", 6, 6..=10),
            attempts: env.number("OTP_ATTEMPTS", 5, 1..=10),
            verifier: Verifier::new(keys?, &url),
            pepper: pepper?,
        })
    }

    fn id_token(&self, request: &Request, now: u64) -> Result<IdToken, ApiError> {
        let query = request.query()?;
        let token = self.verifier.id(query.require("id_token")?, now);
        let token = token.map_err(|error| ApiError::at(wire::OTP_TOKEN, "id_token", error))?;
        let refused = || ApiError::at(wire::SCOPE, "id_token", "is without the scope otp");
        if token.scope.has_otp() { Ok(token) } else { Err(refused()) }
    }

    async fn customer(&self, token: &IdToken, now: u64) -> Result<Arc<Customer>, ApiError> {
        let gone = || ApiError::at(wire::OTP_TOKEN, "id_token", "the customer is gone or disabled");
        let id = CustomerId::parse(&token.user_id).map_err(|_| gone())?;
        let found =
            self.customers.cached(&id, now).await.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
        found.filter(|customer| customer.enabled).ok_or_else(gone)
    }

    async fn session(&self, token: &IdToken, now: u64) -> Result<Session, ApiError> {
        let found = self.store.get(&token.jti, now).await;
        let found = found.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
        found.ok_or_else(|| ApiError::at(wire::OTP_TOKEN, "id_token", "no such session"))
    }

    /// Claims the session's next send, and with it the counters that no new session resets.
    async fn claim(&self, session: Session, draft: &Draft<'_>, now: u64) -> Result<(Session, Claim), ApiError> {
        let claim = |session: &mut Session| {
            // A test number is sent to nobody: its code is fixed, and no counter of SMS concerns it.
            let fixed = draft.customer.test_code(session.msisdn.as_e164(), now);
            let fixed = fixed.map(|code| Code::parse(code, self.digits)).transpose()?;
            let code = fixed.as_ref().unwrap_or(&draft.code);
            let id = session.id.clone();
            let mac = |number| sna_otp::mac(&self.pepper, &format!("{id}#{number}"), code);
            let send = session.claim_send(now, &self.limits, &draft.proof, mac).map_err(refused)?;
            if fixed.is_some() {
                session.sends_to_nobody();
            }
            let limits =
                if fixed.is_some() { Vec::new() } else { self.counters.of(session, draft.customer, &self.pepper) };
            let counts = limits.iter().cloned().map(Count::Add).collect();
            Ok((Claim { send, limits, is_test: fixed.is_some() }, counts))
        };
        self.store.update_counting(session, now, claim).await.map_err(|error| match error {
            UpdateError::Absent => ApiError::at(wire::OTP_TOKEN, "id_token", "no such session"),
            UpdateError::Limited { wait_ms } => {
                ApiError::limited(wait_ms).because("too many SMS to this number, or for this client_ip")
            }
            UpdateError::Refused(error) => error,
            UpdateError::Store(error) => ApiError::failed(error.is_temporary(), error),
        })
    }

    /// Sends, or gives the claim back where nothing was sent.
    async fn send(&self, session: &Session, claim: &Claim, text: &Text, now: u64) -> Result<(), ApiError> {
        let (sent, span) = (self.sms.send(session.msisdn.as_e164(), text).await, Span::current());
        let was_refused = matches!(sent, Err(SendError::Refused { .. }));
        if self.max_usd > 0.0 && !was_refused {
            // A text is one message or none.
            span.record("sms_usd_at_most", self.max_usd);
        }
        let Err(error) = sent else {
            span.record("otp_sent", 1);
            return Ok(());
        };
        span.record("sms_failures", 1);
        span.record("cause", error.cause().as_str());
        if was_refused {
            let give_back = |session: &mut Session| {
                session.give_back(&claim.send);
                Ok::<_, Refusal>(((), claim.limits.iter().cloned().map(Count::GiveBack).collect()))
            };
            if let Err(cause) = self.store.update_counting(session.clone(), now, give_back).await {
                tracing::error!(%cause, "a send that was not made stays counted");
            }
        }
        Err(ApiError::unavailable(error))
    }
}

/// What is about to be claimed.
struct Draft<'a> {
    customer: &'a Customer,
    code: Code,
    proof: Proof,
}

struct Claim {
    send: SendClaim,
    limits: Vec<Limit>,
    is_test: bool,
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::TooSoonAfterSilent { wait_ms } => ApiError::from(wire::OTP_TOO_SOON).retry_after(wait_ms),
        Refusal::TooManySends => wire::OTP_SENDS.into(),
        Refusal::TooSoonAfterSend { wait_ms } => ApiError::from(wire::OTP_GAP).retry_after(wait_ms),
        _ => ApiError::from(wire::OTP_TOKEN).of("id_token"),
    }
    .because(refusal)
}

impl Endpoint for Otp {
    const PATH: &'static str = "/v1/authenticate/otp";
    const METHODS: &'static [&'static str] = &["GET"];

    async fn warm(&self) {
        self.store.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let token = self.id_token(request, now)?;
        Span::current().record("customer", &token.user_id);
        let (customer, session) = tokio::try_join!(self.customer(&token, now), self.session(&token, now))?;
        let (code, proof) = (Code::generate(self.digits)?, Proof::generate()?);
        let minutes = u32::try_from(self.limits.life_ms.div_ceil(60_000))?;
        let (template, domain) = (customer.otp_template.as_deref(), customer.otp_domain.as_deref());
        // Before the claim: a text that cannot be sent must not cost a send.
        let text = Text::render(template, &customer.name, minutes, domain, &code)?;
        let draft = Draft { customer: &customer, code, proof };
        let (session, claim) = self.claim(session, &draft, now).await?;
        Span::current().record("network", session.network.as_ref().map(|network| network.as_str()));
        if !claim.is_test {
            self.send(&session, &claim, &text, now).await?;
        }
        Span::current().record("outcome", if claim.is_test { "test" } else { "sent" });
        Answer::json(&Body {
            session_id: draft.proof.expose(),
            expires_in: Scalar::new(claim.send.expires_at.saturating_sub(now) / 1000, session.native),
            code_length: Scalar::new(self.digits, session.native),
            resend_after: Scalar::new(self.limits.gap_ms / 1000, session.native),
            attempts_left: Scalar::new(self.attempts, session.native),
        })
    }
}
