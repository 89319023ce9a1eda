//! The contract's rows against a gateway that is running somewhere, by the tests that `nextest` runs in process too;
//! and schemathesis, which draws requests from the description of the wire by itself.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    Error, Workspace,
    command::Run,
    steps::{openly, quietly},
    tools,
};

/// What the tests take for credentials when there is no local run's gateway.json.
const CREDENTIALS: [&str; 3] = ["CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI"];

/// Runs the rows that can be had at `url`, and lists those that cannot.
///
/// # Errors
/// When an answer is not that of the contract, or there are no credentials.
pub(crate) fn against(workspace: &Workspace, url: &str) -> Result<(), Error> {
    let url = url.trim_end_matches('/');
    let own = workspace.local().join("gateway.json");
    let known: Option<Value> = fs::read(&own).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let is_local = known.is_some_and(|known| known["url"] == url);
    let missing: Vec<_> = CREDENTIALS.into_iter().filter(|name| std::env::var_os(name).is_none()).collect();
    if !is_local && !missing.is_empty() {
        let (missing, own) = (missing.join(", "), own.display());
        return Err(Error::failed(format!("set {missing}; {url} is not the gateway that {own} describes")));
    }
    let rows = if is_local { "anywhere|sandboxed" } else { "anywhere" };
    println!(
        "    SKIP below is what cannot be had there. `in_process` needs a test's own clock, faults and customers;"
    );
    if is_local {
        println!(
            "    and `cargo lambda watch` answers unknown paths, OPTIONS and text that is not UTF-8 itself, and adds"
        );
        println!("    CORS headers of its own, so that of these only what the functions answer is compared");
    } else {
        println!("    `sandboxed` needs the sandbox's handsets. No SMS is sent, and no operator is asked");
    }
    openly("nextest", rows_at(workspace, url, &own, rows)?.words("--status-level skip"))
}

/// All rows that the system of the checks can be asked for.
pub(crate) fn rows(workspace: &Workspace, url: &str, out: &Path) -> Result<(), Error> {
    let run = rows_at(workspace, url, &out.join("gateway.json"), "anywhere|sandboxed")?;
    quietly("nextest", run, &out.join("contract.log"))
}

fn rows_at(workspace: &Workspace, url: &str, gateway: &Path, rows: &str) -> Result<Run, Error> {
    let run = Run::new(workspace, tools::cargo_nextest(workspace)?);
    // The whole workspace, as the other checks build it: one package alone has other features, and half the tree would be
    // built again.
    let run = run.words("nextest run --workspace --no-fail-fast --color never");
    let run = run.arg("-E").arg(format!("binary(contract) & test(/^({rows})::/)"));
    Ok(run.env("AGAINST", url).env("GATEWAY_JSON", gateway).env("INSTA_UPDATE", "no"))
}

/// Every operation, with requests that are good and bad by the description.
pub(crate) fn schemathesis(workspace: &Workspace, url: &str, out: &Path) -> Result<(), Error> {
    let (here, tool) = (workspace.root.join("infra/xtask"), tools::schemathesis(workspace)?);
    let run = Run::python(workspace, &tool).words("-m schemathesis.cli --config-file");
    let run = run.arg(here.join("schemathesis.toml")).arg("run").arg(workspace.root.join("infra/openapi.yaml"));
    let run = run.arg("--url").arg(url).words("--checks all");
    let run = run.env("SCHEMATHESIS_HOOKS", here.join("schemathesis_hooks.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut run = run.env("GATEWAY_JSON", out.join("gateway.json"));
    // It leaves folders where it runs.
    run.0.current_dir(out);
    quietly("schemathesis", run, &out.join("schemathesis.log"))
}
