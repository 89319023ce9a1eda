//! What a flow takes of AWS is what `cargo xtask costs` and the README say.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use gateway_tests::{
    Captured, Gateway,
    engine::Engine,
    faults::{Faults, Proxy},
};
use serde_json::{Value, json};
use sna_sessions::Item;
use tracing::Level;
use xtask::{
    costs::{BOTH, Flow, OTP, SILENT, table},
    growth,
};

use crate::steps::{Customer, Started, client, device, newest_code};

const VODAFONE: &str = "+447700900620";
/// Vodafone's too; the device holds another number.
const NOT_ITS_OWN: &str = "+447700900621";

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

/// Requests, those to DynamoDB, units, and bytes of log since `faults` was healed and `before` was logged.
fn taken(faults: &Faults, logged: &Captured, before: usize) -> (u32, u32, f64, u32, usize) {
    let units: Vec<_> = faults.requests().iter().map(|(operation, said)| units(operation, said)).collect();
    let (reads, writes) = (units.iter().map(|(reads, _)| reads).sum(), units.iter().map(|(_, writes)| writes).sum());
    let said = logged.functions();
    let requests = said[before..].lines().filter(|line| line.contains("\"_aws\"")).count();
    let few = |count: usize| u32::try_from(count).expect("few");
    (few(requests), few(units.len()), reads, writes, said.len() - before)
}

fn assert_is(flow: Flow, (requests, calls, reads, writes, bytes): (u32, u32, f64, u32, usize)) {
    let log_bytes = u32::try_from(bytes.div_ceil(100) * 100).expect("few bytes");
    let expected = (flow.requests, flow.calls, flow.reads, flow.writes);
    assert_eq!(expected, (requests, calls, reads, writes), "and {log_bytes} bytes of log");
    // Times, ports and ids are not always as long.
    assert!(flow.log_bytes.abs_diff(log_bytes) <= 200, "{log_bytes} bytes of log, and not {}", flow.log_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_sign_in_and_a_code_take_what_the_costs_are_computed_from() {
    let logged = Captured::begin(Level::INFO);
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let gateway = Gateway::over(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&gateway).await;
    // As functions that have served this customer before.
    by_code(&gateway, &customer, &customer.start(&device(&gateway, VODAFONE), &[]).await).await;

    faults.heal();
    let before = logged.functions().len();
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    let proof = json!({ "id_token": started.id_token, "payload": started.open(None).await.json() });
    assert_eq!(customer.validate(&proof).await.1["authenticated"], "true");
    let silent = taken(&faults, &logged, before);

    faults.heal();
    let before = logged.functions().len();
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    by_code(&gateway, &customer, &started).await;
    let otp = taken(&faults, &logged, before);

    faults.heal();
    let before = logged.functions().len();
    let started = customer.start(&device(&gateway, NOT_ITS_OWN), &[]).await;
    fall_back(&gateway, &customer, &started).await;
    let both = taken(&faults, &logged, before);

    println!("{silent:?} {otp:?} {both:?}");
    assert_is(SILENT, silent);
    assert_is(OTP, otp);
    assert_is(BOTH, both);
}

/// A code for the session, which is right at once.
async fn by_code(gateway: &Gateway, customer: &Customer, started: &Started) {
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(gateway, &started.device);
    assert_eq!(customer.guess(started, &code).await.1["authenticated"], "true");
}

/// The operator says no, the customer learns it, and a code follows.
async fn fall_back(gateway: &Gateway, customer: &Customer, started: &Started) {
    let proof = json!({ "id_token": started.id_token, "payload": started.open(None).await.json() });
    assert_eq!(customer.validate(&proof).await.1["reason"], "MISMATCH");
    gateway.advance(Duration::from_secs(5));
    by_code(gateway, customer, started).await;
}

/// Names and values of an item as it lies in a table (DynamoDB Developer Guide, "Item sizes and formats").
fn bytes(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        other => panic!("{other:?} has no size here"),
    };
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_as_large_as_the_document_says() {
    let engine = Engine::embedded().await;
    let gateway = Gateway::over_with_lookup(&engine, &engine.url).await;
    let customer = Customer::sign_in(&gateway).await;
    let device = device(&gateway, NOT_ITS_OWN);
    // A customer's wish of everything, in names as long as a UUID.
    let name = "018f4a1c-7a3b-7cc2-9b1d-0242ac120002";
    let form = [
        ("msisdn", device.msisdn.clone()),
        ("client_ip", device.client_ip.to_string()),
        ("correlation_id", name.into()),
    ];
    let request = client().post(format!("{}/v1/get_config", gateway.url)).bearer_auth(&customer.token).form(&form);
    let json: Value =
        request.header("idempotency-key", name).send().await.expect("an answer").json().await.expect("JSON");
    let id_token = json["id_token"].as_str().expect("an id_token").to_owned();
    fall_back(&gateway, &customer, &Started { json, id_token, device }).await;
    let refused =
        client().post(format!("{}/v1/oauth/token", gateway.url)).basic_auth(&gateway.customer.client_id, Some("wrong"));
    assert_eq!(refused.form(&[("scope", "otp")]).send().await.expect("an answer").status(), 401);

    let mut found = BTreeMap::new();
    for table in ["SESSIONS_TABLE", "CUSTOMERS_TABLE", "USAGE_TABLE", "EVENTS_TABLE"] {
        let variables = engine.variables();
        let (_, table) = variables.iter().find(|(name, _)| *name == table).expect("a table");
        let items = engine.client().scan().table_name(table).consistent_read(true).send().await.expect("items");
        for item in items.items() {
            let key = item["pk"].as_s().expect("a key");
            let prefix = key.split_inclusive('#').next().filter(|prefix| prefix.ends_with('#')).unwrap_or_default();
            let most = found.entry(prefix.to_owned()).or_insert(0);
            *most = bytes(item).max(*most);
        }
    }
    println!("{found:?}");
    let rounded = |bytes: usize| u32::try_from(bytes.div_ceil(50) * 50).expect("few bytes");
    let found: BTreeMap<_, _> = found.into_iter().map(|(prefix, bytes)| (prefix, rounded(bytes))).collect();
    let said = growth::ITEMS.iter().map(|item| (item.prefix.to_owned(), item.bytes)).collect();
    assert_eq!(found, said);
}

#[test]
fn the_document_has_the_tables_of_growth_as_they_are_computed() {
    let document = include_str!("../../infra/PERFORMANCE.md");
    for table in growth::tables() {
        assert!(document.contains(&table), "infra/PERFORMANCE.md, Growth:\n{table}");
    }
}

#[test]
fn the_readme_has_the_table_of_costs_as_it_is_computed() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table()), "README, What it costs:\n{}", table());
}
