//! The doctor at a deployment, in an account that answers as AWS documents it: every check finds what it is for, and
//! nothing else.

mod credentials;
mod layer;
mod shell;
mod sms;
mod stack;

use std::collections::BTreeSet;

use gateway_tests::account::Account;
use serde_json::Value;

use crate::bed::{text, told_at};

/// 2026-03-15T12:00:00Z.
const NOW: u64 = 1_773_576_000_000;

/// The answer to whoever is not allowed to look.
const UNSEEN: &str = "this could not be looked at: see the cause";

/// A line of the doctor's.
#[derive(Debug)]
struct Row {
    check: String,
    state: String,
    found: String,
    todo: String,
}

/// An account whose clock is at `NOW`.
async fn account() -> Account {
    let account = Account::start().await;
    account.clock_is_at(NOW);
    account
}

/// Every line; the exit code must fit them.
async fn rows_at(account: &Account, now: u64) -> Vec<Row> {
    let (good, rows) = told_at(vec!["doctor"], account.variables(), now).await.expect("checks");
    let rows = rows.as_array().expect("rows").iter().map(|row: &Value| Row {
        check: text(row, "check").to_owned(),
        state: text(row, "state").to_owned(),
        found: text(row, "found").to_owned(),
        todo: text(row, "what_to_do").to_owned(),
    });
    let rows: Vec<Row> = rows.collect();
    assert_eq!(good, rows.iter().all(|row| row.state != "FAILED"), "{rows:?}");
    assert!(rows.iter().all(|row| (row.state == "ok") == row.todo.is_empty()), "{rows:?}");
    rows
}

/// The lines that are not `ok`.
async fn faults(account: &Account) -> Vec<Row> {
    rows_at(account, NOW).await.into_iter().filter(|row| row.state != "ok").collect()
}

/// The only line that is not `ok`.
async fn only_fault(account: &Account) -> Row {
    let mut faults = faults(account).await;
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_deployment_is_ok_in_every_check() {
    let account = account().await;
    let rows = rows_at(&account, NOW).await;
    let found: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.check.as_str(), row.state.as_str())).collect();
    let expected = [
        "region",
        "credentials",
        "clock",
        "SMS: sandbox",
        "SMS: spend",
        "stack",
        "layer",
        "layer: newest",
        "table customers",
        "table customers: backups",
        "table customers: deletion protection",
        "table sessions",
        "table sessions: ttl",
        "table usage",
        "table usage: ttl",
        "secret keys",
        "secret signing",
        "secret statement-keys",
        "secret statement",
        "secret customers",
        "secret otp",
        "secret operators",
        "API",
    ];
    assert_eq!(found, expected.map(|check| (check, "ok")).into(), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_only_reads_is_signed_for_its_service_and_asked_once() {
    let account = account().await;
    rows_at(&account, NOW).await;
    let asked = account.asked();
    let mut seen = BTreeSet::new();
    for question in &asked {
        let what = question.what.as_str();
        assert!(seen.insert(what), "{what} is asked twice");
        assert!(
            what.starts_with('/') || ["Describe", "Get", "List"].iter().any(|verb| what.starts_with(verb)),
            "{what}"
        );
        let service = match what {
            "/v1/.well-known/paseto-keys" => {
                assert_eq!(question.authorization, None, "the gateway's own endpoint asks for nothing");
                continue;
            }
            what if what.starts_with('/') => "lambda",
            "DescribeStacks" | "ListStackResources" | "ListStackResources more" => "cloudformation",
            "GetCallerIdentity" => "sts",
            "GetMetricStatistics" => "monitoring",
            what if what.starts_with("GetSMS") => "sns",
            what if what.starts_with("GetSecretValue") => "secretsmanager",
            _ => "dynamodb",
        };
        let authorization = question.authorization.as_deref().unwrap_or_default();
        let scope = format!("/eu-west-2/{service}/aws4_request");
        assert!(authorization.contains("Credential=AKIATEST/") && authorization.contains(&scope), "{question:?}");
    }
    assert_eq!(asked.len(), 25, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_allows_to_look_at_is_said_to_be_unseen() {
    let healthy = account().await;
    rows_at(&healthy, NOW).await;
    for question in healthy.asked() {
        let (what, account) = (question.what.as_str(), account().await);
        let check = match what {
            // No permission is needed to ask who one is, or for the gateway's keys.
            "GetCallerIdentity" | "/v1/.well-known/paseto-keys" => continue,
            "DescribeStacks" => "stack",
            "GetSMSSandboxAccountStatus" => "SMS: sandbox",
            "GetSMSAttributes" | "GetMetricStatistics" => "SMS: spend",
            "/2018-10-31/layers/gw-adapters/versions" => "layer: newest",
            "DescribeTimeToLive gw-sessions" => "table sessions: ttl",
            "DescribeTimeToLive gw-usage" => "table usage: ttl",
            "DescribeContinuousBackups gw-customers" => "table customers: backups",
            what => match what.split_once(" gw") {
                Some(("DescribeTable", name)) => &format!("table {}", &name[1..]),
                Some(("GetSecretValue", name)) => &format!("secret {}", &name[1..]),
                _ => "layer",
            },
        };
        account.refuses(what, "AccessDeniedException");
        let faults = faults(&account).await;
        let row = faults.iter().find(|row| row.check == check).unwrap_or_else(|| panic!("{what}: {faults:?}"));
        assert!(row.found.contains("AccessDenied") && !row.found.contains("http:"), "{what}: {row:?}");
        assert_eq!(row.todo, UNSEEN, "{what}: {row:?}");
        // Whether the published keys are the right ones is then not known either.
        let alone = if what.ends_with("keys") { 3 } else { 1 };
        assert_eq!(faults.len(), alone, "{what}: {faults:?}");
    }
}
