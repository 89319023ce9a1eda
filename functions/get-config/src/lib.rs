//! `POST /v1/get_config`: a number for a session, an id_token, and what the handset must do.

mod decide;
mod offer;

use std::{net::IpAddr, sync::Arc};

use aws_sdk_dynamodb::Client;
use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Fields, Request, Scalar, wire};
use sna_attempts::Attempts;
use sna_config::{Aws, Env};
use sna_customers::{Customer, CustomerId, Customers};
use sna_networks::{Lookups, is_reserved, ranges};
use sna_numbers::{Country, Msisdn, Ranges};
use sna_otp::Pepper;
use sna_sessions::{Begin, CorrelationId, Created, Heard, Item, Once, Recall, Session};
use sna_tokens::{AccessToken, IdToken, Issuer, PublicKeys, SigningKey, Verifier};
use tracing::Span;

use crate::offer::{Authorize, Plan};

pub struct GetConfig {
    verifier: Verifier,
    issuer: Issuer,
    customers: Customers,
    attempts: Attempts,
    ranges: Ranges,
    lookups: Lookups,
    home_countries: Vec<Country>,
    pepper: Pepper,
    public_url: String,
    seconds: u64,
}

/// What the customer asked for, checked.
struct Asked {
    msisdn: Msisdn,
    client_ip: IpAddr,
    correlation_id: Option<CorrelationId>,
    redirect_uri: Option<String>,
}

#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorize: Option<Authorize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    expires_in: Scalar<u64>,
    id_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_authorization_uri: Option<String>,
}

impl GetConfig {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let public_url = env.origin("PUBLIC_URL");
        let keys = env.parsed("TOKEN_PUBLIC_KEYS", PublicKeys::parse);
        let key = env.parsed("TOKEN_KEY", SigningKey::parse);
        let client = Client::new(&Aws::read(env).dynamodb());
        let customers = Customers::new(client.clone(), env.text("CUSTOMERS_TABLE"));
        let pepper = env.parsed("OTP_PEPPER", Pepper::parse);
        let attempts = Attempts::new(client, env, &public_url);
        let ranges = attempts.as_ref().and_then(|attempts| {
            let ranges = ranges(attempts.operators().table());
            ranges.map_err(|error| env.problem("OPERATORS", &error)).ok()
        });
        let lookups = attempts.as_ref().and_then(|attempts| Lookups::from_env(env, attempts.operators()));
        let codes = env.list("HOME_COUNTRIES");
        let home_countries = codes.iter().map(|code| Country::parse(code)).collect::<Result<Vec<_>, _>>();
        let home_countries = home_countries.map_err(|error| env.problem("HOME_COUNTRIES", &error.to_string())).ok();
        Some(Self {
            verifier: Verifier::new(keys?, &public_url),
            issuer: Issuer::new(key?, &public_url),
            customers,
            attempts: attempts?,
            ranges: ranges?,
            lookups: lookups?,
            home_countries: home_countries?,
            pepper: pepper?,
            public_url,
            seconds: env.number("SESSION_SECONDS", 600, 60..=3600),
        })
    }

    /// The customer in the item that was read at `now`.
    fn customer(&self, id: &CustomerId, item: Option<&Item>, now: u64) -> Result<Arc<Customer>, ApiError> {
        let found = item.map(|item| Customers::read(id, item).map(Arc::new)).transpose();
        let found = found.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
        self.customers.keep(id, found.as_ref(), now);
        found
            .filter(|customer| customer.enabled)
            .ok_or_else(|| ApiError::at(wire::TOKEN, "Authorization", "the customer is gone or disabled"))
    }

    /// An empty list of countries means the deployment's home countries.
    fn may_call(&self, customer: &Customer, msisdn: &Msisdn) -> bool {
        let country = msisdn.country();
        match customer.countries.as_slice() {
            [] => self.home_countries.contains(&country),
            own => own.iter().any(|code| code == country.as_str()),
        }
    }
}

