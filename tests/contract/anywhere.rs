//! Rows that need no more than a customer's credentials: no SMS is sent, and no operator is asked.

mod authenticate;
mod callback;
mod coverage;
mod get_config;
mod http;
mod keys;
mod otp;
mod token;
mod validate;
