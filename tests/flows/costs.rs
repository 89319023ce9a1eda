//! What a flow takes of AWS is what `cargo xtask costs` and the README say.

use std::collections::BTreeMap;

use gateway_tests::{
    Captured, Gateway,
    engine::Engine,
    faults::{Faults, Proxy},
};
use serde_json::{Value, json};
use tracing::Level;
use xtask::costs::{Flow, OTP, SILENT, table};

use crate::steps::{Customer, device, newest_code};

const VODAFONE: &str = "+447700900620";

/// Read and write request units of a request, by DynamoDB's rules for on-demand tables (Developer Guide, "Read/write capacity
/// mode"): 4 KB a read, half as much where it need not be consistent, 1 KB a write, and twice as much in a transaction.
fn units(operation: &str, said: &Value) -> (f64, u32) {
    match operation {
        "GetItem" => (if said["ConsistentRead"] == true { 1.0 } else { 0.5 }, 0),
        "BatchGetItem" => {
            let tables = said["RequestItems"].as_object().expect("tables").values();
            let of = |table: &Value| {
                let keys = table["Keys"].as_array().expect("keys").len() as f64;
                if table["ConsistentRead"] == true { keys } else { keys / 2.0 }
            };
            (tables.map(of).sum(), 0)
        }
        "TransactGetItems" => (2.0 * said["TransactItems"].as_array().expect("items").len() as f64, 0),
        "PutItem" => (0.0, kilobytes(&said["Item"])),
        // Counters and marks: some dozen bytes.
        "UpdateItem" | "DeleteItem" => (0.0, 1),
        "TransactWriteItems" => {
            let items = said["TransactItems"].as_array().expect("items").iter();
            (0.0, items.map(|item| item.get("Put").map_or(2, |put| 2 * kilobytes(&put["Item"]))).sum())
        }
        other => panic!("{other} has no price here"),
    }
}

/// Names and values of an item, to the kilobyte above.
fn kilobytes(item: &Value) -> u32 {
    let item: BTreeMap<String, Value> = serde_json::from_value(item.clone()).expect("an item");
    let value = |value: &Value| value.as_object().into_iter().flat_map(|typed| typed.values()).map(text).sum::<usize>();
    let bytes: usize = item.iter().map(|(name, typed)| name.len() + value(typed)).sum();
    u32::try_from(bytes.div_ceil(1024)).expect("a small item")
}

fn text(value: &Value) -> usize {
    value.as_str().map_or_else(|| value.to_string().len(), str::len)
}

/// Requests, units and bytes of log since `faults` was healed and `before` was logged.
fn taken(faults: &Faults, logged: &Captured, before: usize) -> (u32, f64, u32, usize) {
    let units: Vec<_> = faults.requests().iter().map(|(operation, said)| units(operation, said)).collect();
    let (reads, writes) = (units.iter().map(|(reads, _)| reads).sum(), units.iter().map(|(_, writes)| writes).sum());
    let said = logged.functions();
    let requests = said[before..].lines().filter(|line| line.contains("\"_aws\"")).count();
    (u32::try_from(requests).expect("few"), reads, writes, said.len() - before)
}

fn assert_is(flow: Flow, (requests, reads, writes, bytes): (u32, f64, u32, usize)) {
    let found = (requests, reads, writes, u32::try_from(bytes.div_ceil(100) * 100).expect("few bytes"));
    assert_eq!((flow.requests, flow.reads, flow.writes), (found.0, found.1, found.2), "and {} bytes of log", found.3);
    // Times, ports and ids are not always as long.
    assert!(flow.log_bytes.abs_diff(found.3) <= 200, "{} bytes of log, and not {}", found.3, flow.log_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_sign_in_and_a_code_take_what_the_costs_are_computed_from() {
    let logged = Captured::begin(Level::INFO);
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let gateway = Gateway::over(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&gateway).await;

    faults.heal();
    let before = logged.functions().len();
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    let proof = json!({ "id_token": started.id_token, "payload": started.open(None).await.json() });
    assert_eq!(customer.validate(&proof).await.1["authenticated"], "true");
    let silent = taken(&faults, &logged, before);

    faults.heal();
    let before = logged.functions().len();
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(&gateway, &started.device);
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], "true");
    let otp = taken(&faults, &logged, before);

    println!("{silent:?} {otp:?}");
    assert_is(SILENT, silent);
    assert_is(OTP, otp);
}

#[test]
fn the_readme_has_the_table_of_costs_as_it_is_computed() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table()), "README, What it costs:\n{}", table());
}
