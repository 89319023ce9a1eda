//! Does an operator's entry keep to what its adapter's manifest says of it?

use sna_adapter::{Family, Manifest};
use url::{Host, Url};

use crate::table::Operator;

/// What the manifest does not allow or misses, every problem at once.
pub fn faults(operator: &Operator, manifest: &Manifest) -> Vec<String> {
    let wrong = operator.origins.iter().filter(|origin| !is_allowed(origin, operator, manifest));
    let mut faults: Vec<String> = wrong.map(|origin| format!("the manifest names no origin {origin}")).collect();
    let missing = manifest.secrets.iter().filter(|name| !operator.credentials.have(name));
    faults.extend(missing.map(|name| format!("the manifest needs the credential {name}")));
    if manifest.family == Family::HeaderEnrichment && operator.enrichment.is_none() {
        faults.push("the manifest's family needs `enrichment`".into());
    }
    faults
}

fn is_allowed(origin: &Url, operator: &Operator, manifest: &Manifest) -> bool {
    let host = origin.host_str().unwrap_or_default();
    let local = operator.allow_loopback && is_loopback(origin);
    let cleartext = manifest.names_cleartext(host);
    local || cleartext || (origin.scheme() == "https" && (manifest.hosts.is_empty() || manifest.names(host)))
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::Table;

    fn manifest(change: Value) -> Manifest {
        let mut whole = json!({
            "abi": 1, "id": "x", "name": "X", "family": "camara", "countries": ["GB"], "mcc_mnc": [],
            "request_type": "GET", "ajax": false, "supports_callback": true, "needs_mobile_ip": "require",
            "number_form": "plain", "hosts": ["*.op.example"], "cleartext_hops": ["hop.example"],
        });
        whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn told(entry: Value, change: Value) -> Vec<String> {
        let mut whole = json!({ "adapter": "x" });
        whole.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
        let table = Table::parse(&json!({ "X": whole }).to_string(), |_| Some("00".repeat(32))).unwrap();
        faults(table.get("X").unwrap(), &manifest(change))
    }

    #[test]
    fn an_origin_lies_on_a_host_of_the_manifest() {
        for (origin, local, good) in [
            ("https://api.op.example", false, true),
            ("https://api.op.example:8443", false, true),
            ("http://hop.example", false, true),
            ("https://hop.example", false, true),
            ("http://api.op.example", false, false),
            ("https://op.example", false, false),
            ("https://evil.example", false, false),
            ("https://evil.example", true, false),
            ("http://127.0.0.1:9410", true, true),
            ("http://[::1]:9410", true, true),
            ("http://localhost:9410", true, true),
            ("http://127.0.0.1:9410", false, false),
        ] {
            let entry = json!({ "origins": [origin], "allow_loopback": local });
            assert_eq!(told(entry, json!({})).is_empty(), good, "{origin} {local}");
        }
        let by_contract = json!({ "hosts": [] });
        assert!(told(json!({ "origins": ["https://any.example"] }), by_contract.clone()).is_empty());
        assert_eq!(told(json!({ "origins": ["http://any.example"] }), by_contract).len(), 1);
    }

    #[test]
    fn what_the_manifest_needs_is_there() {
        let needs = json!({
            "secrets": ["client_secret", "private_key", "api_key", "decryption_key"], "family": "header_enrichment",
        });
        assert_eq!(told(json!({}), needs.clone()).len(), 5);
        let credentials = json!({
            "client_secret": "env:A", "private_key": "env:B", "api_key": "env:C", "decryption_key": "env:D",
        });
        let enrichment = json!({ "uri": "http://he.example", "header": "x-msisdn", "proxies": ["10.0.0.0/8"] });
        assert!(told(json!({ "credentials": credentials, "enrichment": enrichment }), needs).is_empty());
    }
}
