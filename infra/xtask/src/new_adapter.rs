//! `cargo xtask new-adapter`: a crate for one more operator of a known family, which builds and passes its tests and the
//! conformance kit at once, against the sandbox. What is left to its author are the operator's own values.
//!
//! Everything is checked before anything is written; an operator changes nothing outside its own folder and the table.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;

use crate::{
    Error, Workspace, layer,
    numbers::{Numbers, calling_code},
    templates::{BENCH, Family, INSIDE, OUTSIDE},
};

#[derive(Args)]
pub struct NewAdapter {
    /// The adapter's name: 1 to 32 of a-z, 0-9 and _, a letter first
    id: String,
    /// The protocol family that the operator speaks
    #[arg(long)]
    family: Family,
    /// The network's name in the operator table; the id in capitals if not given
    #[arg(long)]
    network: Option<String>,
    /// ISO 3166-1 alpha-2
    #[arg(long, default_value = "GB")]
    country: String,
    /// The sandbox devices' numbers without their last two digits, such as +4477009001; a free block of the range that the
    /// country keeps for tests if not given
    #[arg(long)]
    block: Option<String>,
    /// Make the crate in this folder, outside the repository, instead of in adapters/
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl NewAdapter {
    /// With nothing said but where.
    pub(crate) fn outside(id: &str, family: Family, out: &Path) -> Self {
        let (id, country, out) = (id.to_owned(), "GB".to_owned(), Some(out.to_owned()));
        Self { id, family, network: None, country, block: None, out }
    }
}

/// Names that no Rust crate can have, or that would hide another's.
const TAKEN: &str = "abstract alloc as async await become box break const continue core crate do dyn else enum extern \
                     false final fn for gen if impl in let loop macro match mod move mut override priv proc_macro pub \
                     ref return self static std struct super test trait true try type typeof union unsafe unsized use \
                     virtual where while yield";

/// Writes the crate, and its entry in the operator table: the local run's, or beside a crate outside the repository.
///
/// # Errors
/// What is wrong with the arguments, or could not be written; nothing is changed then.
pub fn new_adapter(workspace: &Workspace, options: &NewAdapter) -> Result<(), Error> {
    let id = id(workspace, &options.id)?;
    let network = options.network.clone().unwrap_or_else(|| id.to_uppercase());
    check_network(workspace, &network)?;
    if options.country.len() != 2 || !options.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Error::failed(format!("{}: a country is two capitals, such as GB", options.country)));
    }
    let folder = match &options.out {
        Some(out) => std::path::absolute(out).map_err(Error::file(out))?.join(id),
        None => workspace.root.join("adapters").join(id),
    };
    if folder.exists() {
        return Err(Error::failed(format!("{} is there already", folder.display())));
    }
    let inside = folder.starts_with(&workspace.root);
    if inside && options.out.is_some() {
        return Err(Error::failed("--out is for a folder outside this repository; leave it away for one inside"));
    }
    let numbers = Numbers::free(workspace, &options.country, options.block.as_deref())?;
    let words = HashMap::from([
        ("id", id.to_owned()),
        ("network", network.clone()),
        ("country", options.country.clone()),
        ("calling", calling_code(numbers.block.trim_start_matches('+')).to_owned()),
        ("digits", numbers.block.trim_start_matches('+').to_owned()),
        ("block", numbers.block),
        ("cellular", numbers.cellular),
        ("public", numbers.public),
        ("gateway", workspace.root.display().to_string()),
        ("table", if inside { "../../infra/operators.json" } else { "operator.json" }.to_owned()),
    ]);
    let crate_files = files(options.family, inside);
    let entry = fill(options.family.template().operator, &words);
    let done = write(&folder, &crate_files, &words).and_then(|()| match inside {
        true => append(&workspace.root.join("infra/operators.json"), &entry),
        false => copy_ours(workspace, &folder).and_then(|()| put(&folder.join("operator.json"), &entry)),
    });
    if let Err(error) = done {
        let _ = fs::remove_dir_all(&folder);
        return Err(error);
    }
    let (family, place) = (options.family.name(), folder.display());
    println!("{place}: {network} speaks {family}; its values are the template's until you write the operator's");
    Ok(())
}

/// Where each file of the crate goes, and its template.
fn files(family: Family, inside: bool) -> Vec<(&'static str, &'static str)> {
    let template = family.template();
    vec![
        ("Cargo.toml", if inside { INSIDE } else { OUTSIDE }),
        ("src/lib.rs", template.lib),
        ("manifest.json", template.manifest),
        ("sandbox.json", template.sandbox),
        ("tests/requests.rs", template.requests),
        ("tests/bench/mod.rs", BENCH),
    ]
}

fn id<'a>(workspace: &Workspace, id: &'a str) -> Result<&'a str, Error> {
    let good = (1..=32).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if !good {
        return Err(Error::failed(format!("{id:?}: an id is 1 to 32 of a-z, 0-9 and _, a letter first")));
    }
    let lock = workspace.root.join("Cargo.lock");
    let packages = fs::read_to_string(&lock).map_err(Error::file(&lock))?;
    if TAKEN.split(' ').any(|taken| taken == id) || packages.contains(&format!("\nname = \"{id}\"\n")) {
        return Err(Error::failed(format!("{id} is a word of Rust's or a package's name; take another id")));
    }
    Ok(id)
}

fn check_network(workspace: &Workspace, network: &str) -> Result<(), Error> {
    let good = |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    // The table takes 32, and the template's MVNO has five more.
    if !(1..=27).contains(&network.len()) || !network.bytes().all(good) {
        return Err(Error::failed(format!(
            "{network:?}: a network is 1 to 27 of A-Z, 0-9 and _; give one with --network"
        )));
    }
    let path = workspace.root.join("infra/operators.json");
    let table: Value = serde_json::from_slice(&fs::read(&path).map_err(Error::file(&path))?)
        .map_err(|error| Error::Json(path.clone(), error))?;
    match table.get(network) {
        Some(_) => Err(Error::failed(format!("{network} stands in {} already", path.display()))),
        None => Ok(()),
    }
}

fn fill(template: &str, words: &HashMap<&str, String>) -> String {
    words.iter().fold(template.to_owned(), |text, (name, word)| text.replace(&format!("{{{{{name}}}}}"), word))
}

fn write(folder: &Path, files: &[(&str, &str)], words: &HashMap<&str, String>) -> Result<(), Error> {
    for (name, template) in files {
        put(&folder.join(name), &fill(template, words))?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    fs::write(path, text).map_err(Error::file(path))
}

/// The same versions of dependencies as here, which are those that are tested; and the same format of code.
fn copy_ours(workspace: &Workspace, folder: &Path) -> Result<(), Error> {
    for name in ["Cargo.lock", ".rustfmt.toml"] {
        let ours = workspace.root.join(name);
        fs::copy(&ours, folder.join(name)).map(drop).map_err(Error::file(&ours))?;
    }
    put(&folder.join(".gitignore"), "/target\n")
}

/// Adds the entry as the table's last, and leaves what stands there as it is written.
fn append(table: &Path, entry: &str) -> Result<(), Error> {
    let text = fs::read_to_string(table).map_err(Error::file(table))?;
    let (Some(known), Some(own)) = (text.trim_end().strip_suffix('}'), entry.trim_start().strip_prefix('{')) else {
        return Err(Error::failed(format!("{} is no JSON object", table.display())));
    };
    layer::place(table, format!("{},{own}", known.trim_end()).as_bytes())
}

#[cfg(test)]
#[path = "new_adapter_tests.rs"]
mod tests;
