//! The operators' signing keys, fresh at every start, and the id tokens made with them: right ones, and the wrong ones
//! that a client must refuse.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::radio::Network;

use super::StartError;

pub struct Keys {
    /// Vodafone's: RS256.
    vodafone: EncodingKey,
    /// O2's: ES256.
    o2: EncodingKey,
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
    pub fn generate() -> Result<Keys, StartError> {
        let rsa = KeyPair::generate(KeySize::Rsa2048).map_err(|_| StartError::SigningKeys)?;
        let rsa: Pkcs8V1Der = rsa.as_der().map_err(|_| StartError::SigningKeys)?;
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| StartError::SigningKeys)?;
        let ec = ec.to_pkcs8v1().map_err(|_| StartError::SigningKeys)?;
        Ok(Keys {
            // The DER constructor wants the older PKCS#1; the PEM one unwraps PKCS#8.
            vodafone: EncodingKey::from_rsa_pem(pem(rsa.as_ref()).as_bytes()).map_err(|_| StartError::SigningKeys)?,
            o2: EncodingKey::from_ec_der(ec.as_ref()),
        })
    }

    fn of(&self, network: Network) -> (&EncodingKey, Algorithm, &'static str) {
        match network {
            Network::Vodafone => (&self.vodafone, Algorithm::RS256, "vodafone-1"),
            Network::O2 => (&self.o2, Algorithm::ES256, "o2-1"),
        }
    }

    /// RFC 7517.
    pub fn jwks(&self, network: Network) -> jsonwebtoken::errors::Result<JwkSet> {
        let (key, algorithm, kid) = self.of(network);
        let mut jwk = Jwk::from_encoding_key(key, algorithm)?;
        jwk.common.key_id = Some(kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(JwkSet { keys: vec![jwk] })
    }

    /// A compact JWS of the claims, wrong in the way that is asked for.
    pub fn id_token(
        &self,
        network: Network,
        mut claims: Value,
        flaw: Option<Flaw>,
    ) -> jsonwebtoken::errors::Result<String> {
        let (key, algorithm, kid) = self.of(network);
        match flaw {
            Some(Flaw::Nonce) => claims["nonce"] = json!("another-nonce"),
            Some(Flaw::Audience) => claims["aud"] = json!("another-client"),
            Some(Flaw::Unsigned) => {
                let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                return Ok(format!("{}.{}.", encode(&json!({ "alg": "none", "typ": "JWT" })), encode(&claims)));
            }
            Some(Flaw::Symmetric) => {
                let public = json!(Jwk::from_encoding_key(key, algorithm)?).to_string();
                let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
                return jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(public.as_bytes()));
            }
            Some(Flaw::Issuer) => claims["iss"] = json!("https://another-operator.example"),
            Some(Flaw::Expired) => {
                let hour_ago = claims["iat"].as_u64().unwrap_or_default().saturating_sub(3600);
                (claims["iat"], claims["exp"]) = (json!(hour_ago.saturating_sub(300)), json!(hour_ago));
            }
            Some(Flaw::Key) | None => {}
        }
        let kid = if matches!(flaw, Some(Flaw::Key)) { "never-published" } else { kid };
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims, key)
    }
}

fn pem(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
