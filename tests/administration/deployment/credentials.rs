//! Who asks, from where, and at what time.

use gateway_tests::account::xml;

use super::{NOW, UNSEEN, account, faults, only_fault, rows_at};
use crate::bed::{text, told_at};

const HOUR: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_between_the_clocks_is_the_most_in_either_direction() {
    for (theirs, state) in
        [(NOW + 60_000, "ok"), (NOW - 60_000, "ok"), (NOW + 61_000, "FAILED"), (NOW - 61_000, "FAILED")]
    {
        let account = account().await;
        account.clock_is_at(theirs);
        let rows = rows_at(&account, NOW).await;
        let other: Vec<_> = rows.iter().filter(|row| row.check != "clock" && row.state != "ok").collect();
        assert!(other.is_empty(), "{other:?}");
        let clock = rows.iter().find(|row| row.check == "clock").expect("the check");
        assert_eq!(clock.state, state, "{clock:?}");
        assert!(state == "ok" || clock.todo.contains("timedatectl"), "{clock:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_so_wrong_that_aws_refuses_it_is_said_to_be_wrong() {
    let account = account().await;
    account.clock_is_at(NOW + HOUR);
    account.refuses("GetCallerIdentity", "SignatureDoesNotMatch");
    let faults = faults(&account).await;
    let found: Vec<_> = faults.iter().map(|row| (row.check.as_str(), row.found.as_str())).collect();
    assert_eq!(found, [("credentials", "sts: SignatureDoesNotMatch: no"), ("clock", "3600 s from AWS's")]);
    assert!(faults[0].todo.contains("clock") && !faults[0].todo.contains("AWS_PROFILE"), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_knows_fail_alone_and_nothing_else_is_asked() {
    let account = account().await;
    account.refuses("GetCallerIdentity", "InvalidClientTokenId");
    let row = only_fault(&account).await;
    assert_eq!((row.check.as_str(), row.found.as_str()), ("credentials", "sts: InvalidClientTokenId: no"));
    assert!(row.todo.contains("AWS_PROFILE"), "{row:?}");
    assert_eq!(account.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_names_nobody_is_no_sign_of_good_credentials() {
    for answer in
        [xml("GetCallerIdentity", "<Account>1</Account>"), xml("GetCallerIdentity", "<Arn></Arn>"), "x".into()]
    {
        let account = account().await;
        account.says("GetCallerIdentity", answer);
        let row = only_fault(&account).await;
        assert_eq!((row.check.as_str(), row.todo.as_str()), ("credentials", UNSEEN));
        assert!(row.found.contains("cannot be understood"), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_the_cause_is_what_there_is_to_see() {
    let account = account().await;
    let mut variables = account.variables();
    variables.insert("AWS_ENDPOINT_URL_STS".to_owned(), "http://127.0.0.1:1".to_owned());
    let (good, rows) = told_at(vec!["doctor"], variables, NOW).await.expect("checks");
    assert!(!good);
    assert_eq!(text(&rows[1], "check"), "credentials");
    assert_eq!(text(&rows[1], "what_to_do"), UNSEEN);
    assert!(text(&rows[1], "found").contains("no answer from http://127.0.0.1:1"), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_region_counts_where_keys_are_in_the_environment() {
    let account = account().await;
    let mut variables = account.variables();
    let region = variables.remove("AWS_REGION").expect("a region");
    variables.insert("AWS_DEFAULT_REGION".to_owned(), region.clone());
    let (good, rows) = told_at(vec!["doctor"], variables, NOW).await.expect("checks");
    assert!(good, "{rows}");
    assert_eq!((text(&rows[0], "check"), text(&rows[0], "found")), ("region", region.as_str()));
}
