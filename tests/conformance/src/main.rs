//! `cargo xtask adapter check` runs this: the kit over one adapter's file.

use std::{env, io, path::PathBuf, process::Command, process::ExitCode};

use clap::Parser;
use conformance::{Subject, check, table};
use xtask::{Workspace, locate::Located};

#[derive(Parser)]
struct Arguments {
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
    /// Run this check alone, in this very process
    #[arg(long)]
    only: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}

/// Is the adapter without a fault?
fn run(arguments: &Arguments) -> Result<bool, String> {
    let workspace = Workspace::here();
    let located = match &arguments.manifest {
        Some(manifest) => Located::with(&arguments.file, manifest),
        None => Located::beside(&workspace, &arguments.file),
    };
    let located = located.map_err(|error| error.to_string())?;
    let profile = arguments.profile.clone().unwrap_or_else(|| located.profile());
    let entry = arguments.entry.clone().unwrap_or_else(|| located.table(&workspace));
    let subject = Subject::new(located, profile, &entry)?;
    let Some(name) = &arguments.only else {
        let faulty = table::print(&subject, itself).map_err(|error| error.to_string())?;
        return Ok(faulty == 0);
    };
    let check = check(name).ok_or_else(|| format!("there is no check {name}"))?;
    let faults = (check.run)(&subject);
    for fault in &faults {
        println!("{fault}");
    }
    Ok(faults.is_empty())
}

/// This command again.
fn itself() -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1));
    Ok(command)
}
