//! Attacks on the running gateway, from every side: strangers with or without credentials, handsets that are not the one
//! meant, operators that lie, and keys that were turned over.

mod binding;
mod credentials;
mod disclosure;
mod enrichment;
mod keys;
mod operators;
mod payloads;
mod redirects;
