//! Vodafone: GSMA Mobile Connect, device-initiated, Verified MSISDN match with a hash (IDY.54). The checks and the error
//! texts are those of `MC_di_v2.3`; the resource compares with the number that the network authenticated.

use std::net::SocketAddr;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::radio::Network;
use crate::scenarios::{self, Scenario};

use super::answers::{Refused, bad_request_page, no_store};
use super::flow::Back;
use super::ledger::{Step, Transaction, random};
use super::params::{Params, media_type};
use super::{Operators, faults, now};

pub const AUTHORIZE: &str = "/vodafone/mobileconnect/deviceinitiated/v1/authorize";
pub const RESUME: &str = "/vodafone/mobileconnect/deviceinitiated/v1/resume";
pub const CONSENT: &str = "/vodafone/mobileconnect/deviceinitiated/v1/consent";

/// Seconds; Vodafone's documented value.
const TOKEN_LIFETIME: u64 = 3599;

/// `GET authorize`.
pub async fn authorize(
    State(operators): State<Operators>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
) -> Response {
    let params = Params::query(uri.query());
    let redirect_uri = match operators.redirect_uri(&params) {
        Ok(redirect_uri) => redirect_uri,
        Err(text) => return bad_request_page(text),
    };
    let own = |name| params.get(name).map(str::to_owned);
    let back = Back { redirect_uri, state: own("state"), correlation_id: own("correlation_id"), iss: None };
    let begun = check(&params).and_then(|()| {
        operators.begin(Transaction {
            network: Network::Vodafone,
            scenario: scenarios::at(peer.ip()),
            back: back.clone(),
            nonce: own("nonce").unwrap_or_default(),
            code_challenge: None,
            browser: random()?,
            msisdn: None,
            started: now(),
        })
    });
    begun.unwrap_or_else(|refused| back.error(&refused))
}

fn check(params: &Params) -> Result<(), Refused> {
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
    if params.get("prompt").is_some_and(|prompt| !matches!(prompt, "none" | "no_seam")) {
        return refuse("Prompt value is invalid");
    }
    Ok(())
}

/// `POST token`: HTTP Basic, a form, a code that works once.
pub async fn token(State(operators): State<Operators>, headers: HeaderMap, body: Bytes) -> Response {
    operators.vodafone_token(&headers, &body).await.unwrap_or_else(Refused::oauth)
}

/// `POST premiuminfo`: does the number with this hash have this device?
pub async fn premiuminfo(State(operators): State<Operators>, headers: HeaderMap, body: Bytes) -> Response {
    operators.vodafone_match(&headers, &body).unwrap_or_else(Refused::oauth)
}

pub async fn jwks(State(operators): State<Operators>) -> Result<Json<JwkSet>, StatusCode> {
    operators.0.keys.jwks(Network::Vodafone).map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl Operators {
    async fn vodafone_token(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let settings = &self.0.settings;
        if basic(headers) != Some((settings.client_id.clone(), settings.vodafone_client_secret.clone())) {
            return Err(Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed"));
        }
        let form = Params::form(headers, body)?;
        let (code, tx) = self.redeem(Network::Vodafone, &form)?;
        faults::token(tx.scenario, settings.slow).await?;

        let now = now();
        let claims = json!({
            "iss": self.issuer(Network::Vodafone), "sub": self.subject(&tx), "aud": [settings.client_id],
            "azp": settings.client_id, "iat": now / 1000, "exp": now / 1000 + 300, "auth_time": tx.started / 1000,
            "nonce": tx.nonce, "acr": "2", "amr": ["SEAM_OK"],
        });
        let flaw = self.0.cycles.flaw(tx.network, tx.scenario);
        let id_token = self.0.keys.id_token(tx.network, claims, flaw)?;
        let access_token = self.ledger().issue(&code, tx, now, TOKEN_LIFETIME * 1000)?;
        Ok(no_store(Json(json!({
            "access_token": access_token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME, "id_token": id_token,
        }))))
    }

    fn vodafone_match(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let bearer = bearer(headers).unwrap_or_default();
        let tx = self.ledger().peek(Step::Token, Network::Vodafone, bearer, now());
        let tx = tx.ok_or_else(|| {
            Refused::new(StatusCode::UNAUTHORIZED, "invalid_token", "The access token is missing, unknown or expired")
        })?;
        let asked = asked_hash(headers, body).ok_or_else(|| {
            Refused::new(StatusCode::BAD_REQUEST, "invalid_request", "mc_claims must have one device_msisdn_hash")
        })?;
        if let Some(answer) = self.0.cycles.resource(tx.network, tx.scenario) {
            return Ok(answer);
        }
        let sub = match tx.scenario {
            Scenario::ForeignIdentity => "00000000-0000-4000-8000-000000000000".to_owned(),
            _ => self.subject(&tx),
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

/// Id and secret, each form-encoded before they are joined (RFC 6749 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    // "=" and "&" are escaped in form-encoded text, so that the whole is one name without a value.
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// RFC 6750 2.1.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
