//! What an adapter says of itself, beside its code: the host knows it without loading anything, checks it against the
//! operator table, and get_config answers by it. `manifest.json` of the adapter's crate; the build adds [`Built`].

use serde::{Deserialize, Serialize};

/// An adapter's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The ABI's major version.
    pub abi: u32,
    /// `[a-z0-9_]+`: the crate, the file, the `{vendor}` of the callback's path.
    pub id: String,
    /// For people.
    pub name: String,
    pub family: Family,
    /// ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// `MCC-MNC`.
    pub mcc_mnc: Vec<String>,
    /// Hosts of the operator, `*.example.com` for all below. Empty: by contract, so the operator table alone says.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Hosts that a handset passes over plain http, and the only ones that the table may list with `http:`.
    #[serde(default)]
    pub cleartext_hops: Vec<String>,
    /// What the handset uses: `GET` or `POST`.
    pub request_type: String,
    /// May a page call the URI with `fetch`? Then its JSON is the payload that validate takes.
    pub ajax: bool,
    /// Does the handset come back to us, and so to the customer's redirect_uri?
    pub supports_callback: bool,
    pub needs_mobile_ip: MobileIp,
    /// Does the operator find the session by address *and port*?
    #[serde(default)]
    pub needs_client_port: bool,
    /// May the user see a page of the operator's?
    #[serde(default)]
    pub interactive: bool,
    pub number_form: NumberForm,
    /// Does the number stand in a URL that the handset opens or that we call?
    #[serde(default)]
    pub number_in_url: bool,
    /// Names under `credentials` of the operator table that must be there.
    #[serde(default)]
    pub secrets: Vec<String>,
    #[serde(default)]
    pub deadlines: Deadlines,
    /// What a reader must know, such as `shape inferred; endpoints by contract`.
    #[serde(default)]
    pub note: Option<String>,
    /// Written by the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<Built>,
}

/// The file that belongs to a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Built {
    pub file: String,
    /// Lower-case hex.
    pub sha256: String,
    pub version: String,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// One request to the operator; the table may say less.
    pub request: u64,
    /// All requests of one step.
    pub step: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { request: 8_000, step: 15_000 }
    }
}

/// The protocol families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Camara,
    MobileConnect,
    IpSession,
    CheckUrl,
    AjaxToken,
    Ts43,
    HeaderEnrichment,
    /// A protocol of its own.
    Other,
}

/// Must the handset come over mobile data?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MobileIp {
    /// It works on Wi-Fi: the SIM proves itself.
    Never,
    Prefer,
    Require,
}

/// How the number reaches the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    Plain,
    /// Hex SHA-256 of E.164 with its `+`.
    Hashed,
    /// It does not: the operator tells us, and we compare.
    Compared,
}

impl Manifest {
    /// Every problem of a manifest by itself.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |good: bool, fault: &str| {
            if !good {
                faults.push(fault.to_owned());
            }
        };
        check(self.abi == 1, "abi must be 1");
        check(is_id(&self.id), "id must match [a-z0-9_]{1,32}");
        check(!self.countries.is_empty() && self.countries.iter().all(|c| is_country(c)), "countries are two capitals");
        check(self.mcc_mnc.iter().all(|code| is_mcc_mnc(code)), "mcc_mnc is 234-15 or 310-260");
        check(matches!(self.request_type.as_str(), "GET" | "POST"), "request_type is GET or POST");
        check(self.hosts.iter().chain(&self.cleartext_hops).all(|host| is_host(host)), "a host is a name, or *.name");
        let allowed = |name: &String| crate::SECRETS.contains(&name.as_str());
        check(self.secrets.iter().all(allowed), "secrets are names under credentials");
        check((100..=8_000).contains(&self.deadlines.request), "deadlines.request is 100 to 8000 ms");
        check((100..=15_000).contains(&self.deadlines.step), "deadlines.step is 100 to 15000 ms");
        faults
    }

    /// Is this host one that the manifest names?
    pub fn names(&self, host: &str) -> bool {
        named(&self.hosts, host)
    }

    /// May this host be called, or passed, over plain http?
    pub fn names_cleartext(&self, host: &str) -> bool {
        named(&self.cleartext_hops, host)
    }
}

fn named(hosts: &[String], host: &str) -> bool {
    hosts.iter().any(|named| match named.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => named == host,
    })
}

/// A name that can be a file's and a path segment's.
pub fn is_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_mcc_mnc(code: &str) -> bool {
    let digits = |text: &str, len: &[usize]| len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    code.split_once('-').is_some_and(|(mcc, mnc)| digits(mcc, &[3]) && digits(mnc, &[2, 3]))
}

fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_str(
            r#"{"abi": 1, "id": "o2", "name": "O2", "family": "camara", "countries": ["GB"], "mcc_mnc": ["234-10"],
                "hosts": ["*.o2.example", "id.example"], "request_type": "GET", "ajax": false, "supports_callback": true,
                "needs_mobile_ip": "require", "number_form": "plain"}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_star_names_what_is_below_and_nothing_beside() {
        let manifest = manifest();
        for (host, named) in [
            ("api.o2.example", true),
            ("a.b.o2.example", true),
            ("id.example", true),
            ("o2.example", false),
            (".o2.example", false),
            ("evilo2.example", false),
            ("o2.example.evil", false),
            ("x.id.example", false),
        ] {
            assert_eq!(manifest.names(host), named, "{host}");
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        assert_eq!(manifest().faults(), [""; 0]);
        let bad = Manifest {
            abi: 2,
            id: "../o2".into(),
            countries: vec!["gb".into()],
            mcc_mnc: vec!["23415".into()],
            request_type: "PUT".into(),
            hosts: vec!["https://o2".into()],
            secrets: vec!["password".into()],
            deadlines: Deadlines { request: 9_000, step: 1 },
            ..manifest()
        };
        assert_eq!(bad.faults().len(), 9);
    }

    #[test]
    fn an_id_is_a_file_name_and_nothing_more() {
        let long = "x".repeat(33);
        for id in ["", "..", "a/b", "a.so", "Vodafone", "o-2", "a\0", "ö", &long] {
            assert!(!is_id(id), "{id:?}");
        }
        assert!(is_id("three_uk2"));
    }
}
