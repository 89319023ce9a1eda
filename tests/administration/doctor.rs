//! The doctor at the local run, and at what is wrong with it.

use gateway_tests::Gateway;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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
        ("AWS_ENDPOINT_URL_DYNAMODB", "", "tables", "AWS_ENDPOINT_URL_DYNAMODB is not set"),
        ("SESSIONS_TABLE", "absent", "table sessions", "ResourceNotFoundException"),
        // A table without a TTL.
        ("SESSIONS_TABLE", "sna-customers", "table sessions: ttl", "off"),
        ("CUSTOMERS_TABLE", "", "table customers", "CUSTOMERS_TABLE is not set"),
        ("TOKEN_PUBLIC_KEYS", &other, "API", "other keys"),
        ("STATEMENT_PUBLIC_KEYS", &other, "API", "other keys"),
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
    let directory = files.path().display().to_string();
    let sha = hex::encode(Sha256::digest("the adapter"));
    let built = |file: &str, sha256: &str| json!({ "acme": { "built": { "file": file, "sha256": sha256 } } });
    std::fs::write(files.path().join("libacme.so"), "the adapter").expect("a file");
    for (manifest, expected, found) in [
        (built("libacme.so", &sha), "ok", "1 adapters are"),
        (built("libacme.so", &"0".repeat(64)), "FAILED", "acme has another file"),
        (built("absent.so", &sha), "FAILED", "acme has no file"),
        (built("./libacme.so", &sha), "FAILED", "acme has its file elsewhere"),
        // Neither there nor said to be there.
        (json!({ "acme": { "built": { "file": "absent.so" } } }), "FAILED", "acme was not built"),
        (json!({ "acme": { "built": {} } }), "FAILED", "acme was not built"),
        (json!({ "acme": {} }), "FAILED", "acme was not built"),
        (json!({}), "FAILED", "names no adapter"),
        (json!([]), "FAILED", "manifest.json"),
    ] {
        std::fs::write(files.path().join("manifest.json"), manifest.to_string()).expect("a file");
        let told = local(&gateway, &["doctor", "--layer", &directory]).await;
        let (state, text) = state(&told, "layer: staged files");
        assert!(state == expected && text.contains(found), "{manifest}: {text}");
        assert_eq!(told.expect("checks").0, expected == "ok");
    }
    let staged = gateway_tests::staged_adapters().display().to_string();
    if !cfg!(feature = "static") {
        let told = local(&gateway, &["doctor", "--layer", &staged]).await;
        assert_eq!(state(&told, "layer: staged files").0, "ok");
    }
}
