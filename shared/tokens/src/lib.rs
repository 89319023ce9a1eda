//! PASETO v4.public tokens: one kind for customers (access), one for handsets (id), and two that are no
//! credentials (receipt, event).
//!
//! Signed, not encrypted, and in URLs: nothing in them identifies a person. An implicit assertion makes
//! one kind useless as the other; the footer's key id is looked up in a fixed map and fails closed. Receipts are signed with
//! a key of their own, that of statements, so that whoever has it can make no token that opens anything.

mod claims;
mod kept;
mod keys;
mod mint;
#[cfg(test)]
mod tests;

pub use claims::{AccessToken, Event, IdToken, Receipt, Scope};
pub use keys::{InvalidKey, PublicKeys, SigningKey};
pub use mint::{InvalidToken, Issuer, SKEW_MS, Verifier};
