//! GSMA Mobile Connect, device-initiated, Verified MSISDN match with a hash (IDY.54). The checks and the error texts are
//! those of `MC_di_v2.3`; the resource compares with the number that the network authenticated.

mod discovery;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::answers::{Refused, bad_request_page, no_store};
use super::client::{ClientAuth, bearer};
use super::faults::Yes;
use super::flow::{self, Back};
use super::ledger::{Step, Transaction};
use super::params::{Params, media_type};
use super::{Operators, Simulator, faults, now};

/// Seconds; Vodafone's documented value.
const TOKEN_LIFETIME: u64 = 3599;

/// How an operator differs. Paths lie below `/{id}`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    authorize: String,
    token: String,
    resource: String,
    /// Are the endpoints told by a discovery service? It answers at `/v2/discovery/`, for this mobile network.
    #[serde(default)]
    discovery: Option<discovery::Home>,
    /// The `prompt` that must be there.
    #[serde(default)]
    prompt: Option<String>,
    /// Must there be a `correlation_id`?
    #[serde(default)]
    correlation_id: bool,
}

type Own = Extension<Arc<Settings>>;

impl Simulator for Settings {
    fn router(&self) -> Router<Operators> {
        let router = Router::new()
            .route(&self.authorize, get(authorize))
            .route(&self.token, post(token))
            .route(&self.resource, post(premiuminfo))
            .route("/jwks", get(jwks))
            .merge(flow::router());
        let router = match self.discovery {
            Some(_) => router.route("/v2/discovery/", get(discovery::discover)),
            None => router,
        };
        router.layer(Extension(Arc::new(self.clone())))
    }

    fn refuses(&self, scenario: Scenario, unseen: bool) -> Option<Refused> {
        let denied = |text| Some(Refused::redirect("access_denied", text));
        match scenario {
            _ if unseen => Some(Refused::redirect("login_required", "")),
            Scenario::UnknownUser | Scenario::PortedAway => denied("Unknown user / User is not recognized"),
            Scenario::NotRegistered => denied("Mobile Connect User is not registered / Unknown Mobile Connect User"),
            _ => None,
        }
    }
}

/// `GET authorize`.
async fn authorize(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
) -> Response {
    let params = Params::query(uri.query());
    let redirect_uri = match operators.redirect_uri(&network, &params) {
        Ok(redirect_uri) => redirect_uri,
        Err(text) => return bad_request_page(text),
    };
    let own = |name| params.get(name).map(str::to_owned);
    let back = Back { redirect_uri, state: own("state"), correlation_id: own("correlation_id"), iss: None };
    let begun = settings.check(&params).and_then(|()| {
        let mut tx = Transaction::new(network, operators.scenario(peer.ip()), back.clone())?;
        tx.nonce = own("nonce").unwrap_or_default();
        operators.begin(tx)
    });
    begun.unwrap_or_else(|refused| back.error(&refused))
}

impl Settings {
    fn check(&self, params: &Params) -> Result<(), Refused> {
        let refuse = |text| Err(Refused::redirect("invalid_request", text));
        if params.any_twice() {
            return refuse("Malformed request, duplicate parameter entries");
        }
        match params.get("response_type") {
            None => return refuse("MANDATORY parameter response_type is missing"),
            Some("code") => {}
            Some(_) => return Err(Refused::redirect("unsupported_response_type", "response_type is not supported")),
        }
        let Some(scope) = params.get("scope") else { return refuse("MANDATORY parameter scope is missing") };
        let mut scopes: Vec<&str> = scope.split(' ').collect();
        scopes.sort_unstable();
        if scopes != ["mc_vm_match_hash", "openid"] {
            return Err(Refused::redirect("invalid_scope", "The scope value is invalid"));
        }
        if params.get("version") != Some("mc_di_r2_v2.3") {
            return refuse("MANDATORY parameter version is missing / invalid.");
        }
        if params.get("state").is_none() {
            return refuse("MANDATORY parameter state is missing");
        }
        if params.get("nonce").is_none() {
            return refuse("MANDATORY parameter nonce is missing (or) invalid.");
        }
        if params.get("acr_values") != Some("2") {
            return refuse("MANDATORY parameter acr_values are missing or invalid values.");
        }
        let prompt = params.get("prompt");
        if prompt.is_some_and(|prompt| !matches!(prompt, "none" | "no_seam")) {
            return refuse("Prompt value is invalid");
        }
        if self.prompt.is_some() && prompt != self.prompt.as_deref() {
            return refuse("Prompt value is invalid");
        }
        let correlation_id = params.get("correlation_id");
        if self.correlation_id && correlation_id.is_none() || correlation_id.is_some_and(|id| id.len() > 64) {
            return refuse("Invalid correlation_id value.");
        }
        Ok(())
    }
}

