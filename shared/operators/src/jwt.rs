//! JWTs with operators: our client assertion (RFC 7523), claims that an adapter wants signed, and the
//! check of an operator's signature against its JWKS.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sna_adapter::{Answer, HttpRequest, Unreachable};

use crate::{
    http::Http,
    table::{Credentials, Operator},
};

/// Well under the 300 s that operators accept.
const ASSERTION_SECONDS: u64 = 120;
/// How long an operator's keys are kept before they are fetched again.
const JWKS_SECONDS: u64 = 300;
/// Public-key algorithms only: an HMAC "signed" with a public key, or `none`, is a forgery.
pub const ACCEPTED: [Algorithm; 3] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];

/// `client_assertion` for `private_key_jwt`. `None`: no key, or one that cannot sign.
pub fn assertion(credentials: &Credentials, client_id: &str, audience: &str, now: u64) -> Option<String> {
    let mut jti = [0; 16];
    getrandom::fill(&mut jti).ok()?;
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": audience,
        "jti": hex::encode(jti), "iat": now, "exp": now + ASSERTION_SECONDS,
    });
    sign(credentials, &claims)
}

/// `claims` as a compact JWT under the operator's private key.
pub fn sign(credentials: &Credentials, claims: &Value) -> Option<String> {
    let pem = credentials.private_key.as_ref()?.expose_secret();
    let algorithm = credentials.algorithm.unwrap_or(Algorithm::ES256);
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
    };
    let header = Header { kid: credentials.key_id.clone(), ..Header::new(algorithm) };
    key.and_then(|key| encode(&header, claims, &key))
        .inspect_err(|error| tracing::error!(%error, "cannot sign with an operator's private key"))
        .ok()
}

/// Operators' public keys by JWKS address.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<String, (u64, JwkSet)>>);

impl Keys {
    /// Checks the signature of `jwt`; an unknown key id fetches the keys again, once.
    pub async fn verify(&self, http: &Http, operator: &Operator, jwt: &str, jwks_uri: &str, now: u64) -> Answer {
        let Ok(header) = decode_header(jwt) else { return Answer::Rejected };
        // RFC 7515 4.1.11: an extension that we do not know must not be passed over.
        if !ACCEPTED.contains(&header.alg) || header.crit.is_some() {
            return Answer::Rejected;
        }
        // The keys of one operator are not another's, cached or not.
        if !operator.lists(jwks_uri) {
            return Answer::Unreachable { reason: Unreachable::Forbidden };
        }
        let cached = self.cached(jwks_uri, now);
        let jwk = match cached.as_ref().and_then(|keys| find(keys, header.kid.as_deref())) {
            Some(jwk) => jwk.clone(),
            None => match self.fetch(http, operator, jwks_uri, now).await {
                Err(answer) => return answer,
                Ok(keys) => match find(&keys, header.kid.as_deref()) {
                    Some(jwk) => jwk.clone(),
                    None => return Answer::Rejected,
                },
            },
        };
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = DecodingKey::from_jwk(&jwk).and_then(|key| decode::<Value>(jwt, &key, &validation));
        claims.map_or(Answer::Rejected, |data| Answer::Verified { claims: data.claims })
    }

    fn cached(&self, jwks_uri: &str, now: u64) -> Option<JwkSet> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(jwks_uri).filter(|(at, _)| at + JWKS_SECONDS > now).map(|(_, keys)| keys.clone())
    }

    async fn fetch(&self, http: &Http, operator: &Operator, jwks_uri: &str, now: u64) -> Result<JwkSet, Answer> {
        let request = HttpRequest { method: "GET".into(), url: jwks_uri.into(), ..HttpRequest::default() };
        let response = match http.send(operator, &request, now).await {
            Answer::Http(response) if response.status == 200 => response,
            Answer::Http(_) => return Err(Answer::Unreachable { reason: Unreachable::Failed }),
            other => return Err(other),
        };
        let keys = parse(&response.body).ok_or(Answer::Unreachable { reason: Unreachable::Failed })?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(jwks_uri.to_owned(), (now, keys.clone()));
        Ok(keys)
    }
}

/// The keys to check signatures with; one of a kind that we do not know costs the others nothing (RFC 7517 5).
fn parse(jwks: &str) -> Option<JwkSet> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let known = serde_json::from_str::<Set>(jwks).ok()?.keys.into_iter().filter_map(|key| Jwk::deserialize(key).ok());
    Some(JwkSet { keys: known.filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption)).collect() })
}

/// The key named by `kid`; without a name only where there is but one.
fn find<'a>(keys: &'a JwkSet, kid: Option<&str>) -> Option<&'a Jwk> {
    match kid {
        Some(kid) => keys.find(kid),
        None => keys.keys.first().filter(|_| keys.keys.len() == 1),
    }
}
