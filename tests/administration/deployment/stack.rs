//! What a stack made: its outputs, tables, secrets, and the address under which it answers.

use gateway_tests::account::{Account, xml};
use serde_json::json;
use sna_tokens::SigningKey;

use super::{account, faults, only_fault};

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_not_there_fails_and_what_it_would_have_is_not_asked() {
    let account = account().await;
    account.refuses("DescribeStacks", "ValidationError");
    let row = only_fault(&account).await;
    assert_eq!((row.check.as_str(), row.found.as_str()), ("stack", "cloudformation: ValidationError: no"));
    assert!(row.todo.contains("cargo xtask deploy") && row.todo.contains("--stack"), "{row:?}");
    assert!(account.asked().iter().all(|asked| !asked.what.contains("Secret") && !asked.what.contains("Table")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_output_that_is_missing_is_named_with_the_stacks_status() {
    for (output, consequence) in [
        ("Url", "API"),
        ("CustomersTable", "table customers"),
        ("SessionsTable", "table sessions"),
        ("UsageTable", "table usage"),
        ("SigningSecret", "secret signing"),
        ("KeysSecret", "secret keys"),
        ("StatementSecret", "secret statement"),
        ("StatementKeysSecret", "secret statement-keys"),
        ("CustomersSecret", "secret customers"),
        ("OtpSecret", "secret otp"),
        ("OperatorsSecret", "secret operators"),
        ("AdaptersLayer", "layer"),
    ] {
        let account = account().await;
        account.stack_is("ROLLBACK_COMPLETE", &[output], &[]);
        let faults = faults(&account).await;
        let stack = faults.iter().find(|row| row.check == "stack").expect("the check");
        assert_eq!(stack.found, format!("gw is ROLLBACK_COMPLETE, and has no output {output}"));
        let other = faults.iter().find(|row| row.check == consequence).unwrap_or_else(|| panic!("{faults:?}"));
        assert!(other.found.ends_with("is not set"), "{other:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_nothing_can_be_deployed_to_any_more_fails() {
    let account = account().await;
    account.stack_is("UPDATE_ROLLBACK_FAILED", &[], &[]);
    let row = only_fault(&account).await;
    assert_eq!((row.check.as_str(), row.found.as_str()), ("stack", "gw is UPDATE_ROLLBACK_FAILED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_table_is_found_alone() {
    let table = |key: &str, kind: &str, is_protected: bool| {
        let schema = json!([{ "AttributeName": key, "KeyType": kind }]);
        json!({ "Table": { "KeySchema": schema, "DeletionProtectionEnabled": is_protected } })
    };
    let ttl = |status: &str, name: &str| json!({ "TimeToLiveDescription": { "TimeToLiveStatus": status, "AttributeName": name } });
    let backups = json!({ "ContinuousBackupsDescription": { "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" } } });
    for (what, answer, check, state, found) in [
        ("DescribeTable gw-customers", table("id", "HASH", true), "table customers", "FAILED", "partition key pk"),
        ("DescribeTable gw-sessions", table("pk", "RANGE", true), "table sessions", "FAILED", "partition key pk"),
        ("DescribeTable gw-sessions", json!({}), "table sessions", "FAILED", "partition key pk"),
        ("DescribeTimeToLive gw-sessions", ttl("DISABLED", "ttl"), "table sessions: ttl", "FAILED", "off"),
        ("DescribeTimeToLive gw-sessions", ttl("DISABLING", "ttl"), "table sessions: ttl", "FAILED", "off"),
        ("DescribeTimeToLive gw-usage", ttl("DISABLED", "ttl"), "table usage: ttl", "FAILED", "off"),
        ("DescribeTimeToLive gw-sessions", json!({}), "table sessions: ttl", "FAILED", "off"),
        ("DescribeTimeToLive gw-sessions", ttl("ENABLED", "expires"), "table sessions: ttl", "FAILED", "`expires`"),
        ("DescribeContinuousBackups gw-customers", backups, "table customers: backups", "warning", "no point-in-time"),
        (
            "DescribeTable gw-customers",
            table("pk", "HASH", false),
            "table customers: deletion protection",
            "warning",
            "off",
        ),
    ] {
        let account = account().await;
        account.says(what, answer.to_string());
        let row = only_fault(&account).await;
        assert_eq!((row.check.as_str(), row.state.as_str()), (check, state), "{what} {answer}");
        assert!(row.found.contains(found) && row.todo.contains("deploy"), "{row:?}");
    }
    let account = account().await;
    account.refuses("DescribeTable gw-sessions", "ResourceNotFoundException");
    let row = only_fault(&account).await;
    assert_eq!(row.found, "dynamodb: gw-sessions: ResourceNotFoundException");
    assert!(row.todo.contains("deploy the stack"), "{row:?}");
}

/// What is wrong once the secret `gw/<name>` has this one value.
async fn with_secret(secret: &str, name: &str, value: &str) -> Vec<(String, String, String)> {
    let account = account().await;
    account.has_secret(&format!("gw/{secret}"), name, value);
    found(&account).await
}

async fn found(account: &Account) -> Vec<(String, String, String)> {
    faults(account).await.into_iter().map(|row| (row.check, row.state, row.found)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_is_held_to_what_the_functions_want_of_it() {
    let other = SigningKey::generate().expect("a key");
    let (secret, public) = (other.paserk().expect("its text"), other.public_paserk().expect("its public key"));
    for (name, key, value, expected) in [
        ("customers", "CUSTOMER_PEPPER", "0b", &["secret customers"][..]),
        ("customers", "UNUSED", "x", &["secret customers"]),
        ("otp", "OTP_PEPPER", "", &["secret otp"]),
        ("signing", "UNUSED", "x", &["secret signing"]),
        ("signing", "TOKEN_KEY", "k4.secret.x", &["secret signing"]),
        // It signs, and whoever verifies does not know it.
        ("signing", "TOKEN_KEY", &secret, &["secret signing"]),
        ("keys", "TOKEN_PUBLIC_KEYS", &public, &["secret signing", "API"]),
        ("keys", "TOKEN_PUBLIC_KEYS", "k4.public.x", &["secret keys", "secret signing", "API"]),
        ("keys", "UNUSED", "x", &["secret keys", "secret signing", "API"]),
        ("statement", "UNUSED", "x", &["secret statement"]),
        ("statement", "TOKEN_KEY", &secret, &["secret statement"]),
        ("statement", "STATEMENT_KEY", &secret, &["secret statement"]),
        ("statement-keys", "STATEMENT_PUBLIC_KEYS", &public, &["secret statement", "API"]),
        ("statement-keys", "UNUSED", "x", &["secret statement-keys", "secret statement", "API"]),
    ] {
        let faults = with_secret(name, key, value).await;
        let checks: Vec<&str> = faults.iter().map(|(check, _, _)| check.as_str()).collect();
        assert_eq!(checks, expected, "{name} {key}: {faults:?}");
        assert!(faults.iter().all(|(_, state, _)| state == "FAILED"), "{faults:?}");
        let shown = format!("{faults:?}");
        assert!(value.len() < 5 || !shown.contains(value), "{shown}");
    }
    let faults = with_secret("operators", "UNUSED", "x").await;
    assert_eq!(faults, [("secret operators".into(), "warning".into(), "it has no values".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_value_is_told_from_one_that_is_not_there_and_from_one_that_is_no_object() {
    let account = account().await;
    account.refuses("GetSecretValue gw/otp", "ResourceNotFoundException");
    account.refuses("DescribeSecret gw/otp", "ResourceNotFoundException");
    let row = only_fault(&account).await;
    assert_eq!(
        (row.check.as_str(), row.found.as_str()),
        ("secret otp", "secretsmanager: gw/otp: there is no such secret")
    );
    assert!(row.todo.contains("64 hex digits"), "{row:?}");
    account.says("DescribeSecret gw/otp", json!({ "Name": "gw/otp" }).to_string());
    assert_eq!(only_fault(&account).await.found, "it has no OTP_PEPPER");
    account.says("GetSecretValue gw/otp", json!({ "SecretString": "0b0b0b0b", "VersionId": "1" }).to_string());
    let row = only_fault(&account).await;
    assert!(row.found.contains("not a JSON object of strings") && !row.found.contains("0b0b"), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lookups_secret_is_looked_at_where_there_is_one() {
    let account = account().await;
    account.stack_is("CREATE_COMPLETE", &[], &[("LookupSecret", "gw/lookup")]);
    account.has_secret("gw/lookup", "UNUSED", "x");
    let row = only_fault(&account).await;
    assert_eq!((row.check.as_str(), row.state.as_str()), ("secret lookup", "warning"));
    assert!(row.todo.contains("LOOKUP_KEY"), "{row:?}");
    account.has_secret("gw/lookup", "LOOKUP_KEY", "x");
    assert_eq!(found(&account).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_answers_something_else_than_the_keys_fails_alone() {
    let keys = "/v1/.well-known/paseto-keys";
    for (answer, found) in [
        (json!({ "issuer": "x", "keys": [] }).to_string(), "other keys"),
        (json!({ "issuer": "x", "keys": [{ "kid": "k4.pid.x", "paserk": "k4.public.x" }] }).to_string(), "other keys"),
        (xml("Welcome", "to a captive portal"), "cannot be understood"),
    ] {
        let account = account().await;
        account.says(keys, answer);
        let row = only_fault(&account).await;
        assert!(row.check == "API" && row.found.contains(found), "{row:?}");
    }
    let account = account().await;
    account.refuses(keys, "Forbidden");
    let row = only_fault(&account).await;
    assert!(row.check == "API" && row.found.ends_with("paseto-keys answers 403"), "{row:?}");
    assert!(row.todo.contains("`keys`"), "{row:?}");
}
