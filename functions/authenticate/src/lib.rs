//! `GET /v1/authenticate`: the handset comes over mobile data and is sent on to its operator.
//! The one attempt of a session is claimed before anything leaves.

use sna_api::{Answer, ApiError, Endpoint, Request, wire};
use sna_attempts::Attempts;
use sna_config::Env;
use sna_operators::{Arrival, Operation, Outcome, Verdict};
use sna_sessions::{Refusal, Session};
use sna_tokens::{IdToken, PublicKeys, Verifier};
use tracing::Span;

pub struct Authenticate {
    verifier: Verifier,
    attempts: Attempts,
}

impl Authenticate {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let attempts = Attempts::from_env(env, &url);
        Some(Self { verifier: Verifier::new(keys?, &url), attempts: attempts? })
    }

    /// The id_token: in the query, or in the body of a POST.
    fn id_token(&self, request: &Request, now: u64) -> Result<IdToken, ApiError> {
        let fields = match request.query()? {
            query if query.get("id_token").is_none() && request.method == "POST" => request.form_or_json()?,
            query => query,
        };
        let token = self.verifier.id(fields.require("id_token")?, now);
        let token = token.map_err(|error| ApiError::from(wire::TOKEN).because(error))?;
        if token.scope.has_authenticate() { Ok(token) } else { Err(wire::SCOPE.into()) }
    }

    /// Does the handset come over mobile data of another network? Its operator would not know it.
    fn is_on_another_network(&self, session: &Session, request: &Request) -> bool {
        let found = request.source_ip.and_then(|address| self.attempts.operators().table().network_at(address));
        let own = session.network.as_ref().map(|network| network.as_str());
        found.is_some_and(|found| Some(found) != own)
    }
}

impl Endpoint for Authenticate {
    const PATH: &'static str = "/v1/authenticate";
    const METHODS: &'static [&'static str] = &["GET", "POST"];

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let token = self.id_token(request, now)?;
        Span::current().record("customer", &token.user_id);
        let arrived = |session: &mut Session| match session.operator {
            Some(_) => session.arrive(now),
            None => Err(Refusal::NotUnderWay),
        };
        let (session, ()) = self.attempts.update(&token.jti, now, arrived).await?;
        if self.is_on_another_network(&session, request) {
            return self.attempts.end(&session, Verdict::IpNumberNetworkMismatch, now).await;
        }
        let arrival = Operation::Arrive { request: Arrival { method: request.method.clone() } };
        let done = match self.attempts.step(&session, arrival, request.source_ip, now).await {
            Ok(done) => done,
            Err(verdict) => return self.attempts.end(&session, verdict, now).await,
        };
        if done.kept != session.kept {
            let keep = |session: &mut Session| {
                session.kept.clone_from(&done.kept);
                Ok(())
            };
            self.attempts.update(&session.id, now, keep).await?;
        }
        match done.outcome {
            Outcome::Redirect { uri } => Ok(Answer::redirect(uri)),
            Outcome::Reply { json } => Answer::json(&json),
            Outcome::Verdict { verdict } => self.attempts.end(&session, verdict, now).await,
            Outcome::Authorize(_) => self.attempts.end(&session, Verdict::ConfigError, now).await,
        }
    }
}
