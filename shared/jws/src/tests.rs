//! What ring signs aws-lc accepts, and the other way round; and nothing else is accepted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
        UnparsedPublicKey,
    },
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE;
use jsonwebtoken::{
    DecodingKey, EncodingKey,
    crypto::{sign, verify},
    jwk::Jwk,
};
use proptest::prelude::*;

use super::*;

const SECRET: &[u8] = b"a secret that the operator and the gateway have";
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::HS256];

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static EC: LazyLock<EcdsaKeyPair> = LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());

/// Our halves of their keys.
fn keys(algorithm: Algorithm) -> (EncodingKey, DecodingKey) {
    install();
    let private = match algorithm {
        Algorithm::HS256 => return (EncodingKey::from_secret(SECRET), DecodingKey::from_secret(SECRET)),
        Algorithm::ES256 => EncodingKey::from_ec_der(EC.to_pkcs8v1().unwrap().as_ref()),
        _ => EncodingKey::from_rsa_der(AsDer::<Pkcs8V1Der<'_>>::as_der(&*RSA).unwrap().as_ref()),
    };
    let public = DecodingKey::from_jwk(&Jwk::from_encoding_key(&private, algorithm).unwrap()).unwrap();
    (private, public)
}

fn theirs(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    let mut signature = vec![0; RSA.public_modulus_len()];
    match algorithm {
        Algorithm::HS256 => return hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message).as_ref().to_vec(),
        Algorithm::ES256 => return EC.sign(&random, message).unwrap().as_ref().to_vec(),
        Algorithm::RS256 => RSA.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap(),
        _ => RSA.sign(&RSA_PSS_SHA256, &random, message, &mut signature).unwrap(),
    }
    signature
}

fn they_accept(algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    let (ec, rsa) = (EC.public_key().as_ref(), RSA.public_key().as_ref());
    match algorithm {
        Algorithm::HS256 => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message, signature).is_ok(),
        Algorithm::ES256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ec).verify(message, signature).is_ok(),
        Algorithm::RS256 => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa).verify(message, signature).is_ok(),
        _ => UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, rsa).verify(message, signature).is_ok(),
    }
}

fn we_accept(algorithm: Algorithm, key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
    verify(&URL_SAFE.encode(signature), message, key, algorithm).unwrap()
}

proptest! {
    #[test]
    fn both_libraries_accept_the_same(
        algorithm in prop::sample::select(&ALGORITHMS),
        message in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let (private, public) = keys(algorithm);
        let ours = URL_SAFE.decode(sign(&message, &private, algorithm).unwrap()).unwrap();
        prop_assert!(they_accept(algorithm, &message, &ours));
        let mut signature = theirs(algorithm, &message);
        prop_assert!(we_accept(algorithm, &public, &message, &signature));
        prop_assert!(!we_accept(algorithm, &public, &[&message[..], b"!"].concat(), &signature), "another message");
        prop_assert!(!we_accept(algorithm, &public, &message, &signature[1..]), "a shorter one");
        let at = at.index(signature.len());
        signature[at] ^= 1_u8 << bit;
        prop_assert!(!we_accept(algorithm, &public, &message, &signature), "byte {at}");
        for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
            let accepted = verify(&URL_SAFE.encode(&ours), &message, &public, other);
            prop_assert!(!accepted.unwrap_or(false), "{algorithm:?} as {other:?}");
        }
    }
}

#[test]
fn a_key_of_another_kind_or_no_key_at_all_is_an_error() {
    for algorithm in ALGORITHMS {
        for other in ALGORITHMS.into_iter().filter(|&other| other != algorithm) {
            let (private, public) = keys(other);
            let is_rsa = [algorithm, other].iter().all(|one| matches!(one, Algorithm::RS256 | Algorithm::PS256));
            assert_eq!(sign(b"text", &private, algorithm).is_ok(), is_rsa, "{other:?} signs as {algorithm:?}");
            assert_eq!(verify("", b"text", &public, algorithm).is_ok(), is_rsa, "{other:?} checks as {algorithm:?}");
        }
    }
    for nonsense in [&b""[..], b"key", &[0x30; 64]] {
        assert!(sign(b"text", &EncodingKey::from_ec_der(nonsense), Algorithm::ES256).is_err());
        assert!(sign(b"text", &EncodingKey::from_rsa_der(nonsense), Algorithm::RS256).is_err());
        assert!(Jwk::from_encoding_key(&EncodingKey::from_ec_der(nonsense), Algorithm::ES256).is_err());
        assert!(!we_accept(Algorithm::ES256, &DecodingKey::from_ec_der(nonsense), b"text", &[0; 64]));
        assert!(!we_accept(Algorithm::RS256, &DecodingKey::from_rsa_der(nonsense), b"text", &[0; 256]));
    }
}

#[test]
fn an_ec_key_without_its_public_half_signs_too() {
    install();
    // RFC 5958 2 and RFC 5915 3: the algorithm, the curve, and the private key alone.
    let before = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";
    let der = |scalar: &[u8]| [hex::decode(before).unwrap(), scalar.to_vec()].concat();
    let scalar: EcPrivateKeyBin<'_> = EC.private_key().as_be_bytes().unwrap();
    let key = EncodingKey::from_ec_der(&der(scalar.as_ref()));
    let signature = URL_SAFE.decode(sign(b"text", &key, Algorithm::ES256).unwrap()).unwrap();
    assert!(they_accept(Algorithm::ES256, b"text", &signature));
    assert!(Jwk::from_encoding_key(&key, Algorithm::ES256).is_ok());
    for none in [[0; 32], [255; 32]] {
        assert!(sign(b"text", &EncodingKey::from_ec_der(&der(&none)), Algorithm::ES256).is_err());
    }
}

#[test]
fn what_is_not_offered_is_an_error_and_no_panic() {
    let (private, public) = keys(Algorithm::ES256);
    for algorithm in [Algorithm::ES384, Algorithm::EdDSA, Algorithm::HS512, Algorithm::RS384, Algorithm::PS512] {
        assert!(sign(b"text", &private, algorithm).is_err(), "{algorithm:?}");
        assert!(verify("", b"text", &public, algorithm).is_err(), "{algorithm:?}");
        assert!(Jwk::from_encoding_key(&private, algorithm).is_err(), "{algorithm:?}");
    }
}

#[test]
fn a_short_rsa_key_counts_for_nothing() {
    install();
    let jwk = |n: usize| serde_json::json!({ "kty": "RSA", "n": URL_SAFE.encode(vec![0xab; n]), "e": "AQAB" });
    let key = DecodingKey::from_jwk(&serde_json::from_value(jwk(128)).unwrap()).unwrap();
    assert!(!we_accept(Algorithm::RS256, &key, b"text", &[1; 128]));
}
