//! The official vector, and every way in which a JWE can be not as agreed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use secrecy::SecretBox;

use super::*;

fn key(byte: u8) -> DecryptionKey {
    Arc::new(SecretBox::new(Box::new([byte; 32])))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn sealed(algorithm: &'static Algorithm, key: &[u8], header: &Value, text: &[u8]) -> String {
    let protected = encode(header.to_string());
    let mut iv = [0; 12];
    getrandom::fill(&mut iv).unwrap();
    let mut text = text.to_vec();
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let nonce = Nonce::assume_unique_for_key(iv);
    key.seal_in_place_append_tag(nonce, Aad::from(protected.as_str()), &mut text).unwrap();
    let (text, tag) = text.split_at(text.len() - 16);
    format!("{protected}..{}.{}.{}", encode(iv), encode(text), encode(tag))
}

/// What an operator does with the session's public key; `change` replaces members of the header.
fn to_session(jwk: &Value, change: &Value, text: &[u8]) -> String {
    let mut scalar = [0; 32];
    getrandom::fill(&mut scalar).unwrap();
    let ephemeral = SecretKey::from_slice(&scalar).unwrap();
    let own = ephemeral.public_key().to_sec1_point(false);
    let mut header = json!({
        "alg": "ECDH-ES", "enc": "A128GCM", "apu": encode("operator"), "apv": encode("gateway"),
        "epk": { "kty": "EC", "crv": "P-256", "x": encode(own.x().unwrap()), "y": encode(own.y().unwrap()) },
    });
    header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let point = [vec![4], decode(jwk["x"].as_str().unwrap()).unwrap(), decode(jwk["y"].as_str().unwrap()).unwrap()];
    let shared = ephemeral.diffie_hellman(&Point::from_sec1_bytes(&point.concat()).unwrap());
    let key = concat_kdf(shared.raw_secret_bytes(), b"operator", b"gateway");
    sealed(&AES_128_GCM, &key, &header, text)
}

#[test]
fn two_sides_agree_as_rfc_7518_appendix_c_does() {
    let bob = decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw").unwrap();
    let bob = SecretKey::from_slice(&bob).unwrap();
    let header = json!({
        "alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i",
        "epk": {
            "kty": "EC", "crv": "P-256", "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        },
    });
    let agreed = agreed_key(&bob, &serde_json::from_value(header).unwrap()).unwrap();
    assert_eq!(encode(agreed), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn a_session_reads_what_was_encrypted_for_it_and_no_other_does() {
    let jwk = public_key(&key(1), "nonce").unwrap();
    assert_eq!(jwk, public_key(&key(1), "nonce").unwrap(), "at every endpoint the same");
    let jwe = to_session(&jwk, &json!({}), "temp_token €".as_bytes());
    assert_eq!(decrypt(&key(1), "nonce", &jwe).as_deref(), Some("temp_token €"));
    assert_eq!(decrypt(&key(1), "nonce of another", &jwe), None);
    assert_eq!(decrypt(&key(2), "nonce", &jwe), None);
    assert!(public_key(&key(1), "").is_none() && decrypt(&key(1), "", &jwe).is_none(), "no session, no key");
}

#[test]
fn what_the_operator_encrypts_under_the_common_key_is_read() {
    let jwe = sealed(&AES_256_GCM, &[1; 32], &json!({ "alg": "dir", "enc": "A256GCM" }), b"{}");
    assert_eq!(decrypt(&key(1), "nonce", &jwe).as_deref(), Some("{}"));
    assert_eq!(decrypt(&key(1), "another nonce", &jwe).as_deref(), Some("{}"));
    assert_eq!(decrypt(&key(2), "nonce", &jwe), None);
}

#[test]
fn whatever_is_not_as_agreed_is_rejected() {
    let jwk = public_key(&key(1), "nonce").unwrap();
    let point = |x: &str, y: &str| json!({ "epk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } });
    let (zeros, short) = (encode([0; 32]), encode([1; 31]));
    for change in [
        json!({ "alg": "ECDH-ES+A128KW" }),
        json!({ "alg": "RSA-OAEP" }),
        json!({ "alg": "dir" }),
        json!({ "alg": "none" }),
        json!({ "enc": "A256GCM" }),
        json!({ "enc": "A128CBC-HS256" }),
        json!({ "zip": "DEF" }),
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "epk": null }),
        json!({ "epk": jwk }),
        json!({ "apu": encode("somebody else") }),
        json!({ "apv": "not base64!" }),
        point(&zeros, &zeros),
        point(jwk["x"].as_str().unwrap(), &encode([1; 32])),
        point(&short, jwk["y"].as_str().unwrap()),
        json!({ "epk": { "kty": "EC", "crv": "P-384", "x": jwk["x"], "y": jwk["y"] } }),
        json!({ "epk": { "kty": "OKP", "crv": "P-256", "x": jwk["x"], "y": jwk["y"] } }),
    ] {
        let jwe = to_session(&jwk, &change, b"text");
        assert_eq!(decrypt(&key(1), "nonce", &jwe), None, "{change}");
    }
    assert_eq!(decrypt(&key(1), "nonce", &to_session(&jwk, &json!({}), b"\xff")), None, "no text");
    let large = to_session(&jwk, &json!({}), &[b'x'; MAX_JWE]);
    assert_eq!(decrypt(&key(1), "nonce", &large), None);
    let short_key = sealed(&AES_128_GCM, &[1; 16], &json!({ "alg": "dir", "enc": "A128GCM" }), b"text");
    assert_eq!(decrypt(&key(1), "nonce", &short_key), None);
}

#[test]
fn no_character_of_a_jwe_can_be_changed_left_out_or_added() {
    let jwk = public_key(&key(1), "nonce").unwrap();
    for jwe in [
        to_session(&jwk, &json!({}), b"text"),
        sealed(&AES_256_GCM, &[1; 32], &json!({ "alg": "dir", "enc": "A256GCM" }), b"text"),
    ] {
        assert!(decrypt(&key(1), "nonce", &jwe).is_some());
        for at in 0..jwe.len() {
            let changed = if jwe.as_bytes()[at] == b'A' { "B" } else { "A" };
            for bad in [changed, "", "AA", ".", "="] {
                let bad = format!("{}{bad}{}", &jwe[..at], &jwe[at + 1..]);
                assert!(bad == jwe || decrypt(&key(1), "nonce", &bad).is_none(), "{at}: {bad}");
            }
        }
        for bad in [format!("{jwe}."), format!(".{jwe}"), jwe.replace("..", ".AA."), String::new(), "....".into()] {
            assert_eq!(decrypt(&key(1), "nonce", &bad), None, "{bad}");
        }
    }
}
