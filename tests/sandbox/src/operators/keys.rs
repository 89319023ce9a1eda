//! The operators' signing keys, fresh at every start, and the id tokens made with them: right ones, and the wrong ones
//! that a client must refuse.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::profiles::Network;

/// An RSA key takes long to make: one, made at the start, serves all that sign with it, each under its own key id. The
/// others have a key each, made when it is first needed.
pub struct Keys {
    rsa: Arc<EncodingKey>,
    /// By the network's id.
    ec: Mutex<HashMap<String, Arc<EncodingKey>>>,
}

/// How an id token is wrong.
#[derive(Clone, Copy, Debug)]
pub enum Flaw {
    Nonce,
    Audience,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// HS256, and the secret is the published key as JSON.
    Symmetric,
    Issuer,
    Expired,
    /// A key id that the JWKS does not have.
    Key,
}

impl Keys {
    pub fn generate() -> Result<Keys, Error> {
        sna_jws::install();
        Ok(Keys { rsa: Arc::new(rsa()?), ec: Mutex::default() })
    }

    fn of(&self, network: &Network, algorithm: Algorithm) -> Result<Arc<EncodingKey>, Error> {
        if algorithm != Algorithm::ES256 {
            return Ok(self.rsa.clone());
        }
        let mut keys = self.ec.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&network.id) {
            return Ok(key.clone());
        }
        let key = Arc::new(ec()?);
        keys.insert(network.id.clone(), key.clone());
        Ok(key)
    }

    /// RFC 7517.
    pub fn jwks(&self, network: &Network, algorithm: Algorithm) -> Result<JwkSet, Error> {
        let mut jwk = Jwk::from_encoding_key(&*self.of(network, algorithm)?, algorithm)?;
        jwk.common.key_id = Some(kid(network));
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(JwkSet { keys: vec![jwk] })
    }

    /// The claims as an id_token, wrong in the way that is asked for.
    pub fn id_token(
        &self,
        network: &Network,
        algorithm: Algorithm,
        claims: Value,
        flaw: Option<Flaw>,
    ) -> Result<String, Error> {
        self.jwt(network, algorithm, "JWT", claims, flaw)
    }

    /// A compact JWS of the claims with this `typ`, wrong in the way that is asked for.
    pub fn jwt(
        &self,
        network: &Network,
        algorithm: Algorithm,
        typ: &str,
        mut claims: Value,
        flaw: Option<Flaw>,
    ) -> Result<String, Error> {
        let (key, kid) = (self.of(network, algorithm)?, kid(network));
        let header = |algorithm, kid| Header { kid: Some(kid), typ: Some(typ.to_owned()), ..Header::new(algorithm) };
        match flaw {
            Some(Flaw::Nonce) => claims["nonce"] = json!("another-nonce"),
            Some(Flaw::Audience) => claims["aud"] = json!("another-client"),
            Some(Flaw::Unsigned) => {
                let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                return Ok(format!("{}.{}.", encode(&json!({ "alg": "none", "typ": typ })), encode(&claims)));
            }
            Some(Flaw::Symmetric) => {
                let public = json!(Jwk::from_encoding_key(&key, algorithm)?).to_string();
                let header = header(Algorithm::HS256, kid);
                return jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(public.as_bytes()));
            }
            Some(Flaw::Issuer) => claims["iss"] = json!("https://another-operator.example"),
            Some(Flaw::Expired) => {
                let hour_ago = claims["iat"].as_u64().unwrap_or_default().saturating_sub(3600);
                (claims["iat"], claims["exp"]) = (json!(hour_ago.saturating_sub(300)), json!(hour_ago));
            }
            Some(Flaw::Key) | None => {}
        }
        let kid = if matches!(flaw, Some(Flaw::Key)) { "never-published".to_owned() } else { kid };
        jsonwebtoken::encode(&header(algorithm, kid), &claims, &key)
    }
}

fn kid(network: &Network) -> String {
    format!("{}-1", network.id)
}

fn ec() -> Result<EncodingKey, Error> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unmade)?;
    Ok(EncodingKey::from_ec_der(key.to_pkcs8v1().map_err(unmade)?.as_ref()))
}

fn rsa() -> Result<EncodingKey, Error> {
    let key: Pkcs8V1Der = KeyPair::generate(KeySize::Rsa2048).and_then(|key| key.as_der()).map_err(unmade)?;
    // The DER constructor wants the older PKCS#1; the PEM one unwraps PKCS#8.
    EncodingKey::from_rsa_pem(pem(key.as_ref()).as_bytes())
}

fn unmade(_: Unspecified) -> Error {
    Error::from(ErrorKind::InvalidKeyFormat)
}

fn pem(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
