//! The protocol families that operators speak, each written once; an operator's crate is its settings.
//! What differs between two deployments of one family is a setting here, never another copy.

mod camara;
mod mobile_connect;
mod oidc;
mod refusal;

pub use camara::{Camara, NumberForm};
pub use mobile_connect::MobileConnect;
pub use oidc::ClientAuth;