/// `POST token`: HTTP Basic, a form, a code that works once.
async fn token(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    Extension(settings): Own,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.mc_token(&network, &settings, &headers, &body).await.unwrap_or_else(Refused::oauth)
}

/// `POST premiuminfo`: does the number with this hash have this device?
async fn premiuminfo(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    operators.mc_match(&network, &headers, &body).unwrap_or_else(Refused::oauth)
}

async fn jwks(
    State(operators): State<Operators>,
    Extension(network): Extension<Network>,
) -> Result<Json<JwkSet>, StatusCode> {
    operators.0.keys.jwks(&network, Algorithm::RS256).map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl Operators {
    async fn mc_token(
        &self,
        network: &Network,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refused> {
        let form = Params::form(headers, body)?;
        self.check_client(ClientAuth::Basic, headers, &form, &self.public(network, &settings.token))?;
        let (code, tx) = self.redeem(network, &form)?;
        faults::token(tx.scenario, self.0.settings.slow).await?;

        let now = now();
        let client_id = &self.0.settings.client_id;
        let claims = json!({
            "iss": self.issuer(network), "sub": self.subject(&tx), "aud": [client_id],
            "azp": client_id, "iat": now / 1000, "exp": now / 1000 + 300, "auth_time": tx.started / 1000,
            "nonce": tx.nonce, "acr": "2", "amr": ["SEAM_OK"],
        });
        let flaw = self.0.cycles.flaw(network, tx.scenario);
        let id_token = self.0.keys.id_token(network, Algorithm::RS256, claims, flaw)?;
        let access_token = self.ledger().issue(&code, tx, now, TOKEN_LIFETIME * 1000)?;
        Ok(no_store(Json(json!({
            "access_token": access_token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME, "id_token": id_token,
        }))))
    }

    fn mc_match(&self, network: &Network, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let bearer = bearer(headers).unwrap_or_default();
        let tx = self.ledger().peek(Step::Token, network, bearer, now());
        let tx = tx.ok_or_else(|| {
            Refused::new(StatusCode::UNAUTHORIZED, "invalid_token", "The access token is missing, unknown or expired")
        })?;
        let asked = asked_hash(headers, body).ok_or_else(|| {
            Refused::new(StatusCode::BAD_REQUEST, "invalid_request", "mc_claims must have one device_msisdn_hash")
        })?;
        let (status, error, text) = match tx.scenario {
            Scenario::ResourceTimeout => (StatusCode::GATEWAY_TIMEOUT, "server_error", "Resources not available"),
            Scenario::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", "Rate limit exceeded"),
            Scenario::NotByNetwork => {
                (StatusCode::FORBIDDEN, "access_denied", "User not authenticated by mobile network")
            }
            _ => (StatusCode::OK, "", ""),
        };
        if status != StatusCode::OK {
            return Err(Refused::new(status, error, text));
        }
        let own = self.subject(&tx);
        // The missing comma is that of the example in the document itself.
        let yes = Yes {
            whole: format!(r#"{{"sub":"{own}","device_msisdn_verified":true}}"#),
            broken: format!(r#"{{"sub":"{own}" "device_msisdn_verified":true}}"#),
            quoted: format!(r#"{{"sub":"{own}","device_msisdn_verified":"true"}}"#),
        };
        if let Some(answer) = self.0.cycles.resource(network, tx.scenario, &yes) {
            return Ok(answer);
        }
        let sub = match tx.scenario {
            Scenario::ForeignIdentity => "00000000-0000-4000-8000-000000000000".to_owned(),
            _ => own,
        };
        let verified = tx.msisdn.is_some_and(|msisdn| hex::encode(Sha256::digest(msisdn)) == asked);
        Ok(Json(json!({ "sub": sub, "device_msisdn_verified": verified })).into_response())
    }
}

/// The scope is for hashes: the plain number is not accepted, nor upper-case hexadecimal.
fn asked_hash(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if !media_type(headers)?.eq_ignore_ascii_case("application/json") {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let claims = body.get("mc_claims")?.as_object()?;
    let hash = claims.get("device_msisdn_hash")?.as_str()?;
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (claims.len() == 1 && hash.len() == 64 && hash.bytes().all(lower_hex)).then(|| hash.to_owned())
}
