//! `GET /v1/authenticate`: the handset comes over mobile data and is sent on to its operator.
//! The one attempt of a session is claimed before anything leaves.

use sna_api::{Answer, ApiError, Endpoint, Request, wire};
use sna_attempts::{Attempts, reason};
use sna_config::Env;
use sna_networks::{Address, Reason as Against, check_arrival};
use sna_operators::{Arrival, Operation, Outcome};
use sna_sessions::{Proof, Reason, Session, Way};
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
        let token = token.map_err(|error| ApiError::at(wire::TOKEN, "id_token", error))?;
        let refused = || ApiError::at(wire::SCOPE, "id_token", "is without the scope authenticate");
        if token.scope.has_authenticate() { Ok(token) } else { Err(refused()) }
    }

    /// Why the operator would not know the handset where it is; some recognise handsets wherever they are.
    fn misplaced(&self, session: &Session, request: &Request) -> Option<Reason> {
        let operators = self.attempts.operators();
        let own = session.network.as_ref()?.as_str();
        let needs = operators.manifest(own, &session.customer).ok()?.needs_mobile_ip;
        let address = Address::of(request.source_ip?, operators.table());
        match check_arrival(own, needs, address, operators.table()) {
            Ok(()) => None,
            Err(Against::AnotherMobileNetwork) => Some(Reason::IpNumberNetworkMismatch),
            Err(_) => Some(Reason::NotMobileNetwork),
        }
    }

    /// May a page read the answer (Fetch, CORS protocol)? The id_token in the URL is the whole credential, so any page may
    /// that has one. A request that needs no preflight is enough: OPTIONS is not answered.
    fn is_for_pages(&self, token: &IdToken) -> bool {
        let network = token.network.as_deref().unwrap_or_default();
        self.attempts.operators().manifest(network, &token.user_id).is_ok_and(|manifest| manifest.ajax)
    }

    async fn arrive(&self, token: &IdToken, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let cookie = Proof::generate()?;
        let arrived = |session: &mut Session| {
            session.arrive(now)?;
            if session.way == Way::Enrichment {
                session.bind(&cookie);
            }
            Ok(())
        };
        let (mut session, ()) =
            self.attempts.update(&token.jti, now, arrived).await.map_err(|error| error.of("id_token"))?;
        if let Some(reason) = self.misplaced(&session, request) {
            return self.attempts.end(session, reason, now).await;
        }
        let arrival = Operation::Arrive { request: Arrival { method: request.method.clone() } };
        let done = match self.attempts.step(&session, arrival, request.source_ip, now).await {
            Ok(done) => done,
            Err(verdict) => return self.attempts.end(session, reason(verdict), now).await,
        };
        if done.kept != session.kept {
            let keep = |session: &mut Session| {
                session.kept.clone_from(&done.kept);
                Ok(())
            };
            session = self.attempts.update(session, now, keep).await?.0;
        }
        match (done.outcome, session.way) {
            (Outcome::Redirect { uri }, Way::Enrichment) => {
                let seconds = session.expires_at.saturating_sub(now) / 1000;
                Ok(Answer::redirect(uri).header("set-cookie", self.attempts.cookie(&cookie, seconds)))
            }
            (Outcome::Redirect { uri }, _) => Ok(Answer::redirect(uri)),
            (Outcome::Reply { json }, Way::Payload) => Answer::json(&json),
            (Outcome::Verdict { verdict }, _) => self.attempts.end(session, reason(verdict), now).await,
            (Outcome::Reply { .. } | Outcome::Authorize(_), _) => {
                self.attempts.end(session, Reason::ConfigError, now).await
            }
        }
    }
}

impl Endpoint for Authenticate {
    const PATH: &'static str = "/v1/authenticate";
    const METHODS: &'static [&'static str] = &["GET", "POST"];

    async fn warm(&self) {
        self.attempts.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let token = self.id_token(request, now)?;
        Span::current().record("customer", &token.user_id);
        let answer = self.arrive(&token, request, now).await;
        if !self.is_for_pages(&token) {
            return answer;
        }
        let (name, any) = ("access-control-allow-origin", "*");
        answer.map(|answer| answer.header(name, any)).map_err(|error| error.header(name, any))
    }
}
