//! Refusals before anything is built; what a package is, is tested in `deploy_tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

impl Stamp {
    /// Of a release.
    pub(crate) fn of(arch: &str) -> Self {
        let (profile, nothing) = ("release".to_owned(), String::new());
        Self { arch: arch.to_owned(), profile, sandbox: false, sources: nothing.clone(), functions: nothing }
    }
}

/// Writes a package's hashes and stamp, as of these sources.
pub(crate) fn write(folder: &Path, stamp: &Stamp) {
    stamp::write_sums(folder).unwrap();
    stamp.write(folder).unwrap();
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

#[test]
fn a_link_to_nowhere_is_no_source() {
    let (folder, workspace) = (tempfile::tempdir().unwrap(), Workspace::here());
    let root = folder.path().join("copy");
    stamp::copy_sources(&workspace.root, &root).unwrap();
    let copy = Workspace { target: root.join("target"), root };
    symlink("editor@machine.1", copy.root.join("functions/keys/src/.#lib.rs")).unwrap();
    assert_eq!(sources(&copy).unwrap(), sources(&workspace).unwrap());
}

#[test]
fn an_adapter_more_or_another_is_no_change_of_the_functions() {
    let (folder, workspace) = (tempfile::tempdir().unwrap(), Workspace::here());
    let root = folder.path().join("copy");
    stamp::copy_sources(&workspace.root, &root).unwrap();
    let copy = Workspace { target: root.join("target"), root };
    let now = functions(&copy).unwrap();
    let append = |name: &str, more: &str| {
        let path = copy.root.join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, text + more).unwrap();
    };
    append("adapters/o2/src/more.rs", "");
    append("Cargo.lock", "\n[[package]]\nname = \"acme\"\nversion = \"0.1.0\"\n");
    assert_eq!(functions(&copy).unwrap(), now);
    append("Cargo.lock", "\n[[package]]\nname = \"more\"\nversion = \"1.0.0\"\nsource = \"registry\"\n");
    let with_more = functions(&copy).unwrap();
    assert_ne!(with_more, now);
    append("shared/otp/src/lib.rs", "\n");
    assert_ne!(functions(&copy).unwrap(), with_more);
}

#[test]
fn functions_that_would_be_built_otherwise_now_do_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let options = |profile: &str, lookup: Option<&str>| Options {
        profile: profile.to_owned(),
        lookup: lookup.map(PathBuf::from),
        layer_only: true,
        ..Options::of_the_sandbox()
    };
    let refusal = |options: Options, functions: &str| {
        let before = stamp::sums(folder.path()).unwrap_or_default();
        kept(folder.path(), &options, &before, functions).map(drop).map_err(|error| error.to_string())
    };
    let again = || options("release", None);
    assert!(refusal(again(), "now").is_err_and(|error| error.contains("not packaged yet: leave out --layer-only")));
    let program = folder.path().join("token/bootstrap");
    fs::create_dir(folder.path().join("token")).unwrap();
    fs::write(&program, "program").unwrap();
    write(folder.path(), &Stamp { functions: "now".to_owned(), ..Stamp::of("arm64") });
    assert_eq!(refusal(again(), "now"), Ok(()));
    assert!(refusal(again(), "later").is_err_and(|error| error.contains("have changed since")));
    assert!(refusal(options("dev", None), "now").is_err_and(|error| error.contains("with the profile release")));
    fs::create_dir(folder.path().join("layer")).unwrap();
    fs::write(folder.path().join("layer/lookup.json"), "{}").unwrap();
    write(folder.path(), &Stamp { functions: "now".to_owned(), ..Stamp::of("arm64") });
    assert!(refusal(again(), "now").is_err_and(|error| error.contains("--lookup FILE")));
    assert_eq!(refusal(options("release", Some("file")), "now"), Ok(()));
    fs::remove_file(program).unwrap();
    let refused = refusal(options("release", Some("file")), "now");
    assert!(refused.is_err_and(|error| error.contains("token/bootstrap is not what was packaged")));
}

#[test]
fn a_program_is_for_everyone_to_run_whatever_the_umask_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program");
    fs::write(&file, "program").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    let out = folder.path().join("token");
    put_program(&file, &out).unwrap();
    assert_eq!(fs::metadata(out.join("bootstrap")).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn what_only_one_of_two_packages_has_is_named() {
    let sums =
        |names: &[(&str, &str)]| -> Sums { names.iter().map(|(name, sum)| ((*name).into(), (*sum).into())).collect() };
    let (one, other) = (sums(&[("a", "1"), ("b", "1"), ("c", "1")]), sums(&[("a", "1"), ("b", "2"), ("d", "1")]));
    assert_eq!(stamp::differing(&one, &other).into_iter().collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(stamp::differing(&one, &one).is_empty());
}
