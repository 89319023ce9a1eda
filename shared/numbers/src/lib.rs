//! Telephone numbers: which are valid, which country and which network they belong to.
//!
//! Parsed once, at the edge; past it a [`Msisdn`], [`Country`] or [`Network`] can only be valid. The tables are cut to
//! what silent authentication needs and read by the compiler, because a cold start cannot pay for the full metadata.

mod country;
mod msisdn;
mod network;
mod ranges;
mod table;

pub use country::{Country, InvalidCountry};
pub use msisdn::{InvalidMsisdn, Msisdn};
pub use network::{InvalidNetwork, Network};
pub use ranges::{InvalidRange, Ranges};
