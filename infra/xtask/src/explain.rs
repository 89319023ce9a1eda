//! `cargo xtask explain`: the decision about one number, with its reasons. Nothing needs to run: the tables are the
//! gateway's own and the local run's; a lookup is made only where LOOKUP is set.

use std::{fs, path::PathBuf};

use clap::Args;
use serde_json::Value;

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    steps::{openly, quietly},
};

#[derive(Args)]
pub struct Explain {
    /// E.164, for example +447700900620
    msisdn: String,
    /// What the customer would report as client_ip
    #[arg(long)]
    ip: String,
    /// Whether the customer has an attempt made where the address is no mobile network's: try or skip
    #[arg(long, default_value = "try", value_parser = ["try", "skip"])]
    customer_policy: String,
}

/// # Errors
/// When the example of shared/networks does not build, or refuses the number or the address.
pub fn explain(workspace: &Workspace, Explain { msisdn, ip, customer_policy }: &Explain) -> Result<(), Error> {
    let build = cargo(workspace, "build --color never -p sna-networks --example explain");
    quietly("cargo build", build, &workspace.scratch().join("explain.log"))?;
    let run = Run::new(workspace, workspace.built("examples/explain")).arg(msisdn).arg(ip).arg(customer_policy);
    let table = format!("file:{}", workspace.root.join("infra/operators.json").display());
    openly("explain", run.env("OPERATORS", table).env("ADAPTERS", manifests(workspace)?))
}

/// A folder with the manifests of this repository's adapters, none of which needs to be built.
fn manifests(workspace: &Workspace) -> Result<PathBuf, Error> {
    let (folder, adapters) = (workspace.scratch().join("explain"), workspace.root.join("adapters"));
    let mut manifests = serde_json::Map::new();
    for entry in fs::read_dir(&adapters).map_err(Error::file(&adapters))?.flatten() {
        let path = entry.path().join("manifest.json");
        let Ok(text) = fs::read(&path) else { continue };
        let manifest: Value = serde_json::from_slice(&text).map_err(|error| Error::Json(path, error))?;
        manifests.insert(entry.file_name().to_string_lossy().into_owned(), manifest);
    }
    let path = folder.join("manifest.json");
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    fs::write(&path, Value::Object(manifests).to_string()).map_err(Error::file(&path))?;
    Ok(folder)
}
