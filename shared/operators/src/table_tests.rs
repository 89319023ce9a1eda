//! The operator table as it is read, and as it is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use secrecy::ExposeSecret;
use serde_json::json;

use super::*;

fn problem(json: &str) -> String {
    Table::parse(json, |_| None).err().unwrap().to_string()
}

fn table(json: &Value) -> Table {
    Table::parse(&json.to_string(), |name| Some(format!("the secret {name}"))).unwrap()
}

#[test]
fn every_problem_is_told_at_once() {
    let told = problem(
        r#"{"A": {"adapter": "../x", "deadline_ms": 9000, "countries": ["GB"]},
            "B": {"adapter": "b", "origins": ["ftp://op.example", "https://op.example/path"],
                  "credentials": {"client_secret": "env:NOT_SET", "algorithm": "HS256"},
                  "customers": {"shop": {"credentials": {"api_key": "env:NOT_SET_EITHER"}}}},
            "C": {"mvno_of": "D", "origins": ["https://op.example"]}, "D": {"countries": ["gb"], "filtered": true},
            "E": {"adapter": "e", "mvno_of": "B", "config": 7, "customers": {"shop": {"config": {"a": 1}}}},
            "F": {"adapter": "f", "enrichment": {"uri": "https://he.example", "header": "host", "proxies": []}}}"#,
    );
    for part in [
        "A: adapter must",
        "A: deadline_ms",
        "A: the adapter's manifest says the countries",
        "B: an origin is",
        "B: the secret NOT_SET is",
        "B: algorithm is",
        "B: shop: the secret NOT_SET_EITHER",
        "C: mvno_of must name",
        "C: without an adapter",
        "D: countries are",
        "D: only an MVNO",
        "E: a network has an adapter or",
        "E: config of customers",
        "F: enrichment.uri",
        "F: enrichment.header",
        "F: enrichment.proxies",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_secret_that_was_written_into_the_table_is_not_repeated() {
    for name in ["client_secret", "private_key", "api_key", "decryption_key"] {
        let entry = json!({ "adapter": "a", "credentials": { name: "hunter2" } });
        let told = problem(&json!({ "A": entry }).to_string());
        assert!(told.contains("A: a secret must be env:NAME") && !told.contains("hunter2"), "{told}");
    }
    let json = r#"{"A": {"adapter": "a", "credentials": {"decryption_key": "env:KEY"}}}"#;
    let told = Table::parse(json, |_| Some("hunter2".into())).err().unwrap().to_string();
    assert!(told.contains("A: decryption_key is 64 hex digits") && !told.contains("hunter2"), "{told}");
}

#[test]
fn an_unknown_field_is_refused_and_a_network_without_an_adapter_is_not() {
    assert!(problem(r#"{"A": {"adapter": "a", "allow_lopback": true}}"#).contains("allow_lopback"));
    let table = table(&json!({ "A": { "ranges": ["447700900999"], "countries": ["GB"] } }));
    assert!(table.get("A").is_none());
    assert_eq!(table.ranges(), [("447700900999".to_owned(), "A".to_owned())]);
}

#[test]
fn an_address_belongs_to_a_network_in_either_spelling() {
    let table = table(&json!({
        "A": { "adapter": "a", "mobile_addresses": ["127.0.2.0/24", "2001:db8:2::/48"] },
        "B": { "mobile_addresses": ["127.0.2.128/25"] },
    }));
    for (address, network) in [
        ("127.0.2.20", Some("A")),
        ("::ffff:127.0.2.20", Some("A")),
        ("2001:db8:2::1", Some("A")),
        ("127.0.2.200", Some("B")),
        ("127.0.3.20", None),
    ] {
        assert_eq!(table.network_at(address.parse().unwrap()), network, "{address}");
    }
}

#[test]
fn an_mvno_is_served_by_its_host_unless_it_is_filtered() {
    let table = table(&json!({
        "O2": { "adapter": "o2", "origins": ["https://o2.example"] },
        "GIFFGAFF": { "mvno_of": "O2" },
        "LYCA": { "mvno_of": "O2", "filtered": true },
        "EE": { "adapter": "ee" },
    }));
    assert_eq!(table.get("GIFFGAFF").unwrap().adapter, "o2");
    assert!(table.get("GIFFGAFF").unwrap().lists("https://o2.example/token"));
    assert!(table.get("LYCA").is_none());
    for (one, other, same) in [
        ("GIFFGAFF", "O2", true),
        ("LYCA", "GIFFGAFF", true),
        ("O2", "O2", true),
        ("GIFFGAFF", "EE", false),
        ("NOBODY", "O2", false),
    ] {
        assert_eq!((table.same_network(one, other), table.same_network(other, one)), (same, same), "{one} {other}");
    }
}

#[test]
fn a_customer_of_its_own_account_replaces_what_it_names_and_nothing_else() {
    let table = table(&json!({ "O2": {
        "adapter": "o2", "config": { "client_id": "gateway", "scope": "openid" },
        "credentials": { "client_secret": "env:OURS", "key_id": "ours", "private_key": "env:KEY" },
        "customers": {
            "bank": { "config": { "client_id": "bank" }, "credentials": { "client_secret": "env:BANK" } },
            "shop": {},
        },
    } }));
    let operator = table.get("O2").unwrap();
    let seen = |customer: &str| {
        let own = operator.of(customer).unwrap();
        let secret = own.credentials.client_secret.as_ref().unwrap().expose_secret().to_owned();
        assert_eq!(own.credentials.key_id.as_deref(), Some("ours"));
        assert_eq!(own.credentials.private_key.as_ref().unwrap().expose_secret(), "the secret KEY");
        (own.config.clone(), secret)
    };
    let ours = (json!({ "client_id": "gateway", "scope": "openid" }), "the secret OURS".to_owned());
    assert_eq!(seen("bank"), (json!({ "client_id": "bank", "scope": "openid" }), "the secret BANK".into()));
    assert_eq!(seen("shop"), ours);
    assert_eq!(seen("anybody"), ours);
}

#[test]
fn an_operator_that_approves_customers_one_by_one_serves_no_other() {
    let entry = json!({ "adapter": "o2", "only_listed": true, "customers": { "bank": {} } });
    let table = table(&json!({ "O2": entry, "GIFFGAFF": { "mvno_of": "O2" } }));
    for network in ["O2", "GIFFGAFF"] {
        let operator = table.get(network).unwrap();
        assert!(operator.of("bank").is_some() && operator.of("shop").is_none() && operator.of("").is_none());
    }
}
