//! Payloads that the customer hands over: what is none is told apart before anything is tried.

use serde_json::{Value, json};
use sna_operators::{Operation, Operators, Verdict};

use crate::{
    bed::{Logs, NOW, operators, session, verdict},
    layer::{Layer, built},
};

fn with(fault: &str) -> (Layer, Operators) {
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let credentials = json!({ "client_secret": "env:SECRET" });
    let entry = json!({ "adapter": "rogue", "credentials": credentials, "config": { "fault": fault, "url": "" } });
    let operators = operators(layer.path(), &json!({ "X": entry }), &[("SECRET", "secret")]);
    (layer, operators)
}

fn validate() -> Operation {
    Operation::Validate { payload: Value::Null }
}

#[tokio::test]
async fn a_malformed_payload_is_known_by_the_first_look() {
    let logs = Logs::capture();
    let (_layer, operators) = with("malformed");
    assert!(operators.is_malformed("X", validate(), &session(), NOW));
    assert!(logs.text().is_empty(), "nothing is tried and nothing ends");
    assert_eq!(verdict(&operators, validate()).await, Verdict::ProtocolViolation, "who runs it all the same");
}

#[tokio::test]
async fn after_an_ask_it_is_too_late_to_call_a_payload_malformed() {
    let logs = Logs::capture();
    let (_layer, operators) = with("malformed_after_an_ask");
    assert!(!operators.is_malformed("X", validate(), &session(), NOW));
    assert_eq!(verdict(&operators, validate()).await, Verdict::ConfigError);
    assert!(logs.causes()[0].contains("too late"), "{:?}", logs.causes());
}

#[tokio::test]
async fn what_is_broken_is_not_the_payloads_fault() {
    for fault in ["claims_a_panic", "writes_nothing", "unknown_code"] {
        let (_layer, operators) = with(fault);
        assert!(!operators.is_malformed("X", validate(), &session(), NOW), "{fault}");
    }
    let (_layer, operators) = with("malformed");
    assert!(!operators.is_malformed("NOBODY", validate(), &session(), NOW));
}
