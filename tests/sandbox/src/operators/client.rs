//! The token requests' common part: who the client is (Basic, a secret in the form, or RFC 7523 as narrowed by CAMARA's
//! profile), what the code gives, and under which name the user is known to this client.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use uuid::Builder;

use crate::profiles::Network;

use super::ledger::Transaction;
use super::params::Params;
use super::{Operators, answers::Refused, now};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds that an assertion or a request object may live.
const LIFETIME: u64 = 300;
/// Seconds that the clocks may differ.
const LEEWAY: u64 = 5;

/// How a client proves itself at an operator's token endpoint.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    Basic,
    /// The secret in the form.
    Post,
    PrivateKeyJwt,
}

#[derive(Clone, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(flatten)]
    once: Once,
}

/// What makes a signed statement of the client good for one endpoint, once, and not for long.
#[derive(Clone, Deserialize)]
pub struct Once {
    /// A single string: a list could name other servers, to which the statement would be good too.
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
}

impl Operators {
    /// The client of a token request at this address, or its refusal.
    pub fn check_client(
        &self,
        auth: ClientAuth,
        headers: &HeaderMap,
        form: &Params,
        endpoint: &str,
    ) -> Result<(), Refused> {
        match auth {
            ClientAuth::PrivateKeyJwt => self.check_assertion(form, endpoint, now()),
            ClientAuth::Basic | ClientAuth::Post => {
                let settings = &self.0.settings;
                let known = match auth {
                    ClientAuth::Post => {
                        let posted = (form.get("client_id"), form.get("client_secret"));
                        posted == (Some(&settings.client_id), Some(&settings.client_secret))
                    }
                    _ => basic(headers) == Some((settings.client_id.clone(), settings.client_secret.clone())),
                };
                known.then_some(()).ok_or_else(|| invalid_client("Client authentication failed"))
            }
        }
    }

    /// private_key_jwt for the endpoint at this address. `now` in Unix milliseconds.
    fn check_assertion(&self, form: &Params, endpoint: &str, now: u64) -> Result<(), Refused> {
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(invalid_client("client_assertion_type is missing or unknown"));
        }
        let client_id = &self.0.settings.client_id;
        if form.get("client_id").is_some_and(|id| id != client_id) {
            return Err(invalid_client("client_id is not that of the assertion"));
        }
        let assertion = form.get("client_assertion").unwrap_or_default();
        let claims: Claims = self
            .signed(assertion, "JWT")
            .ok_or_else(|| invalid_client("The assertion's signature or claims are invalid"))?;
        if claims.iss != *client_id || claims.sub != *client_id {
            return Err(invalid_client("iss and sub must be the client_id"));
        }
        self.once(&claims.once, endpoint, now).map_err(invalid_client)
    }

    /// The claims of a JWT that the client signed, with this `typ` in its header.
    pub fn signed<T: DeserializeOwned + Clone>(&self, jwt: &str, typ: &str) -> Option<T> {
        let mut signature_only = Validation::new(Algorithm::ES256);
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        let decoded = decode::<T>(jwt, &self.0.client_key, &signature_only).ok()?;
        (decoded.header.typ.as_deref() == Some(typ)).then_some(decoded.claims)
    }

    /// Is the statement good for this address, now, and for the first time? `now` in Unix milliseconds.
    pub fn once(&self, claims: &Once, endpoint: &str, now: u64) -> Result<(), &'static str> {
        let seconds = now / 1000;
        if claims.aud != endpoint {
            return Err("aud must be the address of the endpoint");
        }
        if claims.exp <= seconds || claims.iat > seconds + LEEWAY {
            return Err("It is expired, or from the future");
        }
        if claims.exp.saturating_sub(claims.iat) > LIFETIME {
            return Err("It lives longer than 300 seconds");
        }
        if claims.jti.is_empty() || !self.ledger().first_use(&claims.jti, claims.exp * 1000, now) {
            return Err("jti is empty or was used before");
        }
        Ok(())
    }

    /// The code of the form, and its transaction. The code is used up even if the rest does not fit.
    pub fn redeem(&self, network: &Network, form: &Params) -> Result<(String, Transaction), Refused> {
        if form.need("grant_type")? != "authorization_code" {
            let text = "grant_type must be authorization_code";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
        }
        let (code, redirect_uri) = (form.need("code")?, form.need("redirect_uri")?);
        let tx = self.ledger().take_code(network, code, now());
        let fits = tx.filter(|tx| tx.back.redirect_uri == redirect_uri);
        let tx = fits.ok_or_else(|| {
            let text = "The code is unknown, used or expired, or the redirect_uri is another";
            Refused::new(StatusCode::BAD_REQUEST, "invalid_grant", text)
        })?;
        Ok((code.to_owned(), tx))
    }

    /// Stable for a user and an operator, and says nothing of the number (OpenID Connect Core 8.1).
    pub fn subject(&self, tx: &Transaction) -> String {
        let hash = Sha256::new()
            .chain_update(self.0.pairwise_salt)
            .chain_update(&tx.network.id)
            .chain_update(tx.msisdn.as_deref().unwrap_or_default())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

fn invalid_client(text: &'static str) -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", text)
}

/// Id and secret, each form-encoded before they are joined (RFC 6749 2.3.1).
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
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
