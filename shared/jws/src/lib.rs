//! What jsonwebtoken signs and checks with: ring, which TLS has anyway. Of the two libraries that it brings, aws-lc is a quarter
//! of a function's size, and the crate `rsa` tells a private key by its timing (RUSTSEC-2023-0071).
//!
//! RS256, PS256, ES256 and HS256 (RFC 7518 3.1); every other algorithm is an error.

mod keys;
mod sign;
mod verify;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily,
    crypto::{CryptoProvider, KeyUtils},
    errors::{ErrorKind, Result, new_error},
};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: sign::signer,
    verifier_factory: verify::verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: keys::rsa,
        ec_pub_components_from_private_key: keys::ec,
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

/// To be called before jsonwebtoken signs or checks, or takes a public key from a private one; as often as one likes.
pub fn install() {
    // An error says that it is installed.
    let _ = RING.install_default();
}

/// A key of one kind is no key of another: an HMAC under a public key would be a forgery.
fn fits(algorithm: Algorithm, family: AlgorithmFamily) -> Result<()> {
    let wanted = match algorithm {
        Algorithm::HS256 => AlgorithmFamily::Hmac,
        Algorithm::ES256 => AlgorithmFamily::Ec,
        Algorithm::RS256 | Algorithm::PS256 => AlgorithmFamily::Rsa,
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    };
    if family == wanted { Ok(()) } else { Err(new_error(ErrorKind::InvalidKeyFormat)) }
}

#[cfg(test)]
mod tests;
