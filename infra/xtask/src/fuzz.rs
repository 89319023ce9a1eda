//! `cargo xtask fuzz`: every target of `infra/fuzz`, one after another. No sanitizer: our parsers have no unsafe code, and the
//! stable toolchain does without.

use std::fs;

use clap::Args;

use crate::{
    Error, Workspace,
    command::Run,
    steps::{last_lines, quietly, step},
    tools,
};

/// Seconds that one input may take; the default of libFuzzer is twenty minutes.
const SLOWEST: u32 = 5;

#[derive(Args)]
pub struct Fuzz {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only these targets
    targets: Vec<String>,
}

/// Builds the targets, and runs each until its time is over.
///
/// # Errors
/// When a target does not build, or fails on an input; the input is then in `infra/fuzz/artifacts`.
pub fn fuzz(workspace: &Workspace, options: &Fuzz) -> Result<(), Error> {
    let tool = tools::cargo_fuzz(workspace)?;
    let command = |verb: &str| {
        let run = Run::new(workspace, &tool).arg(verb).words("--fuzz-dir infra/fuzz --sanitizer none --target-dir");
        run.arg(workspace.root.join("target/fuzz"))
    };
    let log = |name: &str| workspace.scratch().join(format!("fuzz-{name}.log"));
    step("build the fuzz targets", || quietly("cargo fuzz build", command("build"), &log("build")))?;
    let chosen = |name: &String| options.targets.is_empty() || options.targets.contains(name);
    for target in targets(workspace)?.into_iter().filter(chosen) {
        let corpus = workspace.root.join("target/fuzz/corpus").join(&target);
        fs::create_dir_all(&corpus).map_err(Error::file(&corpus))?;
        let run = command("run").arg(&target).arg(&corpus).arg(workspace.root.join("infra/fuzz/seeds").join(&target));
        let run = run.arg("--").arg(format!("-max_total_time={}", options.seconds)).arg(format!("-timeout={SLOWEST}"));
        step(&format!("fuzz {target} for {} s", options.seconds), || quietly(&target, run, &log(&target)))?;
        println!("    {}", last_lines(&log(&target), 1));
    }
    Ok(())
}

/// The names of the targets' files.
fn targets(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let folder = workspace.root.join("infra/fuzz/targets");
    let files = fs::read_dir(&folder).map_err(Error::file(&folder))?.filter_map(Result::ok);
    let mut names: Vec<_> = files.filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}
