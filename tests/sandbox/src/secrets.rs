//! The keys of one run. All are made at the start and die with it: there is nothing to leak, to rotate or to commit.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sna_tokens::{InvalidKey, SigningKey};

/// The operating system gave no randomness, or a key could not be made of it.
#[derive(Debug, thiserror::Error)]
#[error("could not make the {0}")]
pub struct NoKey(&'static str);

/// What a deployment would keep in its secret store. No `Debug`: it would print them.
pub struct Secrets {
    /// PASERK `k4.secret`, and the `k4.public` that belongs to it.
    pub token_key: String,
    pub token_public_key: String,
    /// The same for statements.
    pub statement_key: String,
    pub statement_public_key: String,
    /// 32 random bytes each, as 64 hex digits.
    pub customer_pepper: String,
    pub otp_pepper: String,
    /// The gateway's credentials at every operator.
    pub operator_client_secret: String,
    /// ES256, PEM: PKCS#8 for the gateway, SubjectPublicKeyInfo for the operators.
    pub operator_private_key: String,
    pub operator_public_key: String,
    pub operator_api_key: String,
    /// 32 random bytes, as 64 hex digits.
    pub operator_decryption_key: String,
    /// The gateway's credentials at the number lookup.
    pub lookup_key: String,
    pub lookup_secret: String,
}

impl Secrets {
    /// # Errors
    /// [`NoKey`] names the one that could not be made.
    pub fn generate() -> Result<Secrets, NoKey> {
        let (token_key, token_public_key) = paserk_pair().map_err(|_| NoKey("token key"))?;
        let (statement_key, statement_public_key) = paserk_pair().map_err(|_| NoKey("statement key"))?;
        let (operator_private_key, operator_public_key) = es256_pair().map_err(|_| NoKey("ES256 key pair"))?;
        Ok(Secrets {
            token_key,
            token_public_key,
            statement_key,
            statement_public_key,
            customer_pepper: random_hex()?,
            otp_pepper: random_hex()?,
            operator_client_secret: random_hex()?,
            operator_private_key,
            operator_public_key,
            operator_api_key: random_hex()?,
            operator_decryption_key: random_hex()?,
            lookup_key: random_hex()?,
            lookup_secret: random_hex()?,
        })
    }
}

fn random_hex() -> Result<String, NoKey> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoKey("random secret"))?;
    Ok(hex::encode(bytes))
}

fn paserk_pair() -> Result<(String, String), InvalidKey> {
    let key = SigningKey::generate()?;
    Ok((key.paserk()?, key.public_paserk()?))
}

fn es256_pair() -> Result<(String, String), aws_lc_rs::error::Unspecified> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let public: PublicKeyX509Der = pair.public_key().as_der()?;
    Ok((pem("PRIVATE KEY", document.as_ref()), pem("PUBLIC KEY", public.as_ref())))
}

/// RFC 7468: base64 in lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use jsonwebtoken::{DecodingKey, EncodingKey};

    use super::es256_pair;

    #[test]
    fn both_halves_of_the_operator_key_are_pem_that_a_jwt_library_reads() {
        let (private, public) = es256_pair().unwrap();
        EncodingKey::from_ec_pem(private.as_bytes()).unwrap();
        DecodingKey::from_ec_pem(public.as_bytes()).unwrap();
    }
}
