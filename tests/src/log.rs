//! What the functions log, kept to be searched.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::Level;
use tracing_subscriber::{filter::Targets, util::SubscriberInitExt as _};

/// The log of this process; nextest gives each test its own.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Everything that the functions and their libraries say from now on.
    pub fn begin(level: Level) -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        sna_api::log("test".to_owned(), Targets::new().with_default(level), move || writer.clone()).init();
        captured
    }

    /// What the functions said: the sandbox's servers are in this process too.
    pub fn functions(&self) -> String {
        let logged = String::from_utf8_lossy(&self.0.lock().expect("a lock")).into_owned();
        let own = |line: &&str| !line.contains("\"target\":\"dynoxide") && !line.contains("\"target\":\"sandbox");
        logged.lines().filter(own).collect::<Vec<_>>().join("\n")
    }

    /// The same, each line as the object that it must be.
    pub fn lines(&self) -> Vec<Value> {
        self.functions().lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The lines that end requests.
    pub fn requests(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line.get("_aws").is_some()).collect()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
