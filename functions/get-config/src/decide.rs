//! Which network holds the number, whether a silent attempt has hope, and what the log says of it.

use sna_customers::{AddressPolicy, Customer};
use sna_networks::{Address, By, Decision, Facts, Looked, decide};
use sna_numbers::{Msisdn, Network, Portability};
use sna_operators::{MobileIp, Verdict};
use sna_sessions::Heard;
use tracing::{Span, field::display};

use crate::{Asked, GetConfig};

/// What is known of who serves a number now.
#[derive(Default)]
pub struct Served {
    looked: Option<Looked>,
    is_cached: bool,
    /// The key under which the answer is kept.
    key: Option<String>,
    /// An answer that is new, to be kept with the session.
    pub heard: Option<Heard>,
}

impl GetConfig {
    /// Asks who serves the number, unless that was `cached` under `key` (the inner `None`: nobody does). Without a key
    /// nobody is asked.
    pub(crate) async fn served(
        &self,
        msisdn: &Msisdn,
        key: Option<String>,
        cached: Option<Option<Portability>>,
        now: u64,
    ) -> Served {
        let Some(key) = key else { return Served::default() };
        if let Some(said) = cached {
            let looked = said.map_or(Looked::Unknown, Looked::Found);
            return Served { looked: Some(looked), is_cached: true, key: Some(key), heard: None };
        }
        let (looked, keep) = (self.lookups.look(msisdn, now).await, self.lookups.keep());
        let heard = |said, keep: u64| Heard { key: key.clone(), said, expires_at: now.saturating_add(keep) };
        let heard = match &looked {
            Looked::Found(said) => Some(heard(Some(said.clone()), keep.found)),
            Looked::Unknown => Some(heard(None, keep.unknown)),
            Looked::Unavailable => None,
        };
        Served { looked: Some(looked), is_cached: false, key: Some(key), heard }
    }

    /// With it, the key of the cached answer that named the network, if one did. Nobody holds a test number: no operator
    /// is asked, and the code is fixed.
    pub(crate) fn decide(
        &self,
        customer: &Customer,
        asked: &Asked,
        is_test: bool,
        served: Served,
    ) -> (Decision, Option<String>) {
        let operators = self.attempts.operators();
        let table = operators.table();
        let address = Address::of(asked.client_ip, table);
        let decision = decide(Facts {
            holder: self.ranges.holder(&asked.msisdn).filter(|_| !is_test),
            portability: served.looked,
            is_cached: served.is_cached,
            address,
            tries: customer.address_policy == AddressPolicy::Try,
            table,
            needs: &|network| match operators.manifest(network, customer.id.as_str()) {
                Ok(manifest) => Some(manifest.needs_mobile_ip),
                Err(Verdict::NetworkUnsupported) => None,
                // It is served, by an adapter that is out of order: the plan will say so.
                Err(_) => Some(MobileIp::Require),
            },
        });
        let span = Span::current();
        let network = decision.network.as_ref().map(Network::as_str);
        span.record("network", network);
        span.record("network_by", display(decision.by));
        span.record("address", address.beside(network, table));
        span.record("reasons", display(decision.reasons));
        let named = matches!(decision.by, By::Portability | By::Cache);
        (decision, served.key.filter(|_| named))
    }
}
