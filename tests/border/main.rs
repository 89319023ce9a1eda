//! The plug-in border against real files, a real loader and a real socket: whatever an adapter or an operator
//! does, the host answers, and never with a match that nobody gave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod asks;
mod bed;
mod credentials;
mod faults;
mod forgeries;
mod http;
mod keys;
mod layer;
mod loading;
mod lookups;
mod manifests;
mod operator;
mod payloads;
mod running;
mod symbols;
