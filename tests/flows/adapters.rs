//! Adapters that fail under the running gateway: the operator becomes unavailable, OTP is offered, nothing dies.

use std::{fs, path::Path};

use gateway_tests::{Event, Gateway, staged_adapters};
use serde_json::json;

use crate::steps::{Customer, device, error, newest_code};

fn copied(to: &Path) {
    for file in ["manifest.json", "vodafone.so", "o2.so"] {
        fs::copy(staged_adapters().join(file), to.join(file)).expect("a copy");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_cannot_be_loaded_leaves_otp_and_the_other_operator() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("missing", |dir| fs::remove_file(dir.join("vodafone.so")).expect("removed")),
        ("truncated", |dir| fs::write(dir.join("vodafone.so"), b"\x7fELF").expect("written")),
        ("empty", |dir| fs::write(dir.join("vodafone.so"), b"").expect("written")),
        ("swapped", |dir| {
            fs::copy(dir.join("o2.so"), dir.join("vodafone.so")).expect("copied");
        }),
        ("not listed", |dir| {
            let manifest = fs::read_to_string(dir.join("manifest.json")).expect("read");
            fs::write(dir.join("manifest.json"), manifest.replace("\"vodafone\":", "\"v\":")).expect("written");
        }),
    ];
    for (name, damage) in damages {
        let directory = tempfile::tempdir().expect("a folder");
        copied(directory.path());
        let gateway = Gateway::with(Event::HttpApi, directory.path(), &[]).await;
        damage(directory.path());
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
        let object = json!({ "error": "temporarily_unavailable", "error_description": "Service is unavailable" });
        assert_eq!(started.json["authorize"], object, "{name}");
        assert_eq!(started.send_otp().await.0, 200, "{name}");
        let (_, verdict) = customer.guess(&started, &newest_code(&gateway, &started.device)).await;
        assert_eq!(verdict["authenticated"], "true", "{name}");
        let other = customer.start(&device(&gateway, "+447700900920"), &[]).await;
        assert_eq!(other.open(None).await.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_vanishes_between_two_endpoints_ends_the_attempt_with_a_reason() {
    let directory = tempfile::tempdir().expect("a folder");
    copied(directory.path());
    let gateway = Gateway::with(Event::HttpApi, directory.path(), &[]).await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, "+447700900620"), &[]).await;
    fs::remove_file(directory.path().join("vodafone.so")).expect("removed");
    let hop = started.open(None).await;
    assert_eq!((hop.status, hop.json()), error(400, "temporarily_unavailable", "Service is unavailable"));
    let (_, verdict) = customer.validate(&json!({ "id_token": started.id_token })).await;
    assert_eq!(verdict["reason"], "CONFIG_ERROR");
    // What was loaded before stays in use.
    let again = customer.start(&device(&gateway, "+447700900621"), &[]).await;
    assert_eq!(again.json["authorize"]["request_type"], "GET");
}
