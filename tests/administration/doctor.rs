//! The doctor at the local run, and at what is wrong with it.

use gateway_tests::Gateway;
use serde_json::Value;

use crate::bed::{Told, local, local_at};

fn state(told: &Told, name: &str) -> (String, String) {
    let (_, rows) = told.as_ref().expect("checks");
    let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["check"] == name)).expect("the check");
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("found"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_run_is_well_and_what_it_has_not_is_left_out() {
    let gateway = Gateway::start().await;
    let told = local(&gateway, &["doctor"]).await;
    let (good, rows) = told.as_ref().expect("checks");
    assert!(good, "{rows}");
    for (name, expected) in [
        ("table customers", "ok"),
        ("table sessions", "ok"),
        ("table sessions: ttl", "ok"),
        ("API", "ok"),
        ("credentials", "left out"),
        ("secret signing", "left out"),
    ] {
        assert_eq!(state(&told, name).0, expected, "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_fails_alone_and_says_what_to_do() {
    let gateway = Gateway::start().await;
    let other = sna_tokens::SigningKey::generate().and_then(|key| key.public_paserk()).expect("a key");
    for (variable, value, name, found) in [
        ("SESSIONS_TABLE", "absent", "table sessions", "ResourceNotFoundException"),
        // A table without a TTL.
        ("SESSIONS_TABLE", "sna-customers", "table sessions: ttl", "off"),
        ("CUSTOMERS_TABLE", "", "table customers", "CUSTOMERS_TABLE is not set"),
        ("TOKEN_PUBLIC_KEYS", &other, "API", "other keys"),
        ("PUBLIC_URL", "http://127.0.0.1:1", "API", "no answer"),
    ] {
        let told = local_at(&gateway, &[(variable, value)], &["doctor"], 0).await;
        let (good, rows) = told.as_ref().expect("checks");
        let failed: Vec<&Value> =
            rows.as_array().expect("rows").iter().filter(|row| row["state"] == "FAILED").collect();
        assert!(!good && failed.len() == 1, "{variable}: {rows}");
        assert_eq!(failed[0]["check"], name);
        assert!(failed[0]["found"].as_str().is_some_and(|text| text.contains(found)), "{rows}");
        assert_ne!(failed[0]["what_to_do"], "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staged_adapters_are_held_to_their_manifest() {
    let (gateway, files) = (Gateway::start().await, tempfile::tempdir().expect("a folder"));
    let sha = "0".repeat(64);
    let manifest = serde_json::json!({ "acme": { "built": { "file": "libacme.so", "sha256": sha, "version": "1" } } });
    std::fs::write(files.path().join("manifest.json"), manifest.to_string()).expect("a file");
    std::fs::write(files.path().join("libacme.so"), "other").expect("a file");
    let directory = files.path().display().to_string();
    let told = local(&gateway, &["doctor", "--layer", &directory]).await;
    let (found, text) = state(&told, "layer: staged files");
    assert!(found == "FAILED" && text.contains("acme"), "{text}");
    let staged = gateway_tests::staged_adapters().display().to_string();
    if !cfg!(feature = "static") {
        let told = local(&gateway, &["doctor", "--layer", &staged]).await;
        assert_eq!(state(&told, "layer: staged files").0, "ok");
    }
}
