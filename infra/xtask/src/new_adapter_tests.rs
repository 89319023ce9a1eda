//! A small repository is written into: what is added, and that a refusal adds nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use serde_json::Value;
use tempfile::TempDir;

use super::*;

const TABLE: &str = r#"{
  "O2": { "adapter": "o2", "ranges": ["4477009009"], "mobile_addresses": ["127.0.31.0/24"] }
}
"#;

fn repository() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("infra/operators.json", TABLE),
        ("Cargo.lock", "\n[[package]]\nname = \"keys\"\n"),
        (".rustfmt.toml", ""),
        ("adapters/o2/manifest.json", "{}"),
    ] {
        put(&folder.path().join(name), text).unwrap();
    }
    let workspace = Workspace { root: folder.path().to_owned(), target: folder.path().join("target") };
    (folder, workspace)
}

fn options(id: &str, family: Family) -> NewAdapter {
    NewAdapter { id: id.to_owned(), family, network: None, country: "GB".to_owned(), block: None, out: None }
}

/// Every file below, and what is in it.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => drop(files.insert(path.clone(), fs::read_to_string(&path).unwrap())),
        }
    }
    files
}

#[test]
fn an_adapter_is_its_folder_and_the_last_entries_of_the_table() {
    for family in Family::value_variants() {
        let (folder, workspace) = repository();
        let before = files_below(folder.path());
        new_adapter(&workspace, &options("acme", *family)).unwrap();
        let own = |path: &PathBuf| path.starts_with(folder.path().join("adapters/acme"));
        let (own, mut after): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files_below(folder.path()).into_iter().partition(|(path, _)| own(path));
        assert_eq!(own.len(), 6, "{family:?}");
        for (path, text) in own {
            assert!(!text.contains("{{"), "{}: {text}", path.display());
            if path.extension().is_some_and(|extension| extension == "json") {
                serde_json::from_str::<Value>(&text).unwrap();
            }
        }
        let table = after.insert(folder.path().join("infra/operators.json"), TABLE.to_owned()).unwrap();
        assert_eq!(after, before, "nothing else is touched");
        assert!(table.starts_with(TABLE.trim_end().trim_end_matches('}').trim_end()), "{table}");
        let table: Value = serde_json::from_str(&table).unwrap();
        assert_eq!(table["ACME"]["adapter"], "acme");
        assert_eq!(table["ACME"]["mobile_addresses"][0], "127.0.32.0/24", "31 is taken");
        assert_eq!(table["ACME_MVNO"]["mvno_of"], "ACME");
    }
}

#[test]
fn outside_the_entry_lies_beside_the_crate_and_the_repository_stays_as_it_is() {
    let ((folder, workspace), elsewhere) = (repository(), tempfile::tempdir().unwrap());
    let before = files_below(folder.path());
    let out = Some(elsewhere.path().join("operators"));
    new_adapter(&workspace, &NewAdapter { out, ..options("acme", Family::Camara) }).unwrap();
    assert_eq!(files_below(folder.path()), before);
    let home = elsewhere.path().join("operators/acme");
    let manifest = fs::read_to_string(home.join("Cargo.toml")).unwrap();
    assert!(manifest.contains(&format!("{}/shared/adapter", folder.path().display())), "{manifest}");
    assert!(home.join("operator.json").is_file() && home.join("Cargo.lock").is_file());
}

#[test]
fn a_refusal_says_why_and_changes_nothing() {
    let (folder, workspace) = repository();
    let before = files_below(folder.path());
    let camara = |id: &str| options(id, Family::Camara);
    let text = |text: &str| Some(text.to_owned());
    for (options, why) in [
        (camara(""), "an id is"),
        (camara("../x"), "an id is"),
        (camara("Acme"), "an id is"),
        (camara("3uk"), "an id is"),
        (camara(&"x".repeat(33)), "an id is"),
        (camara("match"), "a word of Rust's"),
        (camara("keys"), "a package's name"),
        (camara("o2"), "O2 stands in"),
        (NewAdapter { network: text("OTHER"), ..camara("o2") }, "is there already"),
        (NewAdapter { network: text("o-2"), ..camara("acme") }, "a network is"),
        (NewAdapter { country: "gb".into(), ..camara("acme") }, "a country is"),
        (NewAdapter { country: "LK".into(), ..camara("acme") }, "give a --block"),
        (NewAdapter { block: text("+4477009009"), ..camara("acme") }, "another network has"),
        (NewAdapter { block: text("0770090090"), ..camara("acme") }, "a block is"),
        (NewAdapter { out: Some(folder.path().join("tests")), ..camara("acme") }, "outside this repository"),
    ] {
        let told = new_adapter(&workspace, &options).unwrap_err().to_string();
        assert!(told.contains(why), "{why}: {told}");
        assert_eq!(files_below(folder.path()), before, "{why}");
    }
}

#[test]
fn a_table_that_cannot_be_added_to_leaves_no_folder() {
    let (folder, workspace) = repository();
    let table = folder.path().join("infra/operators.json");
    fs::write(&table, "[]").unwrap();
    assert!(new_adapter(&workspace, &options("acme", Family::Camara)).is_err());
    assert!(!folder.path().join("adapters/acme").exists());
    assert_eq!(fs::read_to_string(&table).unwrap(), "[]");
}
