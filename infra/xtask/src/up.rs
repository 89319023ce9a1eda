//! `cargo xtask up`: from a fresh clone to a running system, until Ctrl-C.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use clap::Args;
use serde_json::Value;

use crate::{
    Error, Workspace, curl, docs,
    interrupt::pause,
    ports::{Ports, listener},
    system::{System, build},
};

#[derive(Args)]
pub struct Up {
    /// Where customers and handsets find the gateway, on 127.0.0.1; another is taken when it is busy
    #[arg(long, default_value_t = 9000)]
    port_gateway: u16,
}

/// Brings everything up and waits for a signal, which is a good end.
///
/// # Errors
/// What did not come up, or which child ended.
pub fn up(workspace: &Workspace, options: &Up) -> Result<(), Error> {
    match run(workspace, options) {
        Err(Error::Interrupted) => {
            println!("\nended");
            Ok(())
        }
        ended => ended,
    }
}

fn run(workspace: &Workspace, options: &Up) -> Result<(), Error> {
    none_is_up(&workspace.local().join("gateway.json"))?;
    let began = SystemTime::now();
    build(workspace)?;
    docs::if_possible(workspace)?;
    let ports = Ports::usual(options.port_gateway)?;
    let mut system = System::start(workspace, &ports, &workspace.local())?;
    println!("\n{}", curl::guide(&system.gateway, &system.children.logs()));
    let mut is_stale = false;
    loop {
        system.children.check()?;
        let changed = SOURCES.iter().find_map(|folder| changed(&workspace.root.join(folder), began));
        if let Some(path) = changed.filter(|_| !is_stale) {
            is_stale = true;
            println!("what runs is older than {}: Ctrl-C, and `cargo xtask up` builds it anew", path.display());
        }
        pause(Duration::from_secs(1))?;
    }
}

/// What runs is made of these.
const SOURCES: [&str; 4] = ["adapters", "functions", "shared", "tests/sandbox"];

/// A file below `folder` that was written after that time.
fn changed(folder: &Path, since: SystemTime) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        if entry.file_type().ok()?.is_dir() {
            return changed(&entry.path(), since);
        }
        (entry.metadata().ok()?.modified().ok()? > since).then(|| entry.path())
    })
}

/// Two runs would write over each other's files. The page of the last one is where its `gateway.json` says; a run that has ended
/// answers nothing there.
fn none_is_up(gateway: &Path) -> Result<(), Error> {
    let known: Option<Value> = fs::read(gateway).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let page = known.as_ref().and_then(|known| known["sandbox"].as_str()).unwrap_or_default();
    let Some(address) = page.strip_prefix("http://").filter(|address| TcpStream::connect(address).is_ok()) else {
        return Ok(());
    };
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let who = listener(port).unwrap_or_else(|| "a process of somebody else".to_owned());
    Err(Error::failed(format!("a run is up already: {page}, {who}. End it first, with Ctrl-C where it was started")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_source_that_was_written_after_the_build_is_found_however_deep() {
        let files = tempfile::tempdir().unwrap();
        let deep = files.path().join("token/src");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("lib.rs"), "").unwrap();
        let written = fs::metadata(deep.join("lib.rs")).unwrap().modified().unwrap();
        assert_eq!(changed(files.path(), written), None);
        assert_eq!(changed(files.path(), written - Duration::from_secs(1)), Some(deep.join("lib.rs")));
    }

    #[test]
    fn a_run_that_is_up_is_named_and_one_that_has_ended_is_none() {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("gateway.json");
        assert!(none_is_up(&path).is_ok(), "there was no run");
        let page = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", page.local_addr().unwrap());
        fs::write(&path, format!(r#"{{"sandbox":"{url}"}}"#)).unwrap();
        let said = none_is_up(&path).unwrap_err().to_string();
        assert!(said.contains(&url) && said.contains(&std::process::id().to_string()), "{said}");
        drop(page);
        assert!(none_is_up(&path).is_ok());
    }
}
