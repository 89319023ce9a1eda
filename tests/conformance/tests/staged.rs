//! The kit over every staged adapter: one test for each adapter and check.

use std::{fs, process::ExitCode};

use conformance::{CHECKS, Subject};
use gateway_tests::staged_adapters;
use libtest_mimic::{Arguments, Failed, Trial, run};
use serde_json::{Map, Value};
use xtask::{Workspace, locate::Located};

fn main() -> ExitCode {
    let trials = ids().into_iter().flat_map(|id| {
        CHECKS.iter().map(move |check| {
            let id = id.clone();
            Trial::test(format!("{id}::{}", check.name), move || {
                let faults = (check.run)(&subject(&id).map_err(Failed::from)?);
                if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
            })
        })
    });
    run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn ids() -> Vec<String> {
    let manifest = fs::read(staged_adapters().join("manifest.json")).unwrap_or_default();
    serde_json::from_slice::<Map<String, Value>>(&manifest).unwrap_or_default().into_iter().map(|(id, _)| id).collect()
}

fn subject(id: &str) -> Result<Subject, String> {
    let workspace = Workspace::here();
    let manifest = workspace.root.join("adapters").join(id).join("manifest.json");
    let located = Located::with(&staged_adapters().join(format!("{id}.so")), &manifest);
    let located = located.map_err(|error| error.to_string())?;
    let (profile, table) = (located.profile(), located.table(&workspace));
    Subject::new(located, profile, &table)
}
