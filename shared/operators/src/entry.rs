//! A network's entry in the operator table, as it is written.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    credentials::{Credentials, References},
    enrichment::Enrichment,
    table::{Network, Operator},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// None: a network that has no operator here, so OTP only, unless another network's serves it.
    adapter: Option<String>,
    /// The network whose radio, and so whose operator, this one uses.
    mvno_of: Option<String>,
    /// The host network's operator refuses this one's subscribers.
    #[serde(default)]
    filtered: bool,
    /// ISO 3166-1 alpha-2, where no manifest says it.
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    pub ranges: Vec<String>,
    #[serde(default)]
    pub mobile_addresses: Vec<IpNet>,
    #[serde(default)]
    origins: Vec<Url>,
    #[serde(default)]
    allow_loopback: bool,
    #[serde(default = "eight_seconds")]
    deadline_ms: u64,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    credentials: References,
    enrichment: Option<Enrichment>,
    /// What differs for a customer that the operator knows by a name of its own.
    #[serde(default)]
    customers: BTreeMap<String, Overlay>,
    /// The operator serves no customer that is not among `customers`.
    #[serde(default)]
    only_listed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlay {
    /// Replaces the entry's members of the same names.
    #[serde(default)]
    config: Map<String, Value>,
    /// Replaces the entry's one by one.
    #[serde(default)]
    credentials: References,
}

const fn eight_seconds() -> u64 {
    8_000
}

impl Entry {
    /// The network, and what is wrong with the entry.
    pub fn resolve(self, secret: &dyn Fn(&str) -> Option<String>) -> (Network, Vec<String>) {
        let mut problems: Vec<String> = self.faults().into_iter().map(str::to_owned).collect();
        let network = match (self.adapter, self.mvno_of) {
            (None, Some(host)) => Network::Mvno { host, filtered: self.filtered },
            (None, None) => Network::Known { countries: self.countries },
            (Some(adapter), _) => {
                let mut operator = Operator {
                    adapter,
                    origins: self.origins,
                    allow_loopback: self.allow_loopback,
                    deadline_ms: self.deadline_ms,
                    config: self.config,
                    credentials: self.credentials.over(&Credentials::default(), secret, &mut problems),
                    enrichment: self.enrichment,
                    customers: BTreeMap::new(),
                    only_listed: self.only_listed,
                };
                let own = self.customers.into_iter().map(|(id, overlay)| {
                    let mut told = Vec::new();
                    let own = overlay.over(&operator, secret, &mut told);
                    problems.extend(told.into_iter().map(|problem| format!("{id}: {problem}")));
                    (id, own)
                });
                operator.customers = own.collect();
                Network::Served(Box::new(operator))
            }
        };
        (network, problems)
    }

    fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        let mut check = |good: bool, fault: &'static str| {
            if !good {
                faults.push(fault);
            }
        };
        let is_country = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        check(self.adapter.as_deref().is_none_or(sna_adapter::is_id), "adapter must match [a-z0-9_]+");
        check(self.adapter.is_none() || self.mvno_of.is_none(), "a network has an adapter or is an mvno_of another");
        check(self.mvno_of.is_some() || !self.filtered, "only an MVNO is filtered");
        check(
            self.adapter.is_some() || self.is_bare(),
            "without an adapter there is nothing to be called or configured",
        );
        let may_tell = self.adapter.is_none() && self.mvno_of.is_none();
        check(may_tell || self.countries.is_empty(), "the adapter's manifest says the countries");
        check(self.countries.iter().all(is_country), "countries are two capitals");
        check(self.origins.iter().all(is_origin), "an origin is scheme://host[:port] with https or http");
        check((100..=8_000).contains(&self.deadline_ms), "deadline_ms is 100 to 8000");
        let overlaid = self.customers.values().any(|overlay| !overlay.config.is_empty());
        check(
            !overlaid || self.config.is_object() || self.config.is_null(),
            "config of customers needs an object to lie over",
        );
        faults.extend(self.enrichment.iter().flat_map(Enrichment::faults));
        faults
    }

    fn is_bare(&self) -> bool {
        self.origins.is_empty()
            && self.config.is_null()
            && self.enrichment.is_none()
            && self.customers.is_empty()
            && !self.only_listed
            && !self.allow_loopback
    }
}

impl Overlay {
    fn over(self, base: &Operator, secret: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Operator {
        let mut operator =
            Operator { credentials: self.credentials.over(&base.credentials, secret, problems), ..base.clone() };
        if !self.config.is_empty() {
            let mut config = operator.config.as_object().cloned().unwrap_or_default();
            config.extend(self.config);
            operator.config = Value::Object(config);
        }
        operator
    }
}

fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.path() == "/"
        && url.query().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}
