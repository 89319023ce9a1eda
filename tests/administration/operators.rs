//! The operator table, judged before a deployment.

use gateway_tests::{Gateway, OPERATORS};
use serde_json::Value;

use crate::bed::{local, local_at};

fn row<'a>(rows: &'a Value, network: &str) -> &'a Value {
    rows.as_array().and_then(|rows| rows.iter().find(|row| row["network"] == network)).expect("the network")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_network_is_listed_with_its_adapter_and_family() {
    let gateway = Gateway::start().await;
    let (_, rows) = local(&gateway, &["operators", "list"]).await.expect("networks");
    let vodafone = row(&rows, "VODAFONE");
    assert_eq!((&vodafone["adapter"], &vodafone["silent"]), (&"vodafone".into(), &true.into()));
    assert!(vodafone["family"].is_string(), "{vodafone}");
    assert!(rows.as_array().expect("rows").iter().any(|row| row["otp_only"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_table_passes_and_each_fault_of_a_bad_one_is_named() {
    let gateway = Gateway::start().await;
    let check = ["operators", "check"];
    assert_eq!(local(&gateway, &check).await, Ok((true, Value::Array(Vec::new()))));
    let missing = local_at(&gateway, &[("OPERATOR_CLIENT_SECRET", "")], &check, 0).await.expect_err("a credential");
    assert!(missing.contains("OPERATOR_CLIENT_SECRET"), "{missing}");

    let mut table: Value = serde_json::from_str(OPERATORS).expect("a table");
    table["VODAFONE"]["origins"] = serde_json::json!(["https://evil.example"]);
    let files = tempfile::tempdir().expect("a folder");
    let path = files.path().join("operators.json");
    std::fs::write(&path, table.to_string()).expect("a file");
    let path = path.display().to_string();
    let (good, faults) = local(&gateway, &[&check[..], &["--table", &path]].concat()).await.expect("faults");
    assert!(!good && faults.to_string().contains("VODAFONE"), "{faults}");
}
