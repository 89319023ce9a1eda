//! The operator table: network -> which adapter serves it, where it may call, with which credentials.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde_json::Value;
use url::Url;

use crate::{credentials::Credentials, enrichment::Enrichment, entry::Entry};

/// Network id -> who serves it, and the ranges that the table adds to the public ones.
pub struct Table {
    networks: BTreeMap<String, Network>,
    ranges: Vec<(String, String)>,
    /// Where handsets come from. A cross-check, never proof.
    mobile_addresses: Vec<(IpNet, String)>,
}

pub(crate) enum Network {
    Served(Box<Operator>),
    /// A network without a radio of its own: the operator of `host` knows its handsets, unless it filters them.
    Mvno {
        host: String,
        filtered: bool,
    },
    /// Nobody here can recognise its handsets.
    Known {
        countries: Vec<String>,
    },
}

/// What the gateway knows of one operator; of a customer's own account there, where it has one.
#[derive(Clone)]
pub struct Operator {
    /// `[a-z0-9_]+`: the adapter's file name and the `{vendor}` of the callback's path.
    pub adapter: String,
    /// Where the operator names our handset by a header.
    pub enrichment: Option<Enrichment>,
    /// `scheme://host:port` of everything that the adapter may call; https unless one says http.
    pub(crate) origins: Vec<Url>,
    pub(crate) allow_loopback: bool,
    pub(crate) deadline_ms: u64,
    pub(crate) config: Value,
    pub(crate) credentials: Credentials,
    /// Whole operators, as these customers use them.
    pub(crate) customers: BTreeMap<String, Operator>,
    pub(crate) only_listed: bool,
}

/// What is wrong with the table, every problem on a line.
#[derive(Debug, thiserror::Error)]
#[error("operator table: {}", .0.join("; "))]
pub struct TableError(Vec<String>);

impl Table {
    /// Reads the table's JSON; `secret` resolves the name behind `env:`.
    pub fn parse(json: &str, secret: impl Fn(&str) -> Option<String>) -> Result<Self, TableError> {
        let entries: BTreeMap<String, Entry> =
            serde_json::from_str(json).map_err(|error| TableError(vec![error.to_string()]))?;
        let (mut networks, mut ranges, mut mobile_addresses) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut problems = Vec::new();
        for (id, entry) in entries {
            ranges.extend(entry.ranges.iter().map(|range| (range.clone(), id.clone())));
            mobile_addresses.extend(entry.mobile_addresses.iter().map(|net| (*net, id.clone())));
            let (network, faults) = entry.resolve(&secret);
            problems.extend(faults.into_iter().map(|fault| format!("{id}: {fault}")));
            networks.insert(id, network);
        }
        for (id, network) in &networks {
            let Network::Mvno { host, .. } = network else { continue };
            if !matches!(networks.get(host), Some(Network::Served(_))) {
                problems.push(format!("{id}: mvno_of must name a network that has an adapter"));
            }
        }
        if problems.is_empty() { Ok(Self { networks, ranges, mobile_addresses }) } else { Err(TableError(problems)) }
    }

    /// Who can recognise this network's handsets: its operator, or its host network's.
    pub fn get(&self, network: &str) -> Option<&Operator> {
        match self.networks.get(network)? {
            Network::Served(operator) => Some(operator),
            Network::Mvno { host, filtered: false } => self.get(host),
            Network::Mvno { .. } | Network::Known { .. } => None,
        }
    }

    pub(crate) fn networks(&self) -> impl Iterator<Item = (&str, &Network)> {
        self.networks.iter().map(|(id, network)| (id.as_str(), network))
    }

    /// Digits of E.164, and the network that they belong to.
    pub fn ranges(&self) -> &[(String, String)] {
        &self.ranges
    }

    /// The network whose mobile addresses hold `address`; the narrowest, where networks lie within networks.
    pub fn network_at(&self, address: IpAddr) -> Option<&str> {
        let address = address.to_canonical();
        let holding = self.mobile_addresses.iter().filter(|(net, _)| net.contains(&address));
        holding.max_by_key(|(net, _)| net.prefix_len()).map(|(_, network)| network.as_str())
    }

    /// Do handsets of `one` show up where those of `other` do? An MVNO's use the addresses of its host network.
    pub fn same_network(&self, one: &str, other: &str) -> bool {
        self.host(one) == self.host(other)
    }

    /// A virtual operator's host network, and whether that one's operator refuses its subscribers.
    pub fn mvno(&self, network: &str) -> Option<(&str, bool)> {
        match self.networks.get(network)? {
            Network::Mvno { host, filtered } => Some((host, *filtered)),
            Network::Served(_) | Network::Known { .. } => None,
        }
    }

    fn host<'a>(&'a self, network: &'a str) -> &'a str {
        self.mvno(network).map_or(network, |(host, _)| host)
    }
}

impl Operator {
    /// The operator as `customer` uses it. `None`: it has not approved this customer.
    pub(crate) fn of(&self, customer: &str) -> Option<&Self> {
        self.customers.get(customer).or((!self.only_listed).then_some(self))
    }

    /// Is the URL's origin on the list? No parser reads another one: what it would trim or turn is refused.
    pub(crate) fn lists(&self, url: &str) -> bool {
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        plain && Url::parse(url).is_ok_and(|url| self.origins.iter().any(|origin| origin.origin() == url.origin()))
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
