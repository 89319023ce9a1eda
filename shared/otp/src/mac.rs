//! What is kept of a code: HMAC-SHA-256 under a pepper, bound to where the code is good.
//!
//! A plain hash of six digits is undone in a second by whoever reads the table; without the pepper this cannot be.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Code;

/// The key of the MACs: 32 bytes, held as HMAC's block of 64, to which shorter keys are filled with zeros (RFC 2104 2).
pub struct Pepper(SecretBox<[u8; 64]>);

/// Not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pepper is 64 hex digits (32 bytes)")]
pub struct InvalidPepper;

impl Pepper {
    pub fn parse(hex_digits: &str) -> Result<Self, InvalidPepper> {
        SecretBox::try_init_with(|| {
            let mut block = [0; 64];
            hex::decode_to_slice(hex_digits, &mut block[..32]).map_err(|_| InvalidPepper)?;
            Ok(block)
        })
        .map(Self)
    }

    /// A keyed hash that stands for `text` where it may not be kept itself: a number in a counter's key, a request's
    /// body. `kind` keeps one use apart from another. An unkeyed hash of a number falls within a minute.
    pub fn pseudonym(&self, kind: &str, text: &[u8]) -> String {
        keyed(self, &[b"pseudonym", kind.as_bytes(), text])
    }

    /// HMAC-SHA-256 of `text` and nothing beside it, 64 hex digits: what others must be able to compute with other tools.
    pub fn hmac(&self, text: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new(self.0.expose_secret().into());
        mac.update(text);
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Each part behind its length: ("a", "bc") and ("ab", "c") must differ.
fn keyed(pepper: &Pepper, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new(pepper.0.expose_secret().into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// The MAC of `code` in `context`, 64 hex digits. `context` names the session and which send of it, so that neither
/// another session's code nor an earlier one of the same session fits.
pub fn mac(pepper: &Pepper, context: &str, code: &Code) -> String {
    keyed(pepper, &[context.as_bytes(), code.expose().as_bytes()])
}

/// Whether `kept` is the MAC of `code` in `context`; takes the same time wherever they differ.
pub fn matches(pepper: &Pepper, context: &str, code: &Code, kept: &str) -> bool {
    mac(pepper, context, code).as_bytes().ct_eq(kept.as_bytes()).into()
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn pepper(byte: &str) -> Pepper {
        Pepper::parse(&byte.repeat(32)).unwrap()
    }

    fn code(digits: &str) -> Code {
        Code::parse(digits, u8::try_from(digits.len()).unwrap()).unwrap()
    }

    #[test]
    fn the_mac_is_hmac_sha_256_of_the_parts_behind_their_lengths() {
        // Computed with Python's hmac module.
        let expected = "f8a2277bc43916383a6a91269c0eee29406abb508f0319bb62e1b6684b25f598";
        assert_eq!(mac(&pepper("0b"), "session/1", &code("123456")), expected);
    }

    #[test]
    fn the_plain_hmac_is_that_of_rfc_4231() {
        // Test case 2; its key is shorter, and is filled with zeros like ours.
        let key = format!("4a656665{}", "00".repeat(28));
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(Pepper::parse(&key).unwrap().hmac(b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn only_the_same_pepper_context_and_code_match() {
        let kept = mac(&pepper("0b"), "session/1", &code("123456"));
        assert!(matches(&pepper("0b"), "session/1", &code("123456"), &kept));
        assert!(!matches(&pepper("0c"), "session/1", &code("123456"), &kept));
        assert!(!matches(&pepper("0b"), "session/2", &code("123456"), &kept));
        assert!(!matches(&pepper("0b"), "session/1", &code("123457"), &kept));
        for damaged in ["", &kept[1..], &kept.to_uppercase()] {
            assert!(!matches(&pepper("0b"), "session/1", &code("123456"), damaged));
        }
    }

    #[test]
    fn digits_cannot_move_between_context_and_code() {
        let one = mac(&pepper("0b"), "session1", &code("234567"));
        assert_ne!(one, mac(&pepper("0b"), "session", &code("1234567")));
    }

    #[test]
    fn a_pepper_is_exactly_64_hex_digits_and_hidden() {
        for wrong in ["", "0b", &"0b".repeat(31), &"0b".repeat(33), &"0g".repeat(32)] {
            assert!(Pepper::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", pepper("0b")), "Pepper(…)");
    }

    proptest! {
        #[test]
        fn different_codes_have_different_macs(a in "[0-9]{6,10}", b in "[0-9]{6,10}", context in ".{0,40}") {
            let kept = mac(&pepper("0b"), &context, &code(&a));
            prop_assert_eq!(kept.len(), 64);
            prop_assert_eq!(matches(&pepper("0b"), &context, &code(&b), &kept), a == b);
        }
    }
}
