//! Client secrets: made here, shown once, kept as HMAC-SHA-256 under a pepper that the table does not hold.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::Customer;

/// How many secrets of a customer are good at once.
const SECRETS: usize = 2;

/// The key of the hashes: 32 bytes, held as HMAC's block of 64, to which shorter keys are filled with zeros (RFC 2104 2).
pub struct Pepper(SecretBox<[u8; 64]>);

/// Not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pepper is 64 hex digits (32 bytes)")]
pub struct InvalidPepper;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// A new secret, to be shown to the customer once: 43 characters of base64url, 256 random bits.
#[derive(Debug)]
pub struct ClientSecret(SecretString);

/// What is kept of a secret; in JSON 64 hex digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash([u8; 32]);

impl Pepper {
    pub fn parse(hex_digits: &str) -> Result<Self, InvalidPepper> {
        SecretBox::try_init_with(|| {
            let mut block = [0; 64];
            hex::decode_to_slice(hex_digits, &mut block[..32]).map_err(|_| InvalidPepper)?;
            Ok(block)
        })
        .map(Self)
    }
}

impl ClientSecret {
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The text that the customer puts into HTTP Basic.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl SecretHash {
    pub fn of(secret: &str, pepper: &Pepper) -> Self {
        let mac = Hmac::<Sha256>::new(pepper.0.expose_secret().into()).chain_update(secret);
        Self(mac.finalize().into_bytes().into())
    }
}

/// Whether `secret` is one of the customer's at `now` (Unix milliseconds) and the customer is enabled. An unknown
/// customer (`None`) costs the same work as a known one with one secret or two, so the time does not tell which ids exist.
pub fn authenticate(customer: Option<&Customer>, secret: &str, pepper: &Pepper, now: u64) -> bool {
    const NOBODY: SecretHash = SecretHash([0; 32]);
    let presented = SecretHash::of(secret, pepper);
    let stored = customer.map_or(&[][..], |customer| &customer.secret_hashes);
    // The first of two is the older one.
    let until = customer.filter(|_| stored.len() > 1).and_then(|customer| customer.old_secret_until);
    let over = usize::from(until.is_some_and(|until| until <= now / 1000));
    let right = (0..SECRETS).fold(Choice::from(0), |right, slot| {
        let (hash, real) = stored.get(slot).map_or((&NOBODY, 0), |hash| (hash, u8::from(slot >= over)));
        right | (presented.0.ct_eq(&hash.0) & Choice::from(real))
    });
    bool::from(right) & customer.is_some_and(|customer| customer.enabled)
}

impl TryFrom<String> for SecretHash {
    type Error = hex::FromHexError;

    fn try_from(hex_digits: String) -> Result<Self, Self::Error> {
        let mut hash = [0; 32];
        hex::decode_to_slice(hex_digits, &mut hash)?;
        Ok(Self(hash))
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        hex::encode(hash.0)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::customer::tests::customer;

    pub(crate) fn pepper() -> Pepper {
        Pepper::parse(&"0b".repeat(32)).unwrap()
    }

    fn shop(secrets: &[&str]) -> Customer {
        let secret_hashes = secrets.iter().map(|secret| SecretHash::of(secret, &pepper())).collect();
        Customer { secret_hashes, ..customer("shop") }
    }

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // Computed with Python's hmac module.
        assert_eq!(
            String::from(SecretHash::of("secret", &pepper())),
            "017b6c865bc41314a97efc77b848c34498124388fe66a84bdd442354273f2089"
        );
    }

    #[test]
    fn a_pepper_is_exactly_64_hex_digits() {
        for wrong in ["", "0b", &"0b".repeat(31), &"0b".repeat(33), &"0g".repeat(32), &format!("{} ", "0b".repeat(32))]
        {
            assert!(Pepper::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_generated_secret_has_256_bits_and_is_never_the_same() {
        let (one, two) = (ClientSecret::generate().unwrap(), ClientSecret::generate().unwrap());
        assert_eq!(URL_SAFE_NO_PAD.decode(one.expose()).unwrap().len(), 32);
        assert_ne!(one.expose(), two.expose());
        assert!(authenticate(Some(&shop(&[one.expose()])), one.expose(), &pepper(), 0));
    }

    #[test]
    fn both_secrets_are_good_while_one_is_replaced() {
        let customer = shop(&["old", "new"]);
        assert!(authenticate(Some(&customer), "old", &pepper(), 0));
        assert!(authenticate(Some(&customer), "new", &pepper(), 0));
        assert!(!authenticate(Some(&customer), "other", &pepper(), 0));
        assert!(!authenticate(Some(&customer), "", &pepper(), 0));
    }

    #[test]
    fn the_older_secret_is_good_until_its_time_and_the_only_one_for_ever() {
        let replaced = Customer { old_secret_until: Some(100), ..shop(&["old", "new"]) };
        for (now, old) in [(99_999, true), (100_000, false), (u64::MAX, false)] {
            assert_eq!(authenticate(Some(&replaced), "old", &pepper(), now), old, "{now}");
            assert!(authenticate(Some(&replaced), "new", &pepper(), now), "{now}");
        }
        let single = Customer { old_secret_until: Some(100), ..shop(&["only"]) };
        assert!(authenticate(Some(&single), "only", &pepper(), u64::MAX));
    }

    #[test]
    fn a_third_secret_of_a_record_is_not_good() {
        assert!(!authenticate(Some(&shop(&["a", "b", "c"])), "c", &pepper(), 0));
    }

    #[test]
    fn unknown_disabled_and_secretless_customers_are_refused() {
        assert!(!authenticate(None, "secret", &pepper(), 0));
        assert!(!authenticate(Some(&shop(&[])), "secret", &pepper(), 0));
        let disabled = Customer { enabled: false, ..shop(&["secret"]) };
        assert!(!authenticate(Some(&disabled), "secret", &pepper(), 0));
    }

    #[test]
    fn a_hash_is_good_under_its_own_pepper_only() {
        let other = Pepper::parse(&"0c".repeat(32)).unwrap();
        assert!(!authenticate(Some(&shop(&["secret"])), "secret", &other, 0));
    }

    #[test]
    fn debug_shows_neither_secrets_nor_hashes() {
        let secret = ClientSecret::generate().unwrap();
        let shown = format!("{secret:?} {:?} {:?}", shop(&[secret.expose()]), pepper());
        assert!(!shown.contains(secret.expose()) && !shown.contains("0b0b"), "{shown}");
        assert!(!shown.contains(&String::from(SecretHash::of(secret.expose(), &pepper()))));
    }
}
