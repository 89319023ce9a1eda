//! `cargo xtask numbers`: the tables of shared/numbers, out of a copy of libphonenumber. The same copy gives the same
//! bytes, and the tables of two releases differ only where what they accept does.

mod automaton;
mod holders;
mod plan;

use std::{fmt::Write as _, fs, path::PathBuf};

use clap::{Args, Subcommand};

use self::{holders::Holders, plan::Plan};
use crate::{
    Error, Workspace,
    command::{Run, cargo},
    steps::quietly,
    tools,
};

/// Enough for a few hundred of every country.
const COMPARED: &str = "100000";

#[derive(Subcommand)]
pub enum Plans {
    /// Rebuild shared/numbers/data from a copy of libphonenumber
    Refresh(Refresh),
    /// Compare shared/numbers with the real libphonenumber, as `test` does
    Agree,
}

#[derive(Args)]
pub struct Refresh {
    /// The folder `resources` of a checkout of https://github.com/google/libphonenumber
    resources: PathBuf,
    /// The release of that copy, for example 9.0.43
    #[arg(long)]
    release: String,
    /// When it was released, for example 2026-11-06
    #[arg(long)]
    date: String,
}

/// # Errors
/// Those of the subcommand.
pub fn plans(workspace: &Workspace, command: &Plans) -> Result<(), Error> {
    match command {
        Plans::Refresh(options) => refresh(workspace, options),
        Plans::Agree => agree(workspace),
    }
}

/// Fails when the copy is not whole or not understood, or a file cannot be written.
fn refresh(workspace: &Workspace, Refresh { resources, release, date }: &Refresh) -> Result<(), Error> {
    let metadata = resources.join("PhoneNumberMetadata.xml");
    let xml = fs::read_to_string(&metadata).map_err(Error::file(&metadata))?;
    let plan = Plan::read(&xml).map_err(|error| Error::failed(format!("{}: {error}", metadata.display())))?;
    let holders = Holders::read(&resources.join("carrier/en"))?;
    let too_big = || Error::failed("the table has more than 65 536 nodes: it needs wider words");
    let mut countries = String::new();
    for (country, lengths) in &plan.countries {
        let lengths: Vec<_> = lengths.iter().map(usize::to_string).collect();
        writeln!(countries, "{country} {}", lengths.join(",")).map_err(|error| Error::failed(error.to_string()))?;
    }
    let names: String = holders.names().into_iter().map(|name| format!("{name}\n")).collect();
    let files: [(&str, Vec<u8>); 6] = [
        ("plan.bin", plan.automaton().ok_or_else(too_big)?.bytes()),
        ("countries.txt", countries.into_bytes()),
        ("holders.bin", holders.automaton().ok_or_else(too_big)?.bytes()),
        ("holders.txt", names.into_bytes()),
        ("release.txt", format!("{release} {date}\n").into_bytes()),
        ("NOTICE", notice(release, date).into_bytes()),
    ];
    for (name, bytes) in files {
        let path = workspace.root.join("shared/numbers/data").join(name);
        println!("{name}: {} bytes", bytes.len());
        fs::write(&path, bytes).map_err(Error::file(&path))?;
    }
    Ok(())
}

/// Our tables and the real libphonenumber judge the same random numbers.
pub(crate) fn agree(workspace: &Workspace) -> Result<(), Error> {
    let path = workspace.root.join("shared/numbers/data/release.txt");
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    let release = text.split_whitespace().next().unwrap_or_default();
    let build = cargo(workspace, "build --color never -p sna-numbers --example judge");
    quietly("cargo build", build, &workspace.scratch().join("judge.log"))?;
    let run = Run::python(workspace, &tools::phonenumbers(workspace, release)?);
    let run = run.arg(workspace.root.join("infra/xtask/agree_numbers.py")).arg(workspace.built("examples/judge"));
    quietly("agree_numbers.py", run.arg(release).arg(COMPARED), &workspace.scratch().join("numbers.log"))
}

fn notice(release: &str, date: &str) -> String {
    format!(
        "The files of this folder but aliases.txt are derived from libphonenumber {release} of {date}
(https://github.com/google/libphonenumber): resources/PhoneNumberMetadata.xml and resources/carrier/en.

Copyright (C) 2009-{} The Libphonenumber Authors

Licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0

Changes: the patterns of mobile numbers became one automaton (plan.bin, countries.txt), the names of those who were
given a range another one (holders.bin, holders.txt). `cargo xtask numbers refresh` does it again.
",
        date.get(..4).unwrap_or(date)
    )
}
