//! The public half of a private key, for a JWK (RFC 7517).

use jsonwebtoken::{
    Algorithm,
    errors::{ErrorKind, Result},
    jwk::EllipticCurve,
};
use ring::{rsa::PublicKeyComponents, signature::KeyPair as _};

/// Modulus and exponent, big-endian.
pub fn rsa(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let PublicKeyComponents { n, e } = PublicKeyComponents::from(crate::sign::rsa(der)?.public());
    Ok((n, e))
}

/// The curve, x and y.
pub fn ec(der: &[u8], algorithm: Algorithm) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>)> {
    if algorithm != Algorithm::ES256 {
        return Err(ErrorKind::UnsupportedAlgorithm.into());
    }
    let key = crate::sign::ec(der)?;
    // SEC 1 2.3.3: 4, x, y.
    let point = key.public_key().as_ref().strip_prefix(&[4]).and_then(|point| point.split_at_checked(32));
    let (x, y) = point.ok_or(ErrorKind::InvalidEcdsaKey)?;
    Ok((EllipticCurve::P256, x.to_vec(), y.to_vec()))
}
