//! The operators through real listeners: handsets that call from their own addresses, and the gateway's back-channel.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bed;
mod network;
mod o2;
mod scenarios;
mod vodafone;
