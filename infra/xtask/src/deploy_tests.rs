//! A package in a small repository, and a `sam` that writes down what it is asked.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use tempfile::TempDir;

use super::*;
use crate::package::write;

const CONFIG: &str = "[dev.deploy.parameters]\nparameter_overrides = \"Stage=dev Architecture=\\\"x86_64\\\" A=b\"\n\
                      [prod.deploy.parameters]\n# Architecture=x86_64\nparameter_overrides = [\"Stage=prod\"]\n";

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// With a package for `arch` in `target/package/current`.
fn packaged(arch: &str, sandbox: bool) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    for name in [".cargo/config.toml", "Cargo.toml", "Cargo.lock", "adapters/a", "functions/token/main.rs", "shared/b"]
    {
        put(&root.join(name), name);
    }
    put(&root.join("infra/samconfig.toml"), CONFIG);
    let workspace = Workspace { target: root.join("target"), root };
    let current = workspace.package("current");
    put(&current.join("token/bootstrap"), "program");
    write(&current, &Stamp { sandbox, sources: sources(&workspace).unwrap(), ..Stamp::of(arch) });
    (folder, workspace)
}

fn options(environment: &str, guided: bool, more: &[&str]) -> Deploy {
    let more = more.iter().map(|&text| text.to_owned()).collect();
    Deploy { environment: environment.to_owned(), guided, more }
}

fn refusal(workspace: &Workspace, options: &Deploy) -> String {
    check(workspace, options, false).unwrap_err().to_string()
}

#[test]
fn sam_gets_the_template_the_settings_and_what_else_was_said() {
    let (folder, workspace) = packaged("x86_64", false);
    let (fake, said) = (folder.path().join("sam"), folder.path().join("said"));
    put(&fake, &format!("#!/bin/sh\nfor a; do echo \"$a\"; done > {}\n", said.display()));
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let options = options("dev", true, &["--no-confirm-changeset"]);
    check(&workspace, &options, false).unwrap();
    at_the_terminal(command(&workspace, &options, Run::new(&workspace, &fake))).unwrap();
    let root = workspace.root.display();
    let expected = format!(
        "deploy\n--template-file\n{root}/template.yaml\n--config-file\n{root}/infra/samconfig.toml\n--config-env\ndev\n\
         --guided\n--no-confirm-changeset\n"
    );
    assert_eq!(fs::read_to_string(said).unwrap(), expected);
}

#[test]
fn a_sam_that_fails_is_a_failure() {
    let (_folder, workspace) = packaged("x86_64", false);
    let run = Run::new(&workspace, "false");
    assert!(at_the_terminal(run).is_err_and(|error| error.to_string().contains("sam deploy failed")));
}

#[test]
fn without_a_package_the_command_that_makes_one_is_named() {
    let (_folder, workspace) = packaged("x86_64", false);
    fs::remove_file(workspace.package("current/package.json")).unwrap();
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("cargo xtask package --operators FILE"));
}

#[test]
fn a_package_for_the_other_architecture_is_refused_unless_sam_will_ask() {
    let (_folder, workspace) = packaged("x86_64", false);
    assert!(refusal(&workspace, &options("prod", false, &[])).contains("prod is arm64 and the package x86_64"));
    check(&workspace, &options("prod", true, &[]), false).unwrap();
}

#[test]
fn a_package_that_is_older_than_its_sources_is_refused() {
    let (_folder, workspace) = packaged("x86_64", false);
    put(&workspace.root.join("tests/flows.rs"), "changed");
    check(&workspace, &options("dev", false, &[]), false).unwrap();
    put(&workspace.root.join("shared/b"), "changed");
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("have changed since"));
}

#[test]
fn a_file_that_is_not_what_was_packaged_or_was_not_packaged_at_all_is_refused() {
    let (_folder, workspace) = packaged("x86_64", false);
    put(&workspace.package("current/layer/adapters/rogue.so"), "rogue");
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("rogue.so is not what was packaged"));
    fs::remove_dir_all(workspace.package("current/layer")).unwrap();
    put(&workspace.package("current/token/bootstrap"), "another");
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("token/bootstrap is not what was packaged"));
}

#[test]
fn the_sandboxes_table_is_not_deployed_to_aws() {
    let (_folder, workspace) = packaged("x86_64", true);
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("is for the sandbox"));
    check(&workspace, &options("dev", false, &[]), true).unwrap();
}

#[test]
fn what_is_for_this_machine_alone_is_not_deployed_to_aws() {
    let (_folder, workspace) = packaged("x86_64", false);
    let current = workspace.package("current");
    write(&current, &Stamp { profile: "dev".into(), ..Stamp::read(&current).unwrap() });
    assert!(refusal(&workspace, &options("dev", false, &[])).contains("is of the profile dev"));
    check(&workspace, &options("dev", false, &[]), true).unwrap();
}

#[test]
fn parameters_instead_of_the_settings_must_name_the_architecture() {
    let (_folder, workspace) = packaged("x86_64", false);
    let refused = refusal(&workspace, &options("dev", false, &["--parameter-overrides", "A=b"]));
    assert!(refused.contains("takes the place of all") && refused.contains("Architecture=x86_64"), "{refused}");
    // Neither the settings nor another option's words count.
    let other =
        options("dev", false, &["--parameter-overrides", "Architecture=arm64", "--tags", "Architecture=x86_64"]);
    assert!(refusal(&workspace, &other).contains("dev is arm64 and the package x86_64"));
    check(&workspace, &options("prod", false, &["--parameter-overrides", "A=b Architecture=x86_64"]), false).unwrap();
}

#[test]
fn a_stack_with_a_lookup_needs_a_package_with_one() {
    let (_folder, workspace) = packaged("x86_64", false);
    let given = ["--parameter-overrides", "Architecture=x86_64", "Lookup=file:/opt/lookup.json"];
    assert!(refusal(&workspace, &options("dev", false, &given)).contains("package again with --lookup FILE"));
    check(&workspace, &options("dev", false, &["--parameter-overrides", "Architecture=x86_64 Lookup="]), false)
        .unwrap();
    put(&workspace.package("current/layer/lookup.json"), "{}");
    let current = workspace.package("current");
    write(&current, &Stamp::read(&current).unwrap());
    check(&workspace, &options("dev", false, &given), false).unwrap();
}
