//! The token requests' common part: who the client is (O2: RFC 7523, as narrowed by CAMARA's profile), what the code gives,
//! and under which name the user is known to this client.

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::radio::Network;

use super::ledger::Transaction;
use super::params::Params;
use super::{Operators, answers::Refused, now, o2};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds that an assertion may live.
const ASSERTION_LIFETIME: u64 = 300;
/// Seconds that the clocks may differ.
const LEEWAY: u64 = 5;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// A single string: a list could name other servers, to which the assertion would be good too.
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
}

impl Operators {
    /// private_key_jwt. `now` in Unix milliseconds.
    pub fn check_assertion(&self, form: &Params, now: u64) -> Result<(), Refused> {
        let refuse = |text: &'static str| Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", text);
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(refuse("client_assertion_type is missing or unknown"));
        }
        let client_id = &self.0.settings.client_id;
        if form.get("client_id").is_some_and(|id| id != client_id) {
            return Err(refuse("client_id is not that of the assertion"));
        }
        let mut signature_only = Validation::new(Algorithm::ES256);
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        let assertion = form.get("client_assertion").unwrap_or_default();
        let claims = decode::<Claims>(assertion, &self.0.client_key, &signature_only)
            .map_err(|_| refuse("The assertion's signature or claims are invalid"))?
            .claims;

        let seconds = now / 1000;
        if claims.iss != *client_id || claims.sub != *client_id {
            return Err(refuse("iss and sub must be the client_id"));
        }
        if claims.aud != self.public(o2::TOKEN) {
            return Err(refuse("aud must be the address of the token endpoint"));
        }
        if claims.exp <= seconds || claims.iat > seconds + LEEWAY {
            return Err(refuse("The assertion is expired, or from the future"));
        }
        if claims.exp.saturating_sub(claims.iat) > ASSERTION_LIFETIME {
            return Err(refuse("The assertion lives longer than 300 seconds"));
        }
        if claims.jti.is_empty() || !self.ledger().first_use(&claims.jti, claims.exp * 1000, now) {
            return Err(refuse("jti is empty or was used before"));
        }
        Ok(())
    }

    /// The code of the form, and its transaction. The code is used up even if the rest does not fit.
    pub fn redeem(&self, network: Network, form: &Params) -> Result<(String, Transaction), Refused> {
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
            .chain_update(tx.network.id())
            .chain_update(tx.msisdn.as_deref().unwrap_or_default())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
