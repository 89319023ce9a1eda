//! The program itself: its exit code, what it writes where, and what it takes from a profile. What it answers is tested in
//! `tests/administration`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output},
};

use gateway_tests::account::{Account, REGION};

/// `sna` in the environment `variables` and no other; never in that of this machine's owner.
fn sna(home: &Path, variables: &BTreeMap<String, String>, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sna"));
    let command = command.env_clear().env("HOME", home).env("AWS_EC2_METADATA_DISABLED", "true").envs(variables);
    command.args(words).output().expect("a program that runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The line of a table that begins with this.
fn line<'a>(table: &'a str, begin: &str) -> &'a str {
    table.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no {begin} in\n{table}"))
}

fn with_config(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join(".aws")).expect("a folder");
    std::fs::write(home.path().join(".aws/config"), config).expect("a file");
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_ends_with_0_where_all_is_well_and_with_1_where_something_is_not() {
    let (account, home) = (Account::start().await, with_config(""));
    let well = sna(home.path(), &account.variables(), &["doctor"]);
    let table = text(&well.stdout);
    assert!(well.status.success() && well.stderr.is_empty(), "{table}{}", text(&well.stderr));
    assert!(table.starts_with("check  ") && !table.contains("FAILED"), "{table}");
    assert!(line(&table, "SMS: spend").contains("0.00 of 50.00 USD this month"), "{table}");

    account.refuses("DescribeTable gw-sessions", "ResourceNotFoundException");
    let ill = sna(home.path(), &account.variables(), &["doctor"]);
    let table = text(&ill.stdout);
    assert_eq!(ill.status.code(), Some(1), "{table}");
    assert_eq!(table.lines().filter(|line| line.contains("FAILED")).count(), 1, "{table}");
    assert!(line(&table, "table sessions").contains("deploy the stack"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profiles_region_counts_where_keys_are_in_the_environment() {
    let (account, home) = (Account::start().await, with_config(&format!("[profile bank]\nregion = {REGION}\n")));
    let mut variables = account.variables();
    variables.remove("AWS_REGION");
    let without = text(&sna(home.path(), &variables, &["doctor"]).stdout);
    assert!(line(&without, "region").contains("AWS_REGION is not set"), "{without}");
    assert!(account.asked().is_empty(), "without a region there is nobody to ask");
    variables.insert("AWS_PROFILE".to_owned(), "bank".to_owned());
    let with = sna(home.path(), &variables, &["doctor"]);
    assert!(with.status.success(), "{}{}", text(&with.stdout), text(&with.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_over_is_the_only_thing_that_is_said_to_be_wrong() {
    let sso = "[profile bank]\nregion = eu-west-2\nsso_session = bank\nsso_account_id = 1\nsso_role_name = admin\n\
               [sso-session bank]\nsso_region = eu-west-2\nsso_start_url = https://bank.example/start\n";
    let (account, home) = (Account::start().await, with_config(sso));
    let mut variables = account.variables();
    variables.retain(|name, _| !name.contains("KEY"));
    variables.insert("AWS_PROFILE".to_owned(), "bank".to_owned());
    let ended = sna(home.path(), &variables, &["doctor"]);
    let table = text(&ended.stdout);
    assert_eq!((ended.status.code(), table.lines().count()), (Some(1), 2), "{table}");
    let found = line(&table, "credentials");
    assert!(found.contains("FAILED") && found.contains("aws sso login"), "{table}");
    // What is behind it, and not the error's own insides.
    assert!(found.contains("SSO token"), "{table}");
    assert!(!found.contains("ProviderError") && !found.contains('{'), "{table}");
    assert!(account.asked().is_empty());
}

#[test]
fn what_was_refused_is_on_stderr_and_what_was_made_on_stdout() {
    let home = with_config("");
    let made = sna(home.path(), &BTreeMap::new(), &["keys", "generate"]);
    assert!(made.status.success() && text(&made.stdout).contains("k4.secret.") && made.stderr.is_empty());
    let refused = sna(home.path(), &BTreeMap::new(), &["--env", "/nonexistent", "customers", "list"]);
    assert!(refused.status.code() == Some(1) && refused.stdout.is_empty());
    assert!(text(&refused.stderr).starts_with("sna: /nonexistent: "), "{}", text(&refused.stderr));
}
