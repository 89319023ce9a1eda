//! Signatures under a private key or a secret.

use jsonwebtoken::{
    Algorithm, EncodingKey,
    crypto::JwtSigner,
    errors::{ErrorKind, Result},
    signature::{Error, Signer},
};
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point as _, pkcs8::DecodePrivateKey as _};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};

enum Key {
    Hmac(hmac::Key),
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

struct Ring(Algorithm, Key);

pub fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    crate::fits(*algorithm, key.family())?;
    let key = match algorithm {
        Algorithm::ES256 => Key::Ec(ec(key.as_bytes())?),
        Algorithm::RS256 => Key::Rsa(rsa(key.as_bytes())?, &RSA_PKCS1_SHA256),
        Algorithm::PS256 => Key::Rsa(rsa(key.as_bytes())?, &RSA_PSS_SHA256),
        _ => Key::Hmac(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())),
    };
    Ok(Box::new(Ring(*algorithm, key)))
}

/// PKCS#8. RFC 5915 3 lets the public key be left out, and Java does; ring wants it, and checks that it is the right one.
pub fn ec(der: &[u8]) -> Result<EcdsaKeyPair> {
    let key = SecretKey::from_pkcs8_der(der).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
    let (private, public) = (key.to_bytes(), key.public_key().to_sec1_point(false));
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, public.as_bytes(), &random)
        .map_err(|_| ErrorKind::InvalidEcdsaKey.into())
}

/// PKCS#1, which PEM is read to, or PKCS#8; 2048 to 4096 bits.
pub fn rsa(der: &[u8]) -> Result<RsaKeyPair> {
    let pair = RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der));
    pair.map_err(|rejected| ErrorKind::InvalidRsaKey(rejected.to_string()).into())
}

impl Signer<Vec<u8>> for Ring {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match &self.1 {
            Key::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Key::Ec(key) => key.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Key::Rsa(key, padding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*padding, &random, message, &mut signature).map(|()| signature)
            }
        }
        .map_err(|_| Error::new())
    }
}

impl JwtSigner for Ring {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}
