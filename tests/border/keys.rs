//! Key pairs of one test run.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA512, RsaKeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};

pub struct Key {
    /// PKCS#8 PEM.
    pub private: String,
    /// SubjectPublicKeyInfo PEM.
    pub public: String,
    encoding: EncodingKey,
    algorithm: Algorithm,
}

impl Key {
    pub fn es256() -> Self {
        sna_jws::install();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let private = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        let encoding = EncodingKey::from_ec_pem(private.as_bytes()).unwrap();
        Self { private, public: pem("PUBLIC KEY", public.as_ref()), encoding, algorithm: Algorithm::ES256 }
    }

    pub fn rs256() -> Self {
        sna_jws::install();
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let private = pem("PRIVATE KEY", private.as_ref());
        let encoding = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
        Self { private, public: pem("PUBLIC KEY", public.as_ref()), encoding, algorithm: Algorithm::RS256 }
    }

    pub fn jwk(&self, kid: &str) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        jwk
    }

    pub fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        self.sign_with(&Header { kid: kid.map(str::to_owned), ..Header::new(self.algorithm) }, claims)
    }

    /// A good signature of an RSA key, by an algorithm that we do not take.
    pub fn rs512(&self, kid: &str, claims: &Value) -> String {
        let base64: String = self.private.lines().filter(|line| !line.starts_with('-')).collect();
        let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(base64).unwrap()).unwrap();
        let parts = [&json!({ "typ": "JWT", "alg": "RS512", "kid": kid }), claims];
        let text = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.encoding).unwrap()
    }
}

/// RFC 7468: base64 in lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
