//! What the functions log, kept to be searched.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use tracing::Level;

/// The log of this process; nextest gives each test its own.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Everything that the functions and their libraries say from now on.
    pub fn begin(level: Level) -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        tracing_subscriber::fmt().json().with_max_level(level).with_writer(move || writer.clone()).init();
        captured
    }

    /// What the functions said: the sandbox's servers are in this process too.
    pub fn functions(&self) -> String {
        let logged = String::from_utf8_lossy(&self.0.lock().expect("a lock")).into_owned();
        let own = |line: &&str| !line.contains("\"target\":\"dynoxide") && !line.contains("\"target\":\"sandbox");
        logged.lines().filter(own).collect::<Vec<_>>().join("\n")
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
