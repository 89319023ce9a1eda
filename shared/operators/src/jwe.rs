//! What an operator encrypts for us: compact JWE (RFC 7516), read in the two forms that are agreed and in no other.
//!
//! `ECDH-ES` with `A128GCM` is for a P-256 key of one session, derived from the operator's decryption key and the
//! session's nonce: no private key is ever stored, and what was encrypted for one session another cannot read.
//! `dir` with `A256GCM` is under the operator's decryption key itself, which the operator has too.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
// ring agrees on keys that it made itself and forgets, never on one that is derived.
use p256::{PublicKey as Point, SecretKey, elliptic_curve::sec1::ToSec1Point as _};
use ring::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::credentials::DecryptionKey;

/// As large as a customer's whole request may be.
const MAX_JWE: usize = 16 * 1024;
/// Separates this use of the decryption key from every other.
const LABEL: &[u8] = b"sna ECDH-ES P-256 ";

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    epk: Option<PublicKey>,
    #[serde(default)]
    apu: String,
    #[serde(default)]
    apv: String,
    /// RFC 7516 4.1.3: a plaintext that grows. RFC 7516 4.1.13: an extension that must not be passed over.
    zip: Option<Value>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct PublicKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// The public JWK of the session with this nonce. `None`: there is no session yet.
pub fn public_key(secret: &DecryptionKey, nonce: &str) -> Option<Value> {
    let point = private_key(secret, nonce)?.public_key().to_sec1_point(false);
    let [x, y] = [point.x()?, point.y()?].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    Some(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc", "alg": "ECDH-ES" }))
}

/// The plaintext; `None` where anything about `jwe` is not as agreed.
pub fn decrypt(secret: &DecryptionKey, nonce: &str, jwe: &str) -> Option<String> {
    if jwe.len() > MAX_JWE {
        return None;
    }
    let parts: Vec<&str> = jwe.split('.').collect();
    // Neither form has an encrypted key.
    let [protected, "", iv, ciphertext, tag] = *parts.as_slice() else { return None };
    let header: Header = serde_json::from_slice(&decode(protected)?).ok()?;
    if header.zip.is_some() || header.crit.is_some() {
        return None;
    }
    let text = match (header.alg.as_str(), header.enc.as_str()) {
        ("ECDH-ES", "A128GCM") => {
            let key = agreed_key(&private_key(secret, nonce)?, &header)?;
            open(&AES_128_GCM, &key, protected, iv, ciphertext, tag)
        }
        ("dir", "A256GCM") => open(&AES_256_GCM, secret.expose_secret(), protected, iv, ciphertext, tag),
        _ => None,
    }?;
    String::from_utf8(text).ok()
}

/// RFC 7516 5.2 with an AES-GCM (RFC 7518 5.3).
fn open(
    algorithm: &'static Algorithm,
    key: &[u8],
    protected: &str,
    iv: &str,
    ciphertext: &str,
    tag: &str,
) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(&decode(iv)?).ok()?;
    let tag = decode(tag).filter(|tag| tag.len() == algorithm.tag_len())?;
    let mut text = decode(ciphertext)?;
    text.extend(tag);
    let len = key.open_in_place(nonce, Aad::from(protected), &mut text).ok()?.len();
    text.truncate(len);
    Some(text)
}

/// RFC 7518 4.6: the key that both sides agree on, for A128GCM.
fn agreed_key(own: &SecretKey, header: &Header) -> Option<[u8; 16]> {
    let epk = header.epk.as_ref().filter(|epk| epk.kty == "EC" && epk.crv == "P-256")?;
    let [x, y] = [&epk.x, &epk.y].map(|part| decode(part).filter(|part| part.len() == 32));
    // SEC 1 2.3.3: 4, x, y. A point that is not on the curve is refused.
    let theirs = Point::from_sec1_bytes(&[vec![4], x?, y?].concat()).ok()?;
    Some(concat_kdf(own.diffie_hellman(&theirs).raw_secret_bytes(), &decode(&header.apu)?, &decode(&header.apv)?))
}

/// RFC 7518 4.6.2 (NIST SP 800-56A 5.8.1) for 128 bits: one round of SHA-256.
fn concat_kdf(shared: &[u8], apu: &[u8], apv: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new_with_prefix(1_u32.to_be_bytes());
    hash.update(shared);
    for part in [b"A128GCM", apu, apv] {
        hash.update((part.len() as u32).to_be_bytes());
        hash.update(part);
    }
    hash.update(128_u32.to_be_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

/// HKDF-SHA256 (RFC 5869) of the decryption key; the next counter where 32 bytes are no scalar of P-256, once in 2^32.
fn private_key(secret: &DecryptionKey, nonce: &str) -> Option<SecretKey> {
    if nonce.is_empty() {
        return None;
    }
    let key = Salt::new(HKDF_SHA256, &[]).extract(secret.expose_secret());
    (0..=u8::MAX).find_map(|counter| {
        let mut scalar = [0; 32];
        key.expand(&[LABEL, nonce.as_bytes(), &[counter]], Scalar).ok()?.fill(&mut scalar).ok()?;
        SecretKey::from_slice(&scalar).ok()
    })
}

struct Scalar;

impl KeyType for Scalar {
    fn len(&self) -> usize {
        32
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
#[path = "jwe_tests.rs"]
mod tests;
