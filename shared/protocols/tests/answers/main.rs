//! The families whose answer comes by the customer or by a proxy, against operators, phones and proxies that are values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod ajax_token;
mod bench;
mod credential;
mod fetched_token;
mod header_enrichment;
mod replay;
mod ts43;
