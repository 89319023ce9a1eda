//! A stack that was named, in a shell that still has the local run's variables.

use std::collections::BTreeMap;

use gateway_tests::{Gateway, account::Account};
use sna_customers::{CustomerId, Customers, Pepper, authenticate};

use super::{NOW, account};
use crate::bed::{text, told_at};

/// Everything of the local run, exported, and then the account's.
fn exported(gateway: &Gateway, account: &Account) -> BTreeMap<String, String> {
    let mut variables = gateway.world.env().clone();
    variables.insert("LOOKUP_SECRET_ID".to_owned(), "local".to_owned());
    variables.extend(account.variables());
    variables
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_judges_the_stack_and_not_the_shell() {
    let (gateway, account) = (Gateway::start().await, account().await);
    let mut variables = exported(&gateway, &account);
    // All of AWS is the account.
    variables.retain(|name, _| !name.starts_with("AWS_ENDPOINT_URL_"));
    let (good, rows) = told_at(vec!["doctor"], variables, NOW).await.expect("checks");
    assert!(good && rows.as_array().is_some_and(|rows| rows.iter().all(|row| row["state"] == "ok")), "{rows}");
    assert!(!rows.to_string().contains("lookup"), "the stack has none: {rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_secret_is_hashed_with_the_stacks_pepper() {
    let (gateway, account) = (Gateway::start().await, account().await);
    account.stack_is("CREATE_COMPLETE", &["CustomersTable"], &[("CustomersTable", "sna-customers")]);
    let variables = exported(&gateway, &account);
    let add = vec!["customers", "add", "--id", "bank", "--name", "Bank", "--scope", "otp"];
    let (_, added) = told_at(add.clone(), variables.clone(), NOW).await.expect("a customer");
    let engine = sandbox::dynamodb::client(&gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"]);
    let id = CustomerId::parse("bank").expect("an id");
    let bank = Customers::new(engine, "sna-customers").get(&id).await.expect("an answer").expect("the customer");
    let is_good = |pepper: &str| {
        let pepper = Pepper::parse(pepper).expect("a pepper");
        authenticate(Some(&bank), text(&added, "secret"), &pepper, NOW / 1000)
    };
    assert!(is_good(&"0b".repeat(32)) && !is_good(&gateway.world.env()["CUSTOMER_PEPPER"]));

    // A stack that has none yet does not borrow one.
    account.has_secret("gw/customers", "UNUSED", "x");
    let error = told_at(add, variables, NOW).await.expect_err("no pepper");
    assert!(error.contains("CUSTOMER_PEPPER is not set"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_checked_with_the_credentials_that_the_stack_has() {
    let (gateway, account) = (Gateway::start().await, account().await);
    let mut variables = exported(&gateway, &account);
    let check = vec!["operators", "check"];
    account.has_secret("gw/operators", "OPERATOR_CLIENT_SECRET", "x");
    let error = told_at(check.clone(), variables.clone(), NOW).await.expect_err("credentials are missing");
    assert!(error.contains("OPERATOR_PRIVATE_KEY") && !error.contains("OPERATOR_CLIENT_SECRET"), "{error}");
    let credentials: BTreeMap<_, _> =
        gateway.world.env().iter().filter(|(name, _)| name.starts_with("OPERATOR_")).collect();
    let secret = serde_json::json!({ "SecretString": serde_json::json!(credentials).to_string(), "VersionId": "1" });
    account.says("GetSecretValue gw/operators", secret.to_string());
    let checked = Ok((true, serde_json::json!([])));
    assert_eq!(told_at(check.clone(), variables.clone(), NOW).await, checked);

    // Where no stack is named the shell's count, but none that is empty.
    variables.remove("SNA_STACK");
    variables.insert("OPERATORS_SECRET_ID".to_owned(), "gw/operators".to_owned());
    variables.insert("OPERATOR_CLIENT_SECRET".to_owned(), String::new());
    assert_eq!(told_at(check, variables, NOW).await, checked);
}
