//! `cargo xtask adapter check`: the conformance kit over one built adapter, from here or from anywhere.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    steps::{openly, quietly, step},
};

#[derive(Subcommand)]
pub enum Adapter {
    /// Run the conformance kit over a built adapter, and print what it found
    Check(Check),
}

#[derive(Args)]
pub struct Check {
    /// The built adapter, such as target/debug/libacme.so
    file: PathBuf,
    /// Its manifest.json, if it is not beside the file or in its crate's folder
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Its sandbox profile, if it is not sandbox.json beside the manifest
    #[arg(long)]
    profile: Option<PathBuf>,
    /// The operator table that has its entry, if that is not operator.json beside the manifest, nor the local run's
    #[arg(long)]
    entry: Option<PathBuf>,
}

/// Builds the kit and runs it.
///
/// # Errors
/// When the kit found a fault, or could not be built or run.
pub fn adapter(workspace: &Workspace, command: &Adapter) -> Result<(), Error> {
    let Adapter::Check(check) = command;
    // With the features of the whole workspace, as everything else is built.
    step("build the conformance kit", || {
        let run = cargo(workspace, "build --workspace --color never");
        quietly("cargo build", run, &workspace.scratch().join("build.log"))
    })?;
    // The paths are those of whoever typed them.
    let here = |path: &PathBuf| std::path::absolute(path).map_err(Error::file(path));
    let mut run = kit(workspace, &here(&check.file)?);
    for (option, path) in [("--manifest", &check.manifest), ("--profile", &check.profile), ("--entry", &check.entry)] {
        if let Some(path) = path {
            run = run.arg(option).arg(here(path)?);
        }
    }
    openly("the conformance kit", run)
}

/// The kit over this file; it must have been built.
pub(crate) fn kit(workspace: &Workspace, file: &Path) -> Run {
    Run::new(workspace, workspace.built("conformance")).arg(file)
}
