//! `cargo xtask bench`: builds what is measured as it is shipped, and what measures it (`infra/bench`), and runs that.

use clap::Args;

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    layer,
    rehearse_package::FUNCTIONS,
    steps::{openly, quietly, step},
};

#[derive(Args)]
pub struct Bench {
    /// These groups alone, comma-separated
    #[arg(long, value_name = "GROUPS")]
    only: Option<String>,
    /// Compare with other people's programs too, which are downloaded
    #[arg(long)]
    peers: bool,
    /// End with 1 where a bar is missed
    #[arg(long)]
    strict: bool,
    /// End with 1 where a figure is over its bar in infra/bars.json: bytes and counts, the same on any machine
    #[arg(long)]
    recorded: bool,
    /// Write what is measured now, and a little room, into infra/bars.json
    #[arg(long, conflicts_with = "recorded")]
    record: bool,
}

/// Measures, prints one table and writes `target/bench.json`.
///
/// # Errors
/// What cannot be built or measured.
pub fn bench(workspace: &Workspace, options: &Bench) -> Result<(), Error> {
    step("build for release", || {
        let mut run = cargo(workspace, "build --locked --release -p sna-bench");
        for function in FUNCTIONS {
            run = run.arg("-p").arg(function);
        }
        quietly("cargo build", run, &workspace.scratch().join("bench.log"))
    })?;
    let out = Some(workspace.target.join("bench/adapters"));
    layer::layer(workspace, &layer::Options { profile: "release".to_owned(), out, also: Vec::new() })?;
    let mut run = Run::new(workspace, workspace.target.join("release/sna-bench"));
    if let Some(only) = &options.only {
        run = run.arg("--only").arg(only);
    }
    let Bench { peers, strict, recorded, record, .. } = *options;
    for (flag, is_set) in [("--peers", peers), ("--strict", strict), ("--recorded", recorded), ("--record", record)] {
        run = if is_set { run.arg(flag) } else { run };
    }
    openly("sna-bench", run.without_aws())
}
