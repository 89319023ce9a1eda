//! Signatures with operators: our client assertion (RFC 7523), claims and texts that an adapter wants signed, and the
//! check of an operator's signature against its JWKS or one key of it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use ring::hmac;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sna_adapter::{Answer, HttpRequest, Key, Unreachable};

use crate::{credentials::Credentials, http::Http, step::Errand};

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
    sign(credentials, &claims, Key::Private, None, &[])
}

/// `claims` as a compact JWT, with these in its header. `None`: no such key, or one that cannot sign.
pub fn sign(
    credentials: &Credentials,
    claims: &Value,
    key: Key,
    typ: Option<&str>,
    certificates: &[String],
) -> Option<String> {
    let (key, mut header) = match key {
        Key::Private => {
            let pem = credentials.private_key.as_ref()?.expose_secret().as_bytes();
            let algorithm = credentials.algorithm.unwrap_or(Algorithm::ES256);
            let key = match algorithm {
                Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
                _ => EncodingKey::from_rsa_pem(pem),
            };
            (key, Header { kid: credentials.key_id.clone(), ..Header::new(algorithm) })
        }
        Key::ClientSecret => {
            let secret = credentials.client_secret.as_ref()?.expose_secret();
            (Ok(EncodingKey::from_secret(secret.as_bytes())), Header::new(Algorithm::HS256))
        }
    };
    if typ.is_some() {
        header.typ = typ.map(str::to_owned);
    }
    header.x5c = (!certificates.is_empty()).then(|| certificates.to_vec());
    sna_jws::install();
    key.and_then(|key| encode(&header, claims, &key))
        .inspect_err(|error| tracing::error!(%error, "cannot sign with an operator's key"))
        .ok()
}

/// HMAC-SHA256 (RFC 2104) under the client secret, in lower-case hex. `None`: there is no secret.
pub fn mac(credentials: &Credentials, text: &str) -> Option<String> {
    let secret = credentials.client_secret.as_ref()?.expose_secret();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    Some(hex::encode(hmac::sign(&key, text.as_bytes())))
}

/// SHA-256 with the client secret in the middle, in lower-case hex. `None`: there is no secret.
pub fn digest(credentials: &Credentials, before: &str, after: &str) -> Option<String> {
    let secret = credentials.client_secret.as_ref()?.expose_secret();
    let hash = Sha256::new().chain_update(before).chain_update(secret).chain_update(after).finalize();
    Some(hex::encode(hash))
}

/// The claims of a JWT that this public key signed; `None` for every forgery.
pub fn verify_with(jwt: &str, jwk: &Value) -> Option<Value> {
    let jwk = Jwk::deserialize(jwk).ok().filter(may_check)?;
    check(jwt, acceptable(jwt)?.alg, &jwk)
}

/// The header of a JWT whose algorithm is one of ours.
fn acceptable(jwt: &str) -> Option<Header> {
    // RFC 7515 4.1.11: an extension that we do not know must not be passed over.
    decode_header(jwt).ok().filter(|header| ACCEPTED.contains(&header.alg) && header.crit.is_none())
}

/// The signature alone: the claims are the adapter's to judge.
fn check(jwt: &str, algorithm: Algorithm, jwk: &Jwk) -> Option<Value> {
    sna_jws::install();
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = DecodingKey::from_jwk(jwk).and_then(|key| decode::<Value>(jwt, &key, &validation));
    claims.ok().map(|data| data.claims)
}

/// Operators' public keys by JWKS address.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<String, (u64, JwkSet)>>);

impl Keys {
    /// Checks the signature of `jwt`; an unknown key id fetches the keys again, once.
    pub async fn verify(&self, http: &Http, errand: &Errand<'_>, jwt: &str, jwks_uri: &str) -> Answer {
        let Some(header) = acceptable(jwt) else { return Answer::Rejected };
        // The keys of one operator are not another's, cached or not.
        if !errand.operator.lists(jwks_uri) {
            return Answer::Unreachable { reason: Unreachable::Forbidden };
        }
        let cached = self.cached(jwks_uri, errand.now);
        let jwk = match cached.as_ref().and_then(|keys| find(keys, header.kid.as_deref())) {
            Some(jwk) => jwk.clone(),
            None => match self.fetch(http, errand, jwks_uri).await {
                Err(answer) => return answer,
                Ok(keys) => match find(&keys, header.kid.as_deref()) {
                    Some(jwk) => jwk.clone(),
                    None => return Answer::Rejected,
                },
            },
        };
        check(jwt, header.alg, &jwk).map_or(Answer::Rejected, |claims| Answer::Verified { claims })
    }

    fn cached(&self, jwks_uri: &str, now: u64) -> Option<JwkSet> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(jwks_uri).filter(|(at, _)| at + JWKS_SECONDS > now).map(|(_, keys)| keys.clone())
    }

    async fn fetch(&self, http: &Http, errand: &Errand<'_>, jwks_uri: &str) -> Result<JwkSet, Answer> {
        let request = HttpRequest { method: "GET".into(), url: jwks_uri.into(), ..HttpRequest::default() };
        let response = match http.send(errand, &request).await {
            Answer::Http(response) if response.status == 200 => response,
            Answer::Http(_) => return Err(Answer::Unreachable { reason: Unreachable::Failed }),
            other => return Err(other),
        };
        let keys = parse(&response.body).ok_or(Answer::Unreachable { reason: Unreachable::Failed })?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(jwks_uri.to_owned(), (errand.now, keys.clone()));
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
    Some(JwkSet { keys: known.filter(may_check).collect() })
}

fn may_check(key: &Jwk) -> bool {
    key.common.public_key_use != Some(PublicKeyUse::Encryption)
}

/// The key named by `kid`; without a name only where there is but one.
fn find<'a>(keys: &'a JwkSet, kid: Option<&str>) -> Option<&'a Jwk> {
    match kid {
        Some(kid) => keys.find(kid),
        None => keys.keys.first().filter(|_| keys.keys.len() == 1),
    }
}
