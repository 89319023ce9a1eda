//! Both families against an operator that is a value: every answer it can give, and the verdict that follows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod authorize;
mod bench;
mod callback;
mod id_token;
mod replay;
mod requests;
mod variations;
