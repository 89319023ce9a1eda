//! Compact JWEs for the gateway (RFC 7516): a phone encrypts to a key of the request, a mobile gateway under a shared one.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::{SystemRandom, fill};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// ECDH-ES (RFC 7518 4.6, direct) and A128GCM, to a P-256 JWK.
pub fn to_key(jwk: &Value, text: &str) -> Result<String, Unspecified> {
    let point = public_point(jwk).ok_or(Unspecified)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())?;
    let public = own.compute_public_key()?;
    // An uncompressed point: 4, x, y.
    let (x, y) = public.as_ref().get(1..).and_then(|xy| xy.split_at_checked(32)).ok_or(Unspecified)?;
    let epk = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    let header = json!({ "alg": "ECDH-ES", "enc": "A128GCM", "epk": epk });
    agree_ephemeral(own, UnparsedPublicKey::new(&ECDH_P256, point), Unspecified, |shared| {
        seal(&AES_128_GCM, &derived(shared), &header, text)
    })
}

/// `dir` and A256GCM, under a key of 32 bytes.
pub fn under(key: &[u8], text: &str) -> Result<String, Unspecified> {
    seal(&AES_256_GCM, key, &json!({ "alg": "dir", "enc": "A256GCM" }), text)
}

fn public_point(jwk: &Value) -> Option<Vec<u8>> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok().filter(|bytes| bytes.len() == 32);
    let is_ours = jwk["kty"] == "EC" && jwk["crv"] == "P-256" && jwk["use"] == "enc";
    is_ours.then_some(())?;
    Some([vec![4], coordinate("x")?, coordinate("y")?].concat())
}

/// The Concat KDF for 128 bits, with neither `apu` nor `apv` (RFC 7518 4.6.2).
fn derived(shared: &[u8]) -> Vec<u8> {
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes(), bytes].concat();
    let hash = Sha256::new()
        .chain_update(1u32.to_be_bytes())
        .chain_update(shared)
        .chain_update(field(b"A128GCM"))
        .chain_update(field(b""))
        .chain_update(field(b""))
        .chain_update(128u32.to_be_bytes())
        .finalize();
    hash[..16].to_vec()
}

/// With an empty encrypted key, as both ways of ours have it.
fn seal(algorithm: &'static Algorithm, key: &[u8], header: &Value, text: &str) -> Result<String, Unspecified> {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let mut iv = [0; 12];
    fill(&mut iv)?;
    let mut sealed = text.as_bytes().to_vec();
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
    let tag = key.seal_in_place_separate_tag(Nonce::from(&iv), Aad::from(header.as_bytes()), &mut sealed)?;
    let [iv, sealed, tag] = [&iv[..], &sealed, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}..{iv}.{sealed}.{tag}"))
}
