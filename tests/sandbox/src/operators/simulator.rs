//! What a family's simulator is to the rest of the sandbox. A profile's `settings` are the simulator: they say how this
//! operator differs from the others of its family.

use axum::Router;
use axum::response::Response;
use serde::Deserialize;

use crate::scenarios::Scenario;

use super::answers::Refused;
use super::ledger::Transaction;
use super::{Operators, ajax_token, camara, check_url, header_enrichment, ip_session, mobile_connect, ts43};

/// A family and an operator's settings in it.
#[derive(Deserialize)]
#[serde(tag = "family", content = "settings", rename_all = "snake_case")]
pub enum Family {
    AjaxToken(ajax_token::Settings),
    Camara(camara::Settings),
    HeaderEnrichment(header_enrichment::Settings),
    MobileConnect(mobile_connect::Settings),
    IpSession(ip_session::Settings),
    CheckUrl(check_url::Settings),
    Ts43(ts43::Settings),
}

/// An operator of a family.
pub trait Simulator: Send + Sync {
    /// The operator's routes below `/{id}`; the handlers find the [`crate::profiles::Network`] as an extension.
    fn router(&self) -> Router<Operators>;

    /// The outcome of this scenario's first attempt; none where there is no such scenario at this operator.
    fn expected(&self, scenario: Scenario) -> Option<&'static str> {
        Some(scenario.usual())
    }

    /// Why a handset that was at the hop gets no further, in the family's own words. `unseen`: the network does not know
    /// whose SIM it is, or sees that it is not the phone itself. Families that redirect nobody leave this as it is.
    fn refuses(&self, _: Scenario, _unseen: bool) -> Option<Refused> {
        None
    }

    /// Do its phones have a wallet, at `/{id}/wallet`?
    fn has_wallet(&self) -> bool {
        false
    }

    /// The end of the handset's way: by default back to the gateway with a code or an error.
    fn end(&self, operators: &Operators, tx: Transaction, refused: Option<Refused>) -> Response {
        let back = tx.back.clone();
        let ended = refused.map_or_else(|| operators.grant(tx), Err);
        ended.unwrap_or_else(|refused| back.error(&refused))
    }
}

impl Family {
    pub fn simulator(&self) -> &dyn Simulator {
        match self {
            Family::AjaxToken(settings) => settings,
            Family::Camara(settings) => settings,
            Family::HeaderEnrichment(settings) => settings,
            Family::MobileConnect(settings) => settings,
            Family::IpSession(settings) => settings,
            Family::CheckUrl(settings) => settings,
            Family::Ts43(settings) => settings,
        }
    }
}
