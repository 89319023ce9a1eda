//! The ports of a run. A default that is taken is no reason to fail: another is taken, and said whose the first one is.

use std::{fs, net::TcpListener, os::linux::fs::MetadataExt, path::Path};

use crate::{Error, command::Run};

/// Name as in the sandbox's options, and the default.
const DEFAULTS: [(&str, u16); 11] = [
    ("gateway", 9000),
    ("watch", 9001),
    ("enrich", 9002),
    ("sandbox", 9400),
    ("operators", 9410),
    ("hop", 9411),
    ("origin", 9412),
    ("lookup", 9413),
    ("dynamodb", 9420),
    ("sns", 9421),
    ("sqs", 9422),
];

pub(crate) struct Ports(Vec<(&'static str, u16)>);

impl Ports {
    /// The defaults, with this one for the gateway, as far as they are free.
    pub(crate) fn usual(gateway: u16) -> Result<Self, Error> {
        Self::choose(|name, port| if name == "gateway" { gateway } else { port })
    }

    /// Free ones, beside a system that may be running.
    pub(crate) fn free() -> Result<Self, Error> {
        Self::choose(|_, _| 0)
    }

    fn choose(wish: impl Fn(&str, u16) -> u16) -> Result<Self, Error> {
        // Kept until all are chosen, so that none is chosen twice.
        let mut held = Vec::new();
        let mut ports = Vec::new();
        for (name, default) in DEFAULTS {
            let wished = wish(name, default);
            let listener = bind(wished).or_else(|_| bind(0));
            let listener = listener.map_err(|error| Error::failed(format!("no free port on 127.0.0.1: {error}")))?;
            let port = listener.local_addr().map_err(Error::file("127.0.0.1"))?.port();
            if wished != 0 && port != wished {
                println!("    {}", taken(name, wished, port));
            }
            held.push(listener);
            ports.push((name, port));
        }
        Ok(Self(ports))
    }

    pub(crate) fn get(&self, name: &str) -> u16 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, port)| *port)
    }

    /// The sandbox's options.
    pub(crate) fn options(&self, mut run: Run) -> Run {
        for (name, port) in &self.0 {
            run = run.arg(format!("--port-{name}")).arg(port.to_string());
        }
        run
    }
}

/// Why a port is another than was wished, and what to do about it.
fn taken(name: &str, wished: u16, port: u16) -> String {
    let who = listener(wished).unwrap_or_else(|| "somebody whom we may not see".to_owned());
    let option = if name == "gateway" { "; --port-gateway takes another" } else { "" };
    format!("port {wished} ({name}) is taken by {who}; using {port}{option}")
}

/// Who listens at this port of 127.0.0.1, or of every address: proc_net_tcp(5) has the socket, /proc/PID/fd whose it is.
pub(crate) fn listener(port: u16) -> Option<String> {
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let inodes: Vec<u64> =
        sockets.iter().flat_map(|text| text.lines()).filter_map(|line| listening(line, port)).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    let is_number = |process: &Path| process.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()).is_some();
    let mut owners = processes.filter(|process| is_number(process));
    let process = owners.find(|process| inodes.iter().any(|inode| holds(process, *inode)))?;
    let name = fs::read_to_string(process.join("comm")).ok()?;
    Some(format!("{} (process {})", name.trim(), process.file_name()?.to_str()?))
}

/// The socket of a row of that table, if it listens (state 0A) at this port.
fn listening(row: &str, port: u16) -> Option<u64> {
    let mut fields = row.split_whitespace().skip(1);
    let is_at = fields.next()?.rsplit(':').next()? == format!("{port:04X}");
    let is_listening = fields.nth(1)? == "0A";
    fields.nth(5)?.parse().ok().filter(|_| is_at && is_listening)
}

fn holds(process: &Path, socket: u64) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files.into_iter().any(|file| fs::metadata(file.path()).is_ok_and(|found| found.st_ino() == socket))
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_port_that_is_taken_is_replaced_and_its_owner_named() {
        let ours = bind(0).unwrap();
        let port = ours.local_addr().unwrap().port();
        let ports = Ports::usual(port).unwrap();
        assert_ne!(ports.get("gateway"), port);
        let said = taken("gateway", port, ports.get("gateway"));
        let own = format!("(process {})", std::process::id());
        assert!(said.contains(&own) && said.contains("--port-gateway"), "{said}");
        drop(ours);
        assert_eq!(listener(port), None);
    }
}
