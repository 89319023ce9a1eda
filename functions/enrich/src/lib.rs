//! `GET /v1/enrich/{vendor}`: the handset comes through its operator's proxy, which adds a header. That is over plain http,
//! so nothing that proves anything leaves: what was found is told to the handset that comes back over https with the
//! cookie that it had before and the ticket that it got here.

use sna_api::{Answer, ApiError, Endpoint, Request, wire};
use sna_attempts::Attempts;
use sna_config::Env;
use sna_operators::Operation;
use sna_sessions::{Proof, Refusal, Session};
use tracing::Span;

pub struct Enrich {
    attempts: Attempts,
}

impl Enrich {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        Some(Self { attempts: Attempts::from_env(env, &url)? })
    }
}

impl Endpoint for Enrich {
    const PATH: &'static str = "/v1/enrich/";
    const METHODS: &'static [&'static str] = &["GET"];

    async fn warm(&self) {
        self.attempts.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        // No operator's proxy sees into https: a header that came that way is the handset's own.
        if !request.is_plain_http {
            return Err(ApiError::from(wire::PATH).because("not over plain http"));
        }
        let state = request.query()?.require("state")?.to_owned();
        let id = Session::id_in_state(&state).ok_or_else(|| ApiError::at(wire::TOKEN, "state", "is none of ours"))?;
        let vendor = request.path.rsplit('/').next().unwrap_or_default();
        let claim = |session: &mut Session| match session.operator.as_deref() {
            Some(operator) if operator == vendor => session.begin_enrichment(&state),
            _ => Err(Refusal::NotUnderWay),
        };
        let (session, ()) = self.attempts.update(id, now, claim).await.map_err(|error| error.of("state"))?;
        Span::current().record("customer", &session.customer);
        let enriched = Operation::Enriched { header: self.attempts.enriched(&session, request) };
        let reason = self.attempts.judge(&session, enriched, request.source_ip, now).await;
        Span::current().record("outcome", tracing::field::display(reason));
        let ticket = Proof::generate()?;
        self.attempts.update(session, now, |session| session.enriched(reason, &ticket)).await?;
        let (url, ticket) = (self.attempts.public_url(), ticket.expose());
        Ok(Answer::redirect(format!("{url}/v1/callback/{vendor}?state={state}&ticket={ticket}")))
    }
}
