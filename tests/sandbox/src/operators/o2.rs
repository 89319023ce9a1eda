//! O2: CAMARA Number Verification 2.1.0 over the authorization code flow of CAMARA's Security and Interoperability
//! Profile: PKCE, private_key_jwt, one purpose scope, access tokens that work once.

use std::net::SocketAddr;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::radio::Network;
use crate::scenarios::{self, Scenario};

use super::answers::{Refused, bad_request_page, no_store};
use super::flow::Back;
use super::ledger::{Step, Transaction, random};
use super::params::{Params, media_type};
use super::vodafone::bearer;
use super::{Operators, faults, now};

pub const AUTHORIZE: &str = "/o2/authorize";
pub const RESUME: &str = "/o2/resume";
pub const CONSENT: &str = "/o2/consent";
pub const TOKEN: &str = "/o2/token";

const SCOPE: &str = "openid dpv:FraudPreventionAndDetection number-verification:verify";
/// Seconds, the most that CAMARA allows.
const TOKEN_LIFETIME: u64 = 300;
const CORRELATOR: &str = "x-correlator";

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
    let iss = Some(operators.issuer(Network::O2));
    let back = Back { redirect_uri, state: own("state"), correlation_id: None, iss };
    let begun = check(&params).and_then(|()| {
        operators.begin(Transaction {
            network: Network::O2,
            scenario: scenarios::at(peer.ip()),
            back: back.clone(),
            nonce: own("nonce").unwrap_or_default(),
            code_challenge: own("code_challenge"),
            browser: random()?,
            msisdn: None,
            started: now(),
        })
    });
    begun.unwrap_or_else(|refused| back.error(&refused))
}

/// `acr_values` and `login_hint` are ignored, as the profile says.
fn check(params: &Params) -> Result<(), Refused> {
    let refuse = |text| Err(Refused::redirect("invalid_request", text));
    if params.any_twice() {
        return refuse("A parameter is there twice");
    }
    if params.get("request").is_some() {
        return Err(Refused::redirect("request_not_supported", "Request objects are not supported"));
    }
    if params.get("request_uri").is_some() {
        return Err(Refused::redirect("request_uri_not_supported", "Request URIs are not supported"));
    }
    match params.get("response_type") {
        None => return refuse("response_type is missing"),
        Some("code") => {}
        Some(_) => return Err(Refused::redirect("unsupported_response_type", "Only code is supported")),
    }
    let mut scopes: Vec<&str> = params.get("scope").unwrap_or_default().split(' ').collect();
    if scopes.iter().filter(|scope| scope.starts_with("dpv:")).count() != 1 {
        return Err(Refused::redirect("invalid_scope", "There must be exactly one purpose"));
    }
    let mut allowed: Vec<&str> = SCOPE.split(' ').collect();
    scopes.sort_unstable();
    allowed.sort_unstable();
    if scopes != allowed {
        return Err(Refused::redirect("invalid_scope", "The scope is unknown or not allowed for this client"));
    }
    if params.get("state").is_none() || params.get("nonce").is_none() {
        return refuse("state and nonce are required");
    }
    if params.get("prompt") != Some("none") {
        return refuse("prompt must be none");
    }
    if params.get("code_challenge_method") != Some("S256") || !params.get("code_challenge").is_some_and(is_sha256) {
        return refuse("PKCE with S256 is required");
    }
    Ok(())
}

/// `POST token`: private_key_jwt, PKCE, a code that works once.
pub async fn token(State(operators): State<Operators>, headers: HeaderMap, body: Bytes) -> Response {
    operators.o2_token(&headers, &body).await.unwrap_or_else(Refused::oauth)
}

/// `POST verify`. The correlator comes back, whatever the answer.
pub async fn verify(State(operators): State<Operators>, headers: HeaderMap, body: Bytes) -> Response {
    let correlator = headers.get(CORRELATOR);
    if correlator.is_some_and(|value| !is_correlator(value)) {
        return invalid("The x-correlator is malformed.").camara();
    }
    let mut response = operators.o2_verify(&headers, &body).unwrap_or_else(Refused::camara);
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR, correlator.clone());
    }
    response
}

