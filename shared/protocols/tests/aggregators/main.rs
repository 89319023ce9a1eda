//! The families behind which an aggregator stands (IP sessions, checks), against answers that are values: every one it
//! can give, and the verdict that follows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;
mod boku;
mod checks;
mod ip_session;
mod replay;
mod tru;
mod vonage;
