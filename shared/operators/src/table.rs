//! The operator table: network -> which adapter serves it, where it may call, with which credentials.
//! Secrets stand in it by reference only (`env:NAME`).

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::jwt;

/// Network id -> its operator, and the ranges that the table adds to the public ones.
pub struct Table {
    operators: BTreeMap<String, Operator>,
    ranges: Vec<(String, String)>,
}

/// What the gateway knows of one operator.
pub struct Operator {
    /// `[a-z0-9_]+`: the adapter's file name and the `{vendor}` of the callback's path.
    pub adapter: String,
    /// Where this network's handsets come from. A cross-check, never proof.
    mobile_addresses: Vec<IpNet>,
    /// `scheme://host:port` of everything that the adapter may call; https unless one says http.
    pub(crate) origins: Vec<Url>,
    pub(crate) allow_loopback: bool,
    pub(crate) deadline_ms: u64,
    pub(crate) config: serde_json::Value,
    pub(crate) credentials: Credentials,
}

#[derive(Default)]
pub(crate) struct Credentials {
    pub client_secret: Option<SecretString>,
    /// PKCS#8 PEM.
    pub private_key: Option<SecretString>,
    pub key_id: Option<String>,
    pub algorithm: Option<jsonwebtoken::Algorithm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// None: a network that is known and has no operator here, so OTP only.
    adapter: Option<String>,
    #[serde(default)]
    origins: Vec<Url>,
    #[serde(default)]
    allow_loopback: bool,
    #[serde(default)]
    ranges: Vec<String>,
    #[serde(default)]
    mobile_addresses: Vec<IpNet>,
    #[serde(default = "eight_seconds")]
    deadline_ms: u64,
    #[serde(default)]
    config: serde_json::Value,
    #[serde(default)]
    credentials: References,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct References {
    client_secret: Option<String>,
    private_key: Option<String>,
    key_id: Option<String>,
    algorithm: Option<jsonwebtoken::Algorithm>,
}

const fn eight_seconds() -> u64 {
    8_000
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
        let mut problems = Vec::new();
        let mut resolve = |network: &str, reference: Option<String>| {
            let reference = reference?;
            let found = reference.strip_prefix("env:").and_then(&secret);
            if found.is_none() {
                // What does not begin with `env:` may be the secret itself.
                problems.push(match reference.strip_prefix("env:") {
                    Some(name) => format!("{network}: the secret {name} is not there"),
                    None => format!("{network}: a secret must be env:NAME"),
                });
            }
            found.map(SecretString::from)
        };
        let (mut operators, mut ranges, mut faults) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (network, entry) in entries {
            ranges.extend(entry.ranges.iter().map(|range| (range.clone(), network.clone())));
            faults.extend(entry.faults().into_iter().map(|fault| format!("{network}: {fault}")));
            let credentials = Credentials {
                client_secret: resolve(&network, entry.credentials.client_secret),
                private_key: resolve(&network, entry.credentials.private_key),
                key_id: entry.credentials.key_id,
                algorithm: entry.credentials.algorithm,
            };
            let Some(adapter) = entry.adapter else { continue };
            let operator = Operator {
                adapter,
                mobile_addresses: entry.mobile_addresses,
                origins: entry.origins,
                allow_loopback: entry.allow_loopback,
                deadline_ms: entry.deadline_ms,
                config: entry.config,
                credentials,
            };
            operators.insert(network, operator);
        }
        problems.append(&mut faults);
        if problems.is_empty() { Ok(Self { operators, ranges }) } else { Err(TableError(problems)) }
    }

    pub fn get(&self, network: &str) -> Option<&Operator> {
        self.operators.get(network)
    }

    /// Digits of E.164, and the network that they belong to.
    pub fn ranges(&self) -> &[(String, String)] {
        &self.ranges
    }

    /// The network whose mobile addresses hold `address`.
    pub fn network_at(&self, address: IpAddr) -> Option<&str> {
        let address = address.to_canonical();
        self.operators
            .iter()
            .find(|(_, operator)| operator.mobile_addresses.iter().any(|net| net.contains(&address)))
            .map(|(network, _)| network.as_str())
    }
}

impl Operator {
    /// Is the URL's origin on the list? No parser reads another one: what it would trim or turn is refused.
    pub(crate) fn lists(&self, url: &str) -> bool {
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        plain && Url::parse(url).is_ok_and(|url| self.origins.iter().any(|origin| origin.origin() == url.origin()))
    }
}

impl Entry {
    fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        if self.adapter.as_ref().is_some_and(|id| !is_adapter_id(id)) {
            faults.push("adapter must match [a-z0-9_]+");
        }
        if self.origins.iter().any(|origin| !matches!(origin.scheme(), "https" | "http") || origin.path() != "/") {
            faults.push("an origin is scheme://host[:port] with https or http");
        }
        if !(100..=8_000).contains(&self.deadline_ms) {
            faults.push("deadline_ms is 100 to 8000");
        }
        if self.credentials.algorithm.is_some_and(|algorithm| !jwt::ACCEPTED.contains(&algorithm)) {
            faults.push("algorithm is RS256, PS256 or ES256");
        }
        faults
    }
}

/// A name that can be a file's and a path segment's.
pub(crate) fn is_adapter_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn problem(json: &str) -> String {
        Table::parse(json, |_| None).err().unwrap().to_string()
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let told = problem(
            r#"{"A": {"adapter": "../x", "deadline_ms": 9000},
                "B": {"adapter": "b", "origins": ["ftp://op.example", "https://op.example/path"],
                      "credentials": {"client_secret": "env:NOT_SET", "algorithm": "HS256"}}}"#,
        );
        for part in ["A: adapter must", "A: deadline_ms", "B: an origin is", "B: the secret NOT_SET", "B: algorithm is"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn a_secret_that_was_written_into_the_table_is_not_repeated() {
        let told = problem(r#"{"A": {"adapter": "a", "credentials": {"client_secret": "hunter2"}}}"#);
        assert!(told.contains("A: a secret must be env:NAME") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn an_unknown_field_is_refused_and_a_network_without_an_adapter_is_not() {
        assert!(problem(r#"{"A": {"adapter": "a", "allow_lopback": true}}"#).contains("allow_lopback"));
        let table = Table::parse(r#"{"A": {"ranges": ["447700900999"]}}"#, |_| None).unwrap();
        assert!(table.get("A").is_none());
        assert_eq!(table.ranges(), [("447700900999".to_owned(), "A".to_owned())]);
    }

    #[test]
    fn an_address_belongs_to_a_network_in_either_spelling() {
        let json = r#"{"A": {"adapter": "a", "mobile_addresses": ["127.0.2.0/24", "2001:db8:2::/48"]}}"#;
        let table = Table::parse(json, |_| None).unwrap();
        for (address, network) in [
            ("127.0.2.20", Some("A")),
            ("::ffff:127.0.2.20", Some("A")),
            ("2001:db8:2::1", Some("A")),
            ("127.0.3.20", None),
        ] {
            assert_eq!(table.network_at(address.parse().unwrap()), network, "{address}");
        }
    }

    #[test]
    fn an_adapters_name_is_a_file_name_and_nothing_more() {
        let long = "x".repeat(33);
        for id in ["", "..", "a/b", "a.so", "Vodafone", "o-2", "a\0", "ö", &long] {
            assert!(!is_adapter_id(id), "{id:?}");
        }
        assert!(is_adapter_id("three_uk2"));
    }
}
