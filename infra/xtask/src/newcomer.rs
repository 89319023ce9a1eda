//! The guide's way to a new operator, walked for each family in an empty folder outside the repository: the crate is written,
//! built, tested, and held to the conformance kit.

use std::{env, fs, path::Path, process};

use clap::ValueEnum as _;

use crate::{
    Error, Workspace,
    command::cargo,
    new_adapter::{NewAdapter, new_adapter},
    steps::{quietly, step},
    templates::Family,
};

/// # Errors
/// The first family whose template is not a whole adapter.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    let folder = env::temp_dir().join(format!("new-adapters-{}", process::id()));
    let walked = Family::value_variants().iter().try_for_each(|family| {
        step(&format!("a new adapter of {}", family.name()), || walk(workspace, *family, &folder))
    });
    let _ = fs::remove_dir_all(&folder);
    walked
}

fn walk(workspace: &Workspace, family: Family, folder: &Path) -> Result<(), Error> {
    let id = format!("new_{}", family.name());
    let log = |what: &str| workspace.scratch().join(format!("{id}-{what}.log"));
    new_adapter(workspace, &NewAdapter::outside(&id, family, folder))?;
    let home = folder.join(&id);
    // One place for all families: their dependencies are built once.
    let target = workspace.target.join("outside");
    let own = |words: &str| {
        let mut run = cargo(workspace, words).env("CARGO_TARGET_DIR", &target);
        run.0.current_dir(&home);
        run
    };
    // What is needed was fetched for the workspace, and its lock file came along.
    quietly("cargo build", own("build --offline --color never"), &log("build"))?;
    quietly("cargo test", own("test --offline --color never"), &log("test"))?;
    quietly("cargo fmt", own("fmt --check"), &log("format"))?;
    let file = target.join(format!("debug/lib{id}.so"));
    let kit = crate::adapter::kit(workspace, &file).arg("--manifest").arg(home.join("manifest.json"));
    quietly("the conformance kit", kit, &log("kit"))
}
