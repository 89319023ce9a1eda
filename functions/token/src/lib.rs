//! `POST /v1/oauth/token`: a customer's id and secret for an access token (RFC 6749 4.4).

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use serde::Serialize;
use sna_api::{Answer, ApiError, Endpoint, Fields, Request, Scalar, wire};
use sna_config::{Aws, Env};
use sna_customers::{Customer, CustomerId, Customers, Pepper, WireTypes, authenticate};
use sna_sessions::{Counters, Limit};
use sna_tokens::{AccessToken, Issuer, Scope, SigningKey};
use tracing::Span;

pub struct Token {
    customers: Customers,
    pepper: Pepper,
    issuer: Issuer,
    seconds: u64,
    counters: Counters,
    failures_a_minute: u64,
}

#[derive(Serialize)]
struct Body {
    access_token: String,
    expires_in: Scalar<u64>,
    token_type: &'static str,
}

impl Token {
    pub fn from_env(env: &mut Env<'_>) -> Option<Self> {
        let client = Client::new(&Aws::read(env).dynamodb());
        let customers = Customers::new(client.clone(), env.text("CUSTOMERS_TABLE"));
        let counters = Counters::new(client, env.text("SESSIONS_TABLE"));
        let failures_a_minute = env.number("TOKEN_FAILURES_A_MINUTE", 10, 1..=10_000);
        let pepper = env.parsed("CUSTOMER_PEPPER", Pepper::parse);
        let url = env.origin("PUBLIC_URL");
        let key = env.parsed("TOKEN_KEY", SigningKey::parse);
        let seconds = env.number("ACCESS_TOKEN_SECONDS", 3600, 60..=86_400);
        Some(Self { customers, pepper: pepper?, issuer: Issuer::new(key?, &url), seconds, counters, failures_a_minute })
    }

    /// The customer whose credentials these are. An unknown id costs the same work as a known one.
    async fn customer(&self, request: &Request, fields: &Fields, now: u64) -> Result<Arc<Customer>, ApiError> {
        let Some((id, secret)) = request.basic() else { return Err(ApiError::unauthorized("Basic")) };
        // RFC 6749 2.3: one way of authentication a request.
        if fields.get("client_id").is_some() || fields.get("client_secret").is_some() {
            return Err(ApiError::at(wire::FIELD, "client_id", "credentials are in the header and in the body"));
        }
        // Nobody's: there is nothing to guess, and one counter of all such ids would be an item that every stranger writes to.
        let Ok(id) = CustomerId::parse(&id) else { return Err(refused("the client id is none")) };
        let good = |customer: &Option<Arc<Customer>>| authenticate(customer.as_deref(), &secret, &self.pepper, now);
        let kept = self.customers.kept(&id, now);
        if good(&kept)
            && let Some(customer) = kept
        {
            return Ok(customer);
        }
        // A secret that is new is good at once.
        let customer = self.customers.fresh(&id, now).await;
        let customer = customer.map_err(|error| ApiError::failed(error.is_temporary(), error))?;
        let is_good = good(&customer);
        match customer.filter(|_| is_good) {
            Some(customer) => Ok(customer),
            None => Err(self.failure(&id, now).await),
        }
    }

    /// A failure is counted for the id that was tried. Right credentials still pass when the count is full: a secret of
    /// 256 bits cannot be guessed, and a stranger must not be able to lock a customer out.
    async fn failure(&self, id: &CustomerId, now: u64) -> ApiError {
        let limit = Limit { key: format!("token#{id}"), window_ms: 60_000, most: self.failures_a_minute };
        match self.counters.count(&limit, now).await {
            Ok(None) => refused("no such client, or another secret"),
            Ok(Some(wait_ms)) => ApiError::limited(wait_ms).because("too many failures of this client id in a minute"),
            Err(error) => ApiError::failed(error.is_temporary(), error),
        }
    }
}

impl Endpoint for Token {
    const PATH: &'static str = "/v1/oauth/token";
    const METHODS: &'static [&'static str] = &["POST"];

    async fn warm(&self) {
        self.customers.warm().await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        let fields = request.form()?;
        let customer = self.customer(request, &fields, now).await?;
        Span::current().record("customer", customer.id.as_str());
        if fields.require("grant_type")? != "client_credentials" {
            return Err(ApiError::at(wire::GRANT, "grant_type", "is not client_credentials"));
        }
        let scope = scope(fields.require("scope")?, &customer);
        let scope = scope.ok_or_else(|| ApiError::at(wire::SCOPE, "scope", "is unknown, or not this customer's"))?;
        let native = customer.wire_types == WireTypes::Native;
        let token = AccessToken { user_id: customer.id.as_str().to_owned(), scope, native };
        let access_token = self.issuer.access(&token, now, self.seconds).ok_or(wire::INTERNAL)?;
        Answer::json(&Body { access_token, expires_in: Scalar::new(self.seconds, native), token_type: "Bearer" })
    }
}

fn refused(why: &'static str) -> ApiError {
    ApiError::unauthorized("Basic").because(why)
}

/// The scopes asked for, all of which the customer must have. Joined by a space, or by a `+` or `%20` that was
/// encoded once more.
fn scope(text: &str, customer: &Customer) -> Option<Scope> {
    let text = text.replace("%2B", " ").replace("%2b", " ").replace("%20", " ").replace('+', " ");
    let mut asked = (false, false);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "authenticate" => asked.0 = true,
            "otp" => asked.1 = true,
            _ => return None,
        }
    }
    let may = |scope| customer.scopes.contains(&scope);
    let allowed = (!asked.0 || may(sna_customers::Scope::Authenticate)) && (!asked.1 || may(sna_customers::Scope::Otp));
    Scope::new(asked.0, asked.1).filter(|_| allowed)
}
