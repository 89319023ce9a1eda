//! The operators through real listeners: handsets that call from their own addresses, and the gateway's back-channel.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ajax_token;
mod bed;
mod camara;
mod check_url;
mod deployed;
mod fetched;
mod header_enrichment;
mod ip_session;
mod mobile_connect;
mod network;
mod scenarios;
mod ts43;
