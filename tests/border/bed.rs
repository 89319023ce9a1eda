//! The host under test: operators made from a table and a layer, and what they log.

use std::{
    io::{Result, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use sna_operators::{Arrival, Done, Operation, Operators, Outcome, Params, Session, Table, Verdict};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::Targets;

use crate::layer::{Layer, built};

pub const NUMBER: &str = "+447700900601";
/// Unix milliseconds.
pub const NOW: u64 = 1_800_000_000_000;

/// The operators of a table whose secrets are told here.
pub fn operators(directory: &Path, table: &Value, secrets: &[(&str, &str)]) -> Operators {
    let secret = |name: &str| secrets.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let table = Table::parse(&table.to_string(), secret).unwrap();
    Operators::new(table, directory.to_owned(), "https://gateway.example")
}

/// One network `X`, served by `adapter`, which needs neither config nor origins.
pub fn only(directory: &Path, adapter: &str) -> Operators {
    operators(directory, &json!({ "X": { "adapter": adapter } }), &[])
}

/// One network `X`, served by the rogue adapter; `origin` may be called on loopback.
pub fn rogue(origin: &str, config: &Value) -> (Layer, Operators) {
    let layer = Layer::of(&[("rogue", &built("rogue"))]);
    let entry = json!({ "adapter": "rogue", "origins": [origin], "allow_loopback": true, "config": config });
    let operators = operators(layer.path(), &json!({ "X": entry }), &[]);
    (layer, operators)
}

pub fn session() -> Session {
    Session {
        msisdn: NUMBER.into(),
        client_ip: "192.0.2.1".into(),
        state: "state-of-the-session".into(),
        nonce: "nonce-of-the-session".into(),
        ..Session::default()
    }
}

pub fn callback() -> Operation {
    Operation::Callback { params: Params::new() }
}

pub fn arrive() -> Operation {
    Operation::Arrive { request: Arrival { method: "GET".into() } }
}

pub async fn run(operators: &Operators, operation: Operation) -> std::result::Result<Done, Verdict> {
    operators.run("X", operation, session(), NOW).await
}

/// The verdict of a step, whether the adapter or the host gave it.
pub async fn verdict(operators: &Operators, operation: Operation) -> Verdict {
    match run(operators, operation).await.map(|done| done.outcome) {
        Ok(Outcome::Verdict { verdict }) | Err(verdict) => verdict,
        Ok(_) => panic!("no verdict"),
    }
}

/// Everything that is logged on this thread while it lives.
pub struct Logs {
    written: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

#[derive(Clone)]
struct Pen(Arc<Mutex<Vec<u8>>>);

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Logs {
    pub fn capture() -> Self {
        let written = Arc::new(Mutex::default());
        let pen = Pen(Arc::clone(&written));
        let subscriber =
            sna_api::log("test".into(), Targets::new().with_default(tracing::Level::INFO), move || pen.clone());
        Self { written, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }

    /// The causes for which an operator was called unavailable, in order.
    pub fn causes(&self) -> Vec<String> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let errors = lines.filter(|line| line["level"] == "ERROR");
        errors.map(|line| line["cause"].as_str().unwrap().to_owned()).collect()
    }
}
