//! The official PASETO v4.public vectors, against the library and the features that this crate is built with.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use pasetors::{
    Public,
    keys::{AsymmetricPublicKey, AsymmetricSecretKey},
    token::UntrustedToken,
    version4::{PublicToken, V4},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vector {
    name: String,
    expect_fail: bool,
    public_key: String,
    secret_key: String,
    token: String,
    payload: Option<String>,
    footer: String,
    implicit_assertion: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_official_v4_public_vectors_pass() {
    let vectors: Vectors = serde_json::from_str(include_str!("paseto_v4_public.json")).unwrap();
    assert_eq!(vectors.tests.len(), 4);
    for Vector { name, expect_fail, public_key, secret_key, token, payload, footer, implicit_assertion } in
        vectors.tests
    {
        let public = AsymmetricPublicKey::<V4>::from(&bytes(&public_key)).unwrap();
        let secret = AsymmetricSecretKey::<V4>::from(&bytes(&secret_key)).unwrap();
        let footer = Some(footer.as_bytes()).filter(|footer| !footer.is_empty());
        let assertion = Some(implicit_assertion.as_bytes());
        let untrusted = UntrustedToken::<Public, V4>::try_from(token.as_str());
        let verified = untrusted
            .and_then(|token| Ok(PublicToken::verify(&public, &token, footer, assertion)?.payload().to_owned()));
        assert_eq!(verified.is_err(), expect_fail, "{name}");
        if let Some(payload) = payload {
            assert_eq!(verified.unwrap(), payload, "{name}");
            let signed = PublicToken::sign(&secret, payload.as_bytes(), footer, assertion).unwrap();
            assert_eq!(signed, token, "{name}: Ed25519 is deterministic");
        }
    }
}
