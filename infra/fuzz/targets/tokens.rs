//! Tokens: no text is a token but one that was minted, as either kind, and nothing on the way to that panics.
#![no_main]

use std::sync::LazyLock;

use fuzz::NOW;
use libfuzzer_sys::fuzz_target;
use sna_tokens::{AccessToken, Issuer, PublicKeys, Scope, SigningKey, Verifier};

const URL: &str = "https://gateway.example";

static MINTED: LazyLock<(Verifier, String)> = LazyLock::new(|| {
    let key = SigningKey::generate().expect("a key");
    let keys = PublicKeys::parse(&key.public_paserk().expect("its public half")).expect("keys");
    let token = AccessToken { user_id: "shop".into(), scope: Scope::Both, native: false };
    let token = Issuer::new(key, URL).access(&token, NOW * 1000, 3600).expect("a token");
    (Verifier::new(keys, URL), token)
});

fuzz_target!(|data: &[u8]| {
    let (verifier, token) = &*MINTED;
    if let Ok(text) = str::from_utf8(data) {
        for text in [text, &format!("v4.public.{text}")] {
            assert!(verifier.access(text, NOW * 1000).is_err() && verifier.id(text, NOW * 1000).is_err());
        }
        let _ = (PublicKeys::parse(text), SigningKey::parse(text));
    }
    // The good one with these bytes over it, from the place that the first byte says.
    let Some((at, patch)) = data.split_first() else { return };
    let mut bytes = token.clone().into_bytes();
    let start = usize::from(*at) * bytes.len() / 256;
    bytes.iter_mut().skip(start).zip(patch).for_each(|(byte, patch)| *byte ^= patch);
    let Ok(patched) = String::from_utf8(bytes) else { return };
    assert_eq!(verifier.access(&patched, NOW * 1000).is_ok(), patched == *token);
    assert!(verifier.id(&patched, NOW * 1000).is_err());
});
