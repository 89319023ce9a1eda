//! What the deployment can do for a customer, from the table and the manifests alone: it says nothing of any number.

use sna_adapter::MobileIp;

use crate::{Operators, fit, table::Network};

/// What can be done for the handsets of one network; without `silent` a code by SMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub network: String,
    /// ISO 3166-1 alpha-2; none where nothing is known.
    pub countries: Vec<String>,
    /// Does an operator recognise the handset?
    pub silent: bool,
    /// Does the handset come back to the customer's `redirect_uri`?
    pub callback: bool,
    /// Does it work without mobile data too?
    pub wifi: bool,
}

impl Operators {
    /// Every network of the table, by its name, as `customer` may use it. Nothing is loaded.
    pub fn coverage(&self, customer: &str) -> Vec<Coverage> {
        self.table().networks().map(|(id, network)| self.covers(id, network, customer)).collect()
    }

    /// The networks that an operator here serves, each with its `MCC-MNC` codes. Nothing is loaded.
    pub fn mobile_codes(&self) -> Vec<(&str, Vec<String>)> {
        let served = self.table().networks().filter_map(|(id, network)| match network {
            Network::Served(operator) => Some((id, self.adapters.manifest(&operator.adapter).ok()?.mcc_mnc.clone())),
            Network::Mvno { .. } | Network::Known { .. } => None,
        });
        served.collect()
    }

    fn covers(&self, id: &str, network: &Network, customer: &str) -> Coverage {
        let otp_only =
            |countries| Coverage { network: id.to_owned(), countries, silent: false, callback: false, wifi: false };
        let served_by = match network {
            Network::Known { countries } => return otp_only(countries.clone()),
            Network::Mvno { host, .. } => host,
            Network::Served(_) => id,
        };
        let Some(host) = self.table().get(served_by) else { return otp_only(Vec::new()) };
        let Ok(manifest) = self.adapters.manifest(&host.adapter) else { return otp_only(Vec::new()) };
        let own = self.table().get(id).and_then(|operator| operator.of(customer));
        if own.is_none_or(|operator| !fit::faults(operator, &manifest).is_empty()) {
            return otp_only(manifest.countries.clone());
        }
        Coverage {
            silent: true,
            callback: manifest.supports_callback,
            wifi: manifest.needs_mobile_ip == MobileIp::Never,
            ..otp_only(manifest.countries.clone())
        }
    }
}
