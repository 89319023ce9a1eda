//! The architecture's rules, checked against the manifests and files as they are.

mod grants;
mod guides;
mod routes;
mod template;
mod threats;
mod timeouts;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

/// What cargo says of the workspace.
fn cargo_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Package -> its folder and the packages of ours that it uses outside its tests.
fn packages() -> BTreeMap<String, (PathBuf, BTreeSet<String>)> {
    let metadata = cargo_metadata();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let used = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
        normal.filter(|dependency| dependency["path"].is_string()).map(|dependency| text(&dependency["name"])).collect()
    };
    let folder = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        manifest.parent().and_then(|folder| folder.strip_prefix(root()).ok()).expect("a folder of ours").to_owned()
    };
    packages.iter().map(|package| (text(&package["name"]), (folder(package), used(package)))).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["functions", "adapters", "shared", "infra", "tests"] {
        rust_files(&root().join(folder), &mut found);
    }
    found
}

#[test]
fn each_crate_uses_only_whom_it_may() {
    let shared: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("sna-adapter", &[] as &[&str]),
        ("sna-protocols", &["sna-adapter"]),
        ("sna-config", &[]),
        ("sna-jws", &[]),
        ("sna-customers", &[]),
        ("sna-numbers", &[]),
        ("sna-otp", &[]),
        ("sna-tokens", &[]),
        ("sna-sessions", &["sna-numbers"]),
        ("sna-linked", &["sna-adapter", "sna-protocols"]),
        ("sna-outbound", &["sna-adapter", "sna-config"]),
        ("sna-operators", &["sna-adapter", "sna-config", "sna-jws", "sna-linked", "sna-outbound"]),
        ("sna-networks", &["sna-config", "sna-numbers", "sna-operators", "sna-outbound"]),
        ("sna-api", &["sna-config"]),
        ("sna-attempts", &["sna-api", "sna-config", "sna-operators", "sna-sessions"]),
    ]);
    for (name, (folder, used)) in packages() {
        let allowed: BTreeSet<&str> = match folder.iter().next().and_then(|first| first.to_str()) {
            Some("functions") => shared
                .keys()
                .copied()
                .filter(|name| !matches!(*name, "sna-adapter" | "sna-protocols" | "sna-linked"))
                .collect(),
            Some("adapters") => ["sna-adapter", "sna-protocols"].into(),
            Some("shared") => {
                shared.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no rule")).iter().copied().collect()
            }
            _ => continue,
        };
        let forbidden: Vec<_> = used.iter().filter(|used| !allowed.contains(used.as_str())).collect();
        assert!(forbidden.is_empty(), "{name} may not use {forbidden:?}");
    }
}

#[test]
fn every_file_is_short_and_says_what_it_is() {
    for path in all_rust_files() {
        let text = fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with("//!"), "{} does not begin with //!", path.display());
        assert!(text.lines().count() <= 400, "{} is over 400 lines", path.display());
    }
}

#[test]
fn an_operator_is_at_most_120_lines() {
    let mut files = Vec::new();
    rust_files(&root().join("adapters"), &mut files);
    for path in files {
        assert!(fs::read_to_string(&path).expect("a file").lines().count() <= 120, "{}", path.display());
    }
}

#[test]
fn the_readme_says_of_an_operator_what_its_manifest_says() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let operators = readme.split("\n## ").find(|section| section.starts_with("Operators\n")).expect("the section");
    let rows = operators.lines().filter_map(|line| line.strip_prefix("| `")).filter(|row| row.contains("NN` |"));
    let mut found = 0;
    for row in rows {
        let id = row.split('`').next().expect("an id");
        let manifest = fs::read_to_string(root().join("adapters").join(id).join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
        let note = manifest["note"].as_str().unwrap_or("endpoints by contract");
        assert!(row.contains(note), "the README's row of {id} does not say: {note}");
        found += 1;
    }
    assert!(found >= 14, "{found} rows");
}

#[test]
fn an_adapters_panic_can_be_caught_in_every_release_profile() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    // What a profile says of one package cannot be about panics (The Cargo Book, "Overrides").
    let is_whole = |profile: &&str| !profile.split(']').next().is_some_and(|name| name.contains(".package."));
    let profiles = manifest.split("\n[profile.").skip(1).filter(|profile| !profile.starts_with("dev"));
    for profile in profiles.filter(is_whole) {
        assert!(profile.contains("panic = \"unwind\""), "[profile.{profile}");
    }
}

/// The files that read this variable.
fn readers(variable: &str) -> BTreeSet<PathBuf> {
    let reads = format!("parsed(\"{variable}\"");
    let readers =
        all_rust_files().into_iter().filter(|path| fs::read_to_string(path).expect("a file").contains(&reads));
    readers.map(|path| path.strip_prefix(root()).expect("ours").to_owned()).collect()
}

#[test]
fn only_two_functions_read_the_signing_key() {
    let expected = ["functions/get-config/src/lib.rs", "functions/token/src/lib.rs"].map(PathBuf::from);
    assert_eq!(readers("TOKEN_KEY"), expected.into());
}

#[test]
fn the_statement_key_is_read_by_validate_and_notify_and_no_token_is_verified_with_it() {
    let expected = ["functions/notify/src/lib.rs", "functions/validate/src/lib.rs"].map(PathBuf::from);
    assert_eq!(readers("STATEMENT_KEY"), expected.into());
    assert_eq!(readers("STATEMENT_PUBLIC_KEYS"), [PathBuf::from("functions/keys/src/lib.rs")].into());
}

#[test]
fn unsafe_is_denied_but_at_the_plug_in_border() {
    let border = ["shared/adapter", "shared/operators", "tests/rogue"];
    for (name, (folder, _)) in packages() {
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).expect("a manifest");
        let denied = manifest.contains("unsafe_code = \"deny\"") || manifest.contains("[lints]\nworkspace = true");
        let at_border = folder.starts_with("adapters") || border.iter().any(|border| folder == Path::new(border));
        assert!(denied || at_border, "{name} does not deny unsafe code");
    }
}
