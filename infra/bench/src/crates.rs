//! How many crates each function links: what a program grows by, and starts slower by, begins here. It takes no build.

use std::{collections::BTreeSet, process::Command};

use crate::{Error, Figure, Place};

/// For each function, the crates of other people and ours, its own included; macros and build scripts are not counted.
///
/// # Errors
/// When cargo cannot say.
pub fn measure(place: &Place) -> Result<Vec<Figure>, Error> {
    place.functions()?.into_iter().map(|name| Ok(Figure::new(&name, count(place, &name)?, "crates"))).collect()
}

fn count(place: &Place, function: &str) -> Result<f64, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--offline", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    command.args(["--format", "{p}", "--package", function]).current_dir(&place.root);
    let output = command.output().map_err(Error::file("cargo tree"))?;
    if !output.status.success() {
        return Err(Error::failed(String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let crates: BTreeSet<_> =
        text.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect();
    Ok(crates.len() as f64)
}
