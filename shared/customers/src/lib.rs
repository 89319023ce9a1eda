//! Who may call the gateway: one record per customer, its hashed secrets, scopes, redirect URIs and countries.
//!
//! Secrets are made by us (256 random bits), so a keyed hash is enough where a human's password would need a slow one.
//! A record is checked as a whole when it is written; reading trusts nothing but its JSON shape.

mod customer;
mod id;
mod kept;
mod redirect;
mod secret;
mod store;
mod write;

pub use customer::{AddressPolicy, Customer, Limits, Problems, Scope, TestNumber, WireTypes};
pub use id::{CustomerId, InvalidCustomerId};
pub use kept::MAX_AGE_MS;
pub use secret::{ClientSecret, InvalidPepper, NoRandomness, Pepper, SecretHash, authenticate};
pub use store::{Customers, StoreError};
