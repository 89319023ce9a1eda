//! `GET|POST /v1/callback/{vendor}`: the operator sends the handset back. The one exchange of a session is
//! claimed before the operator is asked, and the handset leaves only when the verdict is recorded.

use sna_api::{Answer, ApiError, Endpoint, Request, wire};
use sna_attempts::Attempts;
use sna_config::Env;
use sna_operators::Operation;
use sna_sessions::{Reason, Refusal, Session, Way};
use tracing::Span;

pub struct Callback {
    attempts: Attempts,
}

impl Callback {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        Some(Self { attempts: Attempts::from_env(env, &url)? })
    }
}

impl Endpoint for Callback {
    const PATH: &'static str = "/v1/callback/";
    const METHODS: &'static [&'static str] = &["GET", "POST"];

    async fn warm(&self) {
        self.attempts.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        // response_mode=form_post brings the same parameters in a body.
        let fields = if request.method == "POST" { request.form()? } else { request.query()? };
        let state = fields.require("state")?.to_owned();
        let id = Session::id_in_state(&state).ok_or_else(|| ApiError::at(wire::TOKEN, "state", "is none of ours"))?;
        let vendor = request.path.rsplit('/').next();
        let cookie = request.cookie(self.attempts.cookie_name()).unwrap_or_default();
        let ticket = fields.get("ticket").unwrap_or_default();
        // An operator's answer counts for its own sessions only (mix-up, RFC 9207 1).
        let claim = |session: &mut Session| match session.operator.as_deref() {
            operator if operator.is_none() || operator != vendor => Err(Refusal::NotUnderWay),
            // It was at the plain-http address, and what was found there is known.
            _ if session.way == Way::Enrichment => session.come_back(&state, cookie, ticket).map(Some),
            _ => Ok(if session.begin_exchange(&state)? { None } else { Some(Reason::ProtocolViolation) }),
        };
        let (session, found) = self.attempts.update(id, now, claim).await.map_err(|error| error.of("state"))?;
        Span::current().record("customer", &session.customer);
        let reason = match found {
            Some(reason) => reason,
            None => {
                let callback = Operation::Callback { params: fields.into_map() };
                self.attempts.judge(&session, callback, request.source_ip, now).await
            }
        };
        self.attempts.end(session, reason, now).await
    }
}
