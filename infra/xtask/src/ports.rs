//! The ports of a run. A default that is taken is no reason to fail: another is taken and named.

use std::net::TcpListener;

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
                println!("    port {wished} ({name}) is taken; using {port}");
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

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
}
