//! `cargo xtask bench`: packages what is measured, unless it is, builds what measures it (`infra/bench`), and runs that.

use clap::{Args, ValueEnum};

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    package::{self, Arch, Stamp, intact, sources},
    steps::{openly, quietly, step},
    system,
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

#[derive(Args)]
pub struct Soak {
    /// How long
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// No longer than until so many requests are answered
    #[arg(long)]
    requests: Option<u64>,
    /// The build that runs
    #[arg(long, default_value = "release")]
    profile: Profile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    Release,
    Dev,
}

/// Measures, prints one table and writes `target/bench.json`.
///
/// # Errors
/// What cannot be built or measured.
pub fn bench(workspace: &Workspace, options: &Bench) -> Result<(), Error> {
    build(workspace)?;
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

/// Runs mixed flows through the functions, draws how long they took into `target/soak.svg`, and then floods `otp` alone.
///
/// # Errors
/// What cannot be built, an error of ours, memory that grows, or a limit that does not hold.
pub fn soak(workspace: &Workspace, options: &Soak) -> Result<(), Error> {
    let program = match options.profile {
        Profile::Release => {
            build(workspace)?;
            "release/sna-bench"
        }
        Profile::Dev => {
            system::build(workspace)?;
            "debug/sna-bench"
        }
    };
    let mut run = Run::new(workspace, workspace.target.join(program)).arg("soak");
    run = run.arg("--minutes").arg(options.minutes.to_string());
    if let Some(requests) = options.requests {
        run = run.arg("--requests").arg(requests.to_string());
    }
    if options.profile == Profile::Dev {
        run = run.arg("--debug");
    }
    openly("sna-bench", run.without_aws())
}

/// What is measured, as it is deployed, and what measures it.
fn build(workspace: &Workspace) -> Result<(), Error> {
    if !is_packaged(workspace) {
        package::package(workspace, &package::Options::of_the_sandbox())?;
    }
    step("build what measures, for release", || {
        let run = cargo(workspace, "build --locked --release -p sna-bench");
        quietly("cargo build", run, &workspace.scratch().join("bench.log"))
    })
}

/// Is what is to be deployed of today's sources, and for this machine?
fn is_packaged(workspace: &Workspace) -> bool {
    let current = workspace.package("current");
    let Ok(stamp) = Stamp::read(&current) else { return false };
    let today = sources(workspace).is_ok_and(|sources| sources == stamp.sources);
    today && stamp.profile == "release" && stamp.arch == Arch::HERE.name() && intact(&current).is_ok()
}

/// What each check holds of the programs of `cargo build`.
///
/// # Errors
/// A figure that is over its bar.
pub fn bars(workspace: &Workspace) -> Result<(), Error> {
    let run = Run::new(workspace, workspace.built("sna-bench")).words("--only dev,crates --recorded");
    quietly("sna-bench", run.without_aws(), &workspace.scratch().join("bars.log"))
}
