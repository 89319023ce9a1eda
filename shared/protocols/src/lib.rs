//! The protocol families that operators speak, each written once; an operator's crate is its settings.
//! What differs between two deployments of one family is a setting here, never another copy.

mod ajax_token;
mod camara;
mod check_url;
mod header_enrichment;
mod ip_session;
mod mobile_connect;
mod oidc;
mod refusal;
mod ts43;

pub use ajax_token::{AjaxToken, FetchedToken};
pub use camara::{Camara, NumberForm};
pub use check_url::CheckUrl;
pub use header_enrichment::HeaderEnrichment;
pub use ip_session::{IpSession, LoginHint};
pub use mobile_connect::MobileConnect;
pub use oidc::ClientAuth;
pub use ts43::Ts43;
