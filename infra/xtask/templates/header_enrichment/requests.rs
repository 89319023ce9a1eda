//! What this adapter asks of its operator, word by word, and what it makes of the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{context, run};
use serde_json::{Value, json};
use sna_adapter::{Answer, Arrival, Operation};

/// The operator's proxy wrote this number into the header, so many seconds ago.
fn enriched(msisdn: &str, ago: u64) -> (Vec<Value>, Value) {
    let text = json!({ "msisdn": msisdn, "iat": context().now - ago }).to_string();
    run(Operation::Enriched { header: Some("a.b.c.d.e".into()) }, context(), [Answer::Decrypted { text }])
}

#[test]
fn the_handset_is_sent_where_the_operators_proxy_adds_its_header() {
    let (asks, reply) = run(Operation::Arrive { request: Arrival::default() }, context(), []);
    assert!(asks.is_empty());
    assert_eq!(reply["outcome"]["uri"], "http://enrich.example/v1/enrich/{{id}}?state=the-state");
}

#[test]
fn the_number_in_the_header_is_compared_with_the_sessions() {
    let (asks, reply) = enriched(&context().msisdn, 1);
    assert_eq!(asks, [json!({ "type": "decrypt", "jwe": "a.b.c.d.e" })]);
    assert_eq!(reply["outcome"], json!({ "type": "verdict", "verdict": "MATCH" }));
    assert_eq!(enriched("{{block}}21", 1).1["outcome"]["verdict"], "MISMATCH");
}

#[test]
fn no_header_is_no_mobile_network_and_an_old_one_a_violation() {
    let (_, reply) = run(Operation::Enriched { header: None }, context(), []);
    assert_eq!(reply["verdict"], "NOT_MOBILE_NETWORK");
    assert_eq!(enriched(&context().msisdn, 3600).1["verdict"], "PROTOCOL_VIOLATION");
}
