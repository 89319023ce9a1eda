//! `cargo xtask demo`: the sandbox's own demo, built if it is not there.

use clap::Args;

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    steps::{openly, quietly, step},
};

#[derive(Args)]
pub struct Demo {
    /// The number of a device of the sandbox, such as +447700900620
    msisdn: String,
    /// Let the flow end in the handset's answer instead of the customer's page
    #[arg(long)]
    no_redirect: bool,
}

/// Walks one sign-in against the system that `up` brought up.
///
/// # Errors
/// When there is no system, no such device, or the flow ended otherwise than the device should.
pub fn demo(workspace: &Workspace, options: &Demo) -> Result<(), Error> {
    let sandbox = workspace.built("sandbox");
    if !sandbox.exists() {
        step("build the sandbox", || {
            let run = cargo(workspace, "build --workspace --color never");
            quietly("cargo build", run, &workspace.scratch().join("build.log"))
        })?;
    }
    let mut run = Run::new(workspace, sandbox).arg("demo").arg("--dir").arg(workspace.local()).arg(&options.msisdn);
    if options.no_redirect {
        run = run.arg("--no-redirect");
    }
    openly("demo", run)
}