pub async fn jwks(State(operators): State<Operators>) -> Result<Json<JwkSet>, StatusCode> {
    operators.0.keys.jwks(Network::O2).map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl Operators {
    async fn o2_token(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let form = Params::form(headers, body)?;
        self.check_assertion(&form, now())?;
        let verifier = form.need("code_verifier")?;
        let (code, tx) = self.redeem(Network::O2, &form)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if !is_verifier(verifier) || tx.code_challenge.as_ref() != Some(&challenge) {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_grant", "The code_verifier does not fit"));
        }
        faults::token(tx.scenario, self.0.settings.slow).await?;

        let now = now();
        let claims = json!({
            "iss": self.issuer(Network::O2), "sub": self.subject(&tx), "aud": self.0.settings.client_id,
            "iat": now / 1000, "exp": now / 1000 + TOKEN_LIFETIME, "auth_time": tx.started / 1000, "nonce": tx.nonce,
        });
        let flaw = self.0.cycles.flaw(tx.network, tx.scenario);
        let id_token = self.0.keys.id_token(tx.network, claims, flaw)?;
        let access_token = self.ledger().issue(&code, tx, now, TOKEN_LIFETIME * 1000)?;
        Ok(no_store(Json(json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME, "id_token": id_token,
            "scope": SCOPE,
        }))))
    }

    fn o2_verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
        let bearer = bearer(headers).unwrap_or_default();
        let tx = self.ledger().take(Step::Token, Network::O2, bearer, now()).ok_or_else(|| {
            let text = "Request not authenticated due to missing, invalid, or expired credentials.";
            Refused::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", text)
        })?;
        let asked = Asked::parse(headers, body).ok_or_else(|| invalid("Give phoneNumber or hashedPhoneNumber."))?;
        match tx.scenario {
            Scenario::UnknownUser | Scenario::PortedAway => {
                let text = "Device identifier not found.";
                return Err(Refused::new(StatusCode::NOT_FOUND, "IDENTIFIER_NOT_FOUND", text));
            }
            Scenario::NotRegistered => {
                let text = "The service is not available for the provided identifier.";
                return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "SERVICE_NOT_APPLICABLE", text));
            }
            _ => {}
        }
        if let Some(answer) = self.0.cycles.resource(tx.network, tx.scenario) {
            return Ok(answer);
        }
        let verified = tx.msisdn.is_some_and(|msisdn| asked.is(&msisdn));
        Ok(Json(json!({ "devicePhoneNumberVerified": verified })).into_response())
    }
}

/// The body of `verify`: exactly one of the two.
enum Asked {
    Plain(String),
    Hashed(String),
}

impl Asked {
    fn parse(headers: &HeaderMap, body: &[u8]) -> Option<Asked> {
        if !media_type(headers)?.eq_ignore_ascii_case("application/json") {
            return None;
        }
        let body: Value = serde_json::from_slice(body).ok()?;
        match (body.get("phoneNumber"), body.get("hashedPhoneNumber")) {
            (Some(Value::String(number)), None) if is_e164(number) => Some(Asked::Plain(number.clone())),
            (None, Some(Value::String(hash))) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Some(Asked::Hashed(hash.to_ascii_lowercase()))
            }
            _ => None,
        }
    }

    fn is(&self, msisdn: &str) -> bool {
        match self {
            Asked::Plain(number) => number == msisdn,
            Asked::Hashed(hash) => *hash == hex::encode(Sha256::digest(msisdn)),
        }
    }
}

fn invalid(text: &'static str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", text)
}

/// `^\+[1-9][0-9]{4,14}$`.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (5..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// `^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$`.
fn is_correlator(value: &HeaderValue) -> bool {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-_:;./<>{}".contains(b);
    value.len() <= 256 && value.as_bytes().iter().all(allowed)
}

/// RFC 7636 4.2: base64url of 32 bytes.
fn is_sha256(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// RFC 7636 4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}
