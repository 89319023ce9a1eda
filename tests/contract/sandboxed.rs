//! Rows that need the sandbox: handsets on mobile data, operators that answer, an inbox to read.

mod get_config;
mod otp;
mod silent;
