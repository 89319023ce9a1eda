//! What the store promises, on every engine that there is: alone, behind faults, and raced through the functions.

mod endpoints;
mod lookups;
mod once;
mod outages;
mod properties;
mod races;
mod timeouts;
mod usage;

use std::time::{SystemTime, UNIX_EPOCH};

use sna_numbers::{Msisdn, Network};
use sna_sessions::{Begin, CorrelationId, Limit, Proof, Session};

/// A word that no other test has.
fn fresh() -> String {
    Proof::generate().expect("randomness").expose().to_owned()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64
}

/// A new session, not yet written.
fn session(customer: &str, correlation_id: Option<&str>, now: u64) -> Session {
    let begin = Begin {
        customer: customer.to_owned(),
        correlation_id: correlation_id.map(|id| CorrelationId::parse(id).expect("an id")),
        msisdn: Msisdn::parse("+447700900620").expect("a number"),
        client_ip: [127, 0, 0, 1].into(),
        network: Network::parse("VODAFONE").ok(),
        redirect_uri: None,
        native: false,
        wrong_codes_a_day: None,
        webhook: false,
    };
    let mut session = Session::begin(begin, now, 600).expect("randomness");
    session.operator = Some("vodafone".to_owned());
    session
}

/// A limit that no other test has.
fn limit(most: u64) -> Limit {
    Limit { key: fresh(), window_ms: 60_000, most }
}
