//! Refusals before anything is built; what a package is, is tested in `deploy_tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// Writes a package's hashes and stamp, with the sources as they are.
pub(crate) fn write(workspace: &Workspace, folder: &Path, stamp: Stamp) {
    stamp::write_sums(folder).unwrap();
    Stamp { sources: sources(workspace).unwrap(), ..stamp }.write(folder).unwrap();
}

#[test]
fn a_table_or_a_lookup_with_addresses_of_this_machine_needs_the_word_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.json");
    for (text, local) in [
        (r#"{ "EE": { "adapter": "ee" }, "O2": { "allow_loopback": true } }"#, true),
        (r#"{ "source": { "kind": "json" }, "allow_loopback": true }"#, true),
        (r#"{ "EE": { "adapter": "ee", "allow_loopback": false } }"#, false),
    ] {
        fs::write(&file, text).unwrap();
        assert_eq!(refuse_loopback(&file, false).is_err(), local, "{text}");
        refuse_loopback(&file, true).unwrap();
    }
    fs::write(&file, "no JSON").unwrap();
    assert!(refuse_loopback(&file, true).is_err());
}

#[test]
fn every_function_of_the_repository_is_packaged() {
    let names = folders(&Workspace::here(), "functions").unwrap();
    assert!(names.len() >= 9 && names.iter().any(|name| name == "get-config"), "{names:?}");
}

#[test]
fn changes_in_a_copy_of_the_sources_change_their_hash_and_the_place_does_not() {
    let (folder, workspace) = (tempfile::tempdir().unwrap(), Workspace::here());
    let root = folder.path().join("copy");
    stamp::copy_sources(&workspace.root, &root).unwrap();
    let copy = Workspace { target: root.join("target"), root };
    assert_eq!(sources(&copy).unwrap(), sources(&workspace).unwrap());
    fs::write(copy.root.join("functions/keys/src/more.rs"), "").unwrap();
    assert_ne!(sources(&copy).unwrap(), sources(&workspace).unwrap());
}
