//! The adapters' layer: which version each function has, and whether it is the newest.

use gateway_tests::account::{Account, FUNCTIONS, function, function_path, layer, layers, resources, versions};

use super::{account, only_fault};

/// On the second page of the stack's resources.
const LAST: &str = FUNCTIONS[2];

async fn with_last(layers: &[&str]) -> Account {
    let account = account().await;
    account.says(function_path(LAST), function(true, layers));
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_another_version_or_without_the_layer_is_named() {
    let (older, alike) = (layer(6), layer(7).replace(":gw-adapters:", ":gw-adapters-old:"));
    for layers in [vec![older.as_str()], vec![], vec![alike.as_str()]] {
        let row = only_fault(&with_last(&layers).await).await;
        assert_eq!((row.check.as_str(), row.state.as_str()), ("layer", "FAILED"), "{layers:?}");
        assert_eq!(row.found, format!("without {}: {LAST}", layer(7)));
        assert!(row.todo.contains("cargo xtask deploy"), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_layer_beside_ours_is_nobodys_business() {
    let account = with_last(&["arn:aws:lambda:eu-west-2:1:layer:gw-adapters-tracing:3", &layer(7)]).await;
    let rows = super::faults(&account).await;
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_that_a_deployment_left_behind_is_a_warning() {
    let account = account().await;
    account.says(layers("gw-adapters"), versions(&[8, 7]));
    let row = only_fault(&account).await;
    assert_eq!((row.check.as_str(), row.state.as_str()), ("layer: newest", "warning"));
    assert!(row.found.contains(&layer(8)) && row.todo.contains("taken back"), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_was_deleted_is_not_taken_for_an_older_one() {
    let account = account().await;
    account.says(layers("gw-adapters"), versions(&[]));
    let row = only_fault(&account).await;
    assert!(row.check == "layer: newest" && row.found.ends_with("gw-adapters has no version"), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_whose_functions_look_for_no_adapters_is_none_of_the_gateways() {
    let account = account().await;
    account.says("ListStackResources", resources(&FUNCTIONS[..1], None));
    let row = only_fault(&account).await;
    assert!(row.check == "layer" && row.found == "no function looks for adapters", "{row:?}");
}
