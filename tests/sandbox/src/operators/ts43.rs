//! TS.43 as an operator speaks it to an aggregator (CAMARA's companion guide, draft 0.1): a token that only the SIM can
//! get, exchanged by a signed assertion (RFC 7523 as CAMARA's profile narrows it), and Number Verification's `verify`.

mod wallet;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, no_store};
use super::camara::{self, Accepted};
use super::client::Once;
use super::ledger::Step;
use super::params::Params;
use super::{Operators, Simulator, faults, now};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds.
const TOKEN_LIFETIME: u64 = 300;

/// An operator with an entitlement server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    scope: String,
    /// `MCCMNC` of its SIMs.
    carrier: String,
    /// The aggregator that it lets ask, as it names itself.
    aggregator: String,
    /// The page in the phone's browser.
    audience: String,
}

type Own = Extension<Arc<Settings>>;

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        Router::new()
            .route("/wallet", post(wallet::present))
            .route("/jwks", get(camara::jwks))
            .route("/token", post(token))
            .route("/number-verification/v2/verify", post(verify))
            .layer(Extension(Arc::new(self.clone())))
    }

    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        use Scenario::*;
        match scenario {
            // The SIM proves itself on any connection.
            WiFi => Some("MATCH"),
            // There is no SIM of this operator's in the phone, or none that may.
            OtherNetwork | Mvno => Some("NETWORK_UNSUPPORTED"),
            GrantRefused | ExpiredIdToken => Some("EXPIRED"),
            Busy | RedirectLoop | Tethered | RecycledAddress => None,
            _ => Some(scenario.usual()),
        }
    }

    fn has_wallet(&self) -> bool {
        true
    }
}

#[derive(Clone, Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    scope: String,
    #[serde(flatten)]
    once: Once,
}

async fn token(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.ts43_token(&network, &settings, &headers, &body).await.unwrap_or_else(Refused::oauth)
}

async fn verify(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.camara_verify(&network, Accepted::Plain, false, &headers, &body).unwrap_or_else(Refused::camara)
}

impl Operators {
    async fn ts43_token(
        &self,
        network: &Network,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        let refuse = |error: &'static str, text: &'static str| Refused::new(StatusCode::BAD_REQUEST, error, text);
        let form = Params::form(headers, body)?;
        if form.need("grant_type")? != GRANT {
            return Err(refuse("unsupported_grant_type", "Only jwt-bearer is supported"));
        }
        if form.get("scope").is_some() {
            return Err(refuse("invalid_request", "The scope belongs into the assertion"));
        }
        let assertion: Assertion = self
            .signed(form.need("assertion")?, "JWT")
            .ok_or_else(|| refuse("invalid_grant", "The assertion's signature, typ or claims are invalid"))?;
        if assertion.iss != self.0.settings.client_id {
            return Err(Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", "iss must be the client_id"));
        }
        self.once(&assertion.once, &self.public(network, "/token"), now())
            .map_err(|text| refuse("invalid_request", text))?;
        if assertion.scope != settings.scope {
            return Err(refuse("invalid_scope", "The scope is unknown or not allowed for this client"));
        }
        let temp_token = assertion.sub.strip_prefix("operatortoken:").unwrap_or_default();
        let tx = self.ledger().take(Step::Code, network, temp_token, now());
        let tx = tx.ok_or_else(|| refuse("invalid_grant", "The operator token is unknown, used or expired"))?;
        if tx.scenario == Scenario::ConsentRequired {
            return Err(refuse("invalid_grant", "The subscriber has not given consent"));
        }
        faults::token(tx.scenario, self.0.settings.slow).await?;
        let access_token = self.ledger().put(Step::Token, tx, now(), TOKEN_LIFETIME * 1000)?;
        Ok(no_store(Json(json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME, "scope": settings.scope,
        }))))
    }
}