impl Endpoint for GetConfig {
    const PATH: &'static str = "/v1/get_config";
    const METHODS: &'static [&'static str] = &["POST"];

    async fn warm(&self) {
        self.attempts.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let bearer = request.bearer().ok_or_else(|| ApiError::unauthorized("Bearer"))?;
        let token =
            self.verifier.access(bearer, now).map_err(|error| ApiError::unauthorized("Bearer").because(error))?;
        Span::current().record("customer", &token.user_id);
        let asked = Asked::read(&request.form_or_json()?)?;
        if is_reserved(asked.client_ip, self.attempts.operators().table()) {
            return Err(ApiError::at(wire::FIELD, "client_ip", "is private or reserved"));
        }
        let once = self.once(request)?;
        let wants_lookup = self.lookups.is_configured() && token.scope.has_authenticate();
        let key = wants_lookup.then(|| self.pepper.pseudonym("lookup", asked.msisdn.as_e164().as_bytes()));
        let id =
            CustomerId::parse(&token.user_id).map_err(|error| ApiError::at(wire::TOKEN, "Authorization", error))?;
        let kept = self.customers.kept(&id, now);
        let customers = kept.is_none().then(|| self.customers.table());
        let recall = Recall { customer: id.as_str(), customers, cached: key.as_deref(), once: once.as_ref() };
        let known = self.attempts.store().recall(&recall, now).await;
        let known = known.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
        let customer = match kept {
            Some(customer) => customer,
            None => self.customer(&id, known.customer.as_ref(), now)?,
        };
        let is_test = customer.test_code(asked.msisdn.as_e164(), now).is_some();
        if !is_test {
            self.ranges.check(&asked.msisdn).map_err(|error| ApiError::at(wire::REQUEST, "msisdn", error))?;
        }
        if asked.redirect_uri.as_ref().is_some_and(|uri| !customer.allows_redirect(uri)) {
            return Err(ApiError::at(wire::REDIRECT_URI, "redirect_uri", "is not on the customer's list"));
        }
        if !self.may_call(&customer, &asked.msisdn) {
            let country = "is of a country that the customer may not use";
            return Err(ApiError::unauthorized("Bearer").of("msisdn").because(country));
        }
        if let (Some(once), Some(used)) = (&once, known.used) {
            return self.answer(self.again(used, once, now).await?, &token);
        }
        let mut served = self.served(&asked.msisdn, key.filter(|_| !is_test), known.cached, now).await;
        let heard = served.heard.take();
        let (decision, named_by) = self.decide(&customer, &asked, is_test, served);
        let begin = Begin {
            customer: token.user_id.clone(),
            correlation_id: asked.correlation_id,
            msisdn: asked.msisdn,
            client_ip: asked.client_ip,
            network: decision.network,
            redirect_uri: asked.redirect_uri,
            native: token.native,
            wrong_codes_a_day: customer.limits.wrong_codes_a_day,
            webhook: customer.webhook_url.is_some(),
        };
        let mut session = Session::begin(begin, now, self.seconds)?;
        session.looked_up = named_by.clone();
        self.offer(&mut session, decision.silent.is_ok(), &token, now).await?;
        // The operator has contradicted it already: what has expired takes its place.
        let contradicted = named_by.filter(|_| session.looked_up.is_none());
        let heard = contradicted.map(|key| Heard { key, said: None, expires_at: now }).or(heard);
        let session = self.create(session, once.as_ref(), heard.as_ref(), now).await?;
        self.answer(session, &token)
    }
}

impl GetConfig {
    /// The request's idempotency key and body, as keyed hashes.
    fn once(&self, request: &Request) -> Result<Option<Once>, ApiError> {
        let key = request.idempotency_key()?;
        Ok(key.map(|key| Once {
            key: self.pepper.pseudonym("key", key.as_bytes()),
            body: self.pepper.pseudonym("get_config", request.body()),
        }))
    }

    /// The session that this very request began before.
    async fn again(&self, used: Created, once: &Once, now: u64) -> Result<Session, ApiError> {
        match used {
            Created::KeyUsed { session, body } if body == once.body => {
                let session = self.attempts.store().get(&session, now).await;
                let session = session.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
                session
                    .ok_or_else(|| ApiError::from(wire::TOKEN).because("its session has ended").of("Idempotency-Key"))
            }
            _ => Err(key_reused()),
        }
    }

    /// Writes the session, or finds the one that this very request began meanwhile.
    async fn create(
        &self,
        session: Session,
        once: Option<&Once>,
        heard: Option<&Heard>,
        now: u64,
    ) -> Result<Session, ApiError> {
        let created = self.attempts.store().create(&session, once, heard, now).await;
        match (created.map_err(|error| ApiError::failed(error.is_temporary(), error))?, once) {
            (Created::Yes, _) => Ok(session),
            (used @ Created::KeyUsed { .. }, Some(once)) => self.again(used, once, now).await,
            (Created::KeyUsed { .. }, None) => Err(key_reused()),
            (Created::CorrelationIdUsed, _) => {
                Err(ApiError::at(wire::CORRELATION_ID, "correlation_id", "has a session that lives"))
            }
        }
    }

    /// From the session and the token alone: the same session gives the same answer again.
    fn answer(&self, session: Session, token: &AccessToken) -> Result<Answer, ApiError> {
        let id_token = IdToken {
            jti: session.id,
            user_id: session.customer,
            scope: token.scope,
            network: session.network.map(|network| network.as_str().to_owned()),
            vendor_type: session.operator,
            redirect_uri: session.redirect_uri,
        };
        let seconds = (session.expires_at - session.created_at) / 1000;
        let id_token = self.issuer.id(&id_token, session.created_at, seconds).ok_or(wire::INTERNAL)?;
        let plan: Option<Plan> = serde_json::from_str(&session.offer)?;
        let otp_authorization_uri =
            token.scope.has_otp().then(|| format!("{}/v1/authenticate/otp?id_token={id_token}", self.public_url));
        Answer::json(&Body {
            authorize: plan.map(|plan| plan.into_wire(&self.public_url, &id_token, session.native)),
            correlation_id: session.correlation_id.map(|id| id.as_str().to_owned()),
            expires_in: Scalar::new(seconds, session.native),
            id_token,
            otp_authorization_uri,
        })
    }
}

fn key_reused() -> ApiError {
    ApiError::at(wire::KEY_REUSED, "Idempotency-Key", "was used with another body")
}

impl Asked {
    fn read(fields: &Fields) -> Result<Self, ApiError> {
        let msisdn = fields.require("msisdn")?;
        let client_ip = fields.require("client_ip")?.parse().ok();
        let correlation_id = fields.get("correlation_id").map(CorrelationId::parse).transpose();
        Ok(Self {
            client_ip: client_ip.ok_or_else(|| ApiError::at(wire::FIELD, "client_ip", "is not an address"))?,
            correlation_id: correlation_id.map_err(|error| ApiError::at(wire::FIELD, "correlation_id", error))?,
            redirect_uri: fields.get("redirect_uri").map(str::to_owned),
            msisdn: Msisdn::parse(msisdn).map_err(|error| ApiError::at(wire::REQUEST, "msisdn", error))?,
        })
    }
}
