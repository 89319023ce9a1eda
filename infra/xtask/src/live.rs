//! Flows through `cargo lambda watch` itself: the system as `up` brings it up, on free ports, walked by demos, by
//! the printed `curl` lines, by the samples and collections of the API's description, by a PASETO library that is not
//! ours, by the contract's rows and by schemathesis; then its logs are searched.

use std::{fs, path::Path};

use crate::{
    Error, Workspace, clients,
    command::Run,
    contract, curl, leaks, page,
    ports::Ports,
    readers,
    steps::{quietly, step},
    system::System,
    tools,
};

/// A match, a mismatch, a handset on Wi-Fi that takes the SMS, another operator; and the ways without an operator's
/// callback: JSON from the operator, a credential from the wallet, a header over plain http.
const DEMOS: [&str; 7] = [
    "+447700900620",
    "+447700900621",
    "+447700900622",
    "+447700900920",
    "+8613900000020",
    "+6281112345620",
    "+94771234520",
];

/// # Errors
/// The first thing that was not as it should be.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    let out = workspace.scratch().join("live");
    fs::create_dir_all(&out).map_err(Error::file(&out))?;
    let system = System::start(workspace, &Ports::free()?, &out)?;
    for msisdn in DEMOS {
        step(&format!("demo {msisdn}"), || {
            let run = Run::new(workspace, workspace.built("sandbox")).words("demo --dir").arg(&out).arg(msisdn);
            quietly("the demo", run, &out.join(format!("demo{}.log", &msisdn[1..])))
        })?;
    }
    step("the printed curl lines, one after another", || lines(workspace, &system, &out))?;
    readers::check(workspace, &system, &out)?;
    step("tokens, verified by pyseto with the published keys", || {
        let run = Run::python(workspace, &tools::pyseto(workspace)?);
        let run = run.arg(workspace.root.join("infra/xtask/verify_tokens.py")).arg(out.join("gateway.json"));
        quietly("verify_tokens.py", run, &out.join("tokens.log"))
    })?;
    let url = system.gateway["url"].as_str().unwrap_or_default();
    step("the contract's rows through the running system", || contract::rows(workspace, url, &out))?;
    step("the clients: silently, by the wallet, by SMS", || clients::live(workspace, &out.join("gateway.json")))?;
    step("the sandbox's page in a browser", || page::check(workspace, &out.join("gateway.json")))?;
    step("every operation, as schemathesis draws requests", || contract::schemathesis(workspace, url, &out))?;
    step("nothing personal or secret in the logs", || {
        leaks::check(&system.gateway, &system.env, &system.children.log_files())
    })?;
    step("end the system", || {
        system.stop();
        Ok(())
    })
}

/// Runs them in a shell; both validations must say "true".
fn lines(workspace: &Workspace, system: &System, out: &Path) -> Result<(), Error> {
    if !tools::is_installed("curl") || !tools::is_installed("bash") {
        println!("    left out: there is no curl or no bash on this machine");
        return Ok(());
    }
    let log = out.join("curl.log");
    let run = Run::new(workspace, "bash").arg("-uc").arg(curl::script(&system.gateway));
    quietly("the shell", run, &log)?;
    let said = fs::read_to_string(&log).map_err(Error::file(&log))?;
    match said.matches(r#""authenticated":"true""#).count() {
        2 => Ok(()),
        _ => Err(Error::failed(format!("two of the calls should say authenticated:\n{said}"))),
    }
}
