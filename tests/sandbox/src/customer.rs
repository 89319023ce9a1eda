//! The customer's backend of the demo: the three calls that a customer makes, as its programmer would write them.
//! Calls return what came, whatever it is: tests and the page want to see refusals too.

use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    gateway::{Credentials, Gateway},
    hop::Hop,
};

/// One customer; it fetches one access token and uses it for all its calls.
pub struct Customer {
    http: Client,
    url: String,
    credentials: Credentials,
    token: Mutex<Option<String>>,
}

/// What `get_config` is asked about.
pub struct Question<'a> {
    pub msisdn: &'a str,
    pub client_ip: &'a str,
    pub correlation_id: &'a str,
    /// With one, the flow ends there; without, in the handset's answer.
    pub redirect_uri: Option<&'a str>,
}

impl Customer {
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn of(gateway: &Gateway) -> Result<Customer, reqwest::Error> {
        let http = crate::http::builder().redirect(Policy::none()).build()?;
        let credentials = gateway.customer.clone();
        Ok(Customer { http, url: gateway.url.clone(), credentials, token: Mutex::default() })
    }

    /// Fetches an access token for both scopes, if there is none yet; the hop is the request, if one was made.
    pub async fn sign_in(&self) -> Option<Hop> {
        let mut token = self.token.lock().await;
        if token.is_some() {
            return None;
        }
        let form = [("grant_type", "client_credentials"), ("scope", "authenticate otp")];
        let Credentials { client_id, client_secret, .. } = &self.credentials;
        let url = format!("{}/v1/oauth/token", self.url);
        let request = self.http.post(&url).basic_auth(client_id, Some(client_secret)).form(&form);
        let hop = Hop::make("POST", &url, request).await;
        *token = hop.json()["access_token"].as_str().map(str::to_owned);
        Some(hop)
    }

    /// What must the handset do to prove this number?
    pub async fn get_config(&self, question: &Question<'_>) -> Hop {
        let Question { msisdn, client_ip, correlation_id, redirect_uri } = *question;
        let mut form = vec![("msisdn", msisdn), ("client_ip", client_ip), ("correlation_id", correlation_id)];
        form.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        self.post("/v1/get_config", |request| request.form(&form)).await
    }

    /// Has a code sent by SMS; the address is `otp_authorization_uri` of get_config.
    pub async fn send_code(&self, address: &str) -> Hop {
        Hop::make("GET", address, self.http.get(address)).await
    }

    /// Is it proved? `proof` is the body of `POST /v1/validate`.
    pub async fn validate(&self, proof: &Value) -> Hop {
        self.post("/v1/validate", |request| request.json(proof)).await
    }

    /// The keys by which what the gateway signs is checked.
    pub async fn keys(&self) -> Hop {
        let url = format!("{}/v1/.well-known/paseto-keys", self.url);
        Hop::make("GET", &url, self.http.get(&url)).await
    }

    /// Posts with the access token. Where that has ended meanwhile, it is tried again with another.
    async fn post(&self, path: &str, body: impl Fn(RequestBuilder) -> RequestBuilder) -> Hop {
        let url = format!("{}{path}", self.url);
        let ask = async || {
            let token = self.token.lock().await.clone().unwrap_or_default();
            Hop::make("POST", &url, body(self.http.post(&url).bearer_auth(token))).await
        };
        let hop = ask().await;
        if hop.status != 401 {
            return hop;
        }
        self.token.lock().await.take();
        self.sign_in().await;
        ask().await
    }
}
