//! A process that a group has started: what it takes of the processor and of the memory, and its end.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command},
};

use serde_json::Value;

use crate::{Error, Place};

/// Ends with its value.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Result<Self, Error> {
        command.spawn().map(Self).map_err(|error| Error::failed(format!("{command:?}: {error}")))
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Seconds of the processor, of all its threads until now (Linux, sched-stats).
    pub fn cpu(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id())).into_iter().flatten().flatten();
        let of = |thread: fs::DirEntry| {
            let said = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            said.split_whitespace().next()?.parse::<f64>().ok()
        };
        threads.filter_map(of).sum::<f64>() / 1e9
    }

    /// Megabytes that it holds.
    pub fn rss(&self) -> f64 {
        let said = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = said.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|kb| kb.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds a bench target of this package, and says where it is. Such targets have what no shipped build may depend on.
pub fn bench_target(place: &Place, name: &str) -> Result<PathBuf, Error> {
    let words = "bench --locked --quiet --no-run --message-format json --package sna-bench --bench";
    let mut cargo = Command::new("cargo");
    cargo.args(words.split(' ')).arg(name);
    cargo.current_dir(&place.root).stderr(std::process::Stdio::inherit());
    let built = cargo.output().map_err(Error::failed)?;
    let said = String::from_utf8_lossy(&built.stdout);
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let own = messages.filter(|message| message["target"]["name"] == name);
    let found = own.rev().find_map(|message| message["executable"].as_str().map(PathBuf::from));
    found.ok_or_else(|| Error::failed(format!("the bench target {name} is not built")))
}
