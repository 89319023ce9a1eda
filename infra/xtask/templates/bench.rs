//! One step of the adapter as the gateway runs it, with the operator's answers told beforehand.
#![allow(dead_code, reason = "each family needs its own part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sna_adapter::{Answer, Call, Context, Entry, HttpResponse, Operation, Reply, step};

use {{id}}::ADAPTER;

/// The operator table that has this adapter's entry.
const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/{{table}}"));

/// The `config` of this adapter's entry.
pub fn config() -> Value {
    let table: Value = serde_json::from_str(TABLE).expect("JSON");
    table["{{network}}"]["config"].clone()
}

pub fn context() -> Context {
    Context {
        msisdn: "{{block}}20".into(),
        client_ip: "{{public}}.20".into(),
        source_ip: "{{cellular}}.20".into(),
        callback_uri: "https://gateway.example/v1/callback/{{id}}".into(),
        enrich_uri: "http://enrich.example/v1/enrich/{{id}}".into(),
        state: "the-state".into(),
        nonce: "the-nonce".into(),
        verifier: "the-verifier".into(),
        challenge: "the-challenge".into(),
        now: 1_800_000_000,
        config: config(),
        kept: String::new(),
    }
}

/// Runs a step, giving each ask the next answer: all asks, and what the step ended in.
pub fn run(operation: Operation, context: Context, answers: impl IntoIterator<Item = Answer>) -> (Vec<Value>, Value) {
    let (mut answers, mut journal) = (answers.into_iter(), Vec::new());
    loop {
        let call = Call { operation: operation.clone(), context: context.clone(), journal: journal.clone() };
        match step(&ADAPTER, call) {
            Reply::Ask { ask } => {
                let answer = answers.next().unwrap_or_else(|| panic!("no answer for {}", json!(ask)));
                journal.push(Entry { ask, answer });
            }
            reply => return (journal.into_iter().map(|entry| json!(entry.ask)).collect(), json!(reply)),
        }
    }
}

/// The operator answers with this status and JSON.
pub fn http(status: u16, body: &Value) -> Answer {
    Answer::Http(HttpResponse { status, headers: BTreeMap::new(), body: body.to_string() })
}
