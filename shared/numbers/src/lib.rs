//! Telephone numbers: which are valid, which country and which network they belong to.
//!
//! Parsed once, at the edge; past it a [`Msisdn`], [`Country`] or [`Network`] can only be valid. The tables are cut to
//! what silent authentication needs and packed beforehand, because a cold start cannot pay for the full metadata.

mod automaton;
mod country;
mod holder;
mod msisdn;
mod network;
mod plan;
mod portability;
mod ranges;
mod table;

pub use country::{Country, InvalidCountry};
pub use holder::Holder;
pub use msisdn::{InvalidMsisdn, Msisdn};
pub use network::{InvalidNetwork, Network};
pub use portability::Portability;
pub use ranges::{InvalidRange, Ranges};

/// Of which release of libphonenumber the tables are, and its date: `9.0.43 2026-11-06`, and a line feed.
pub const RELEASE: &str = include_str!("../data/release.txt");
