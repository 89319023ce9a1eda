//! What an adapter says of itself binds the operator table, the adapter and the host.

use axum::response::IntoResponse;
use serde_json::{Value, json};
use sna_operators::{MobileIp, Operation, Operators, Session, Verdict};
use tokio::net::TcpListener;

use crate::{
    bed::{Logs, NOW, NUMBER, arrive, callback, only, operators, run, session, verdict},
    layer::{Layer, built, manifest},
    operator::Operator,
};

/// The rogue adapter under this manifest and entry.
fn rogue(change: &Value, entry: &Value) -> (Layer, Operators) {
    let layer = Layer::empty();
    layer.put_as("rogue", &built("rogue"), change);
    let mut whole = json!({ "adapter": "rogue", "config": { "fault": "none", "url": "https://op.example/" } });
    whole.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
    let operators = operators(layer.path(), &json!({ "X": whole }), &[("SECRET", "secret")]);
    (layer, operators)
}

#[tokio::test]
async fn an_entry_that_its_manifest_does_not_allow_is_the_operators_own_trouble() {
    let logs = Logs::capture();
    let needs = json!({ "hosts": ["op.example"], "secrets": ["client_secret", "api_key"] });
    let entry = json!({ "origins": ["https://evil.example", "http://op.example"] });
    let (_layer, operators) = rogue(&needs, &entry);
    assert_eq!(verdict(&operators, arrive()).await, Verdict::ConfigError);
    for part in ["https://evil.example/", "http://op.example/", "credential client_secret", "credential api_key"] {
        assert!(logs.causes()[0].contains(part), "{part}: {:?}", logs.causes());
    }
    let credentials = json!({ "client_secret": "env:SECRET", "api_key": "env:SECRET" });
    let (_layer, operators) = rogue(&needs, &json!({ "origins": ["https://op.example"], "credentials": credentials }));
    assert!(run(&operators, arrive()).await.is_ok());
}

#[tokio::test]
async fn a_file_of_another_version_than_its_manifest_says_is_not_used() {
    let (layer, bytes, logs) = (Layer::empty(), built("vodafone"), Logs::capture());
    let mut listed = manifest("vodafone", &bytes, &json!({}));
    layer.put("vodafone", &bytes);
    listed["built"]["version"] = json!("99.0.0");
    layer.list("vodafone", &listed);
    let operators = only(layer.path(), "vodafone");
    for _ in 0..2 {
        assert_eq!(verdict(&operators, Operation::Plan).await, Verdict::ConfigError);
    }
    assert_eq!(logs.causes(), ["its version is not the manifest's"]);
    layer.put("vodafone", &bytes);
    assert!(run(&operators, Operation::Plan).await.is_ok(), "repaired");
}

#[tokio::test]
async fn a_manifest_is_known_without_its_file_and_read_again_when_it_has_changed() {
    let layer = Layer::of(&[("vodafone", &built("vodafone"))]);
    std::fs::remove_file(layer.file("vodafone")).unwrap();
    let operators = only(layer.path(), "vodafone");
    assert!(operators.manifest("X", "shop").unwrap().supports_callback);
    layer.list("vodafone", &manifest("vodafone", b"", &json!({ "supports_callback": false })));
    assert!(!operators.manifest("X", "shop").unwrap().supports_callback);
    layer.list("vodafone", &manifest("vodafone", b"", &json!({ "request_type": "PUT" })));
    assert_eq!(operators.manifest("X", "shop").err(), Some(Verdict::ConfigError));
    layer.put_as("vodafone", &built("vodafone"), &json!({ "needs_mobile_ip": "never" }));
    assert!(run(&operators, Operation::Plan).await.is_ok());
    layer.put_as("vodafone", &built("vodafone"), &json!({ "needs_mobile_ip": "require" }));
    assert_eq!(operators.manifest("X", "shop").unwrap().needs_mobile_ip, MobileIp::Never, "of the code that is in use");
    assert_eq!(operators.manifest("NOBODY", "shop").err(), Some(Verdict::NetworkUnsupported));
}

#[tokio::test]
async fn the_number_stands_in_no_url_unless_the_manifest_says_so() {
    let national = NUMBER.replace("+44", "0");
    for url in [
        format!("https://op.example/?msisdn={}", &NUMBER[1..]),
        format!("https://op.example/?login_hint=tel:%2B{}", &NUMBER[1..]),
        format!("https://op.example/{national}/check"),
    ] {
        for (says, good) in [(false, false), (true, true)] {
            let entry = json!({ "origins": ["https://op.example"], "config": { "fault": "none", "url": url } });
            let (_layer, operators) = rogue(&json!({ "number_in_url": says }), &entry);
            for operation in [Operation::Plan, arrive()] {
                assert_eq!(run(&operators, operation).await.is_ok(), good, "{url} {says}");
            }
        }
    }
}

#[tokio::test]
async fn no_url_with_the_number_is_called_unless_the_manifest_says_so() {
    let operator = Operator::start(|_| "{}".into_response()).await;
    for (says, calls) in [(false, 0), (true, 1)] {
        let url = format!("{}/{}", operator.url, &NUMBER[1..]);
        let entry = json!({
            "origins": [operator.url], "allow_loopback": true, "config": { "fault": "none", "url": url },
        });
        let (_layer, operators) = rogue(&json!({ "number_in_url": says }), &entry);
        let expected = if says { Verdict::Match } else { Verdict::ConfigError };
        assert_eq!(verdict(&operators, callback()).await, expected);
        assert_eq!(operator.seen().len(), calls);
    }
}

#[tokio::test]
async fn the_shorter_deadline_counts_for_a_request_and_for_the_whole_step() {
    let mute = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let entry = json!({ "origins": [url], "allow_loopback": true, "config": { "fault": "none", "url": url } });
    for (deadlines, told) in [
        (json!({ "request": 100, "step": 15_000 }), "did not answer in time"),
        (json!({ "request": 8_000, "step": 100 }), "whole step"),
    ] {
        let logs = Logs::capture();
        let (_layer, operators) = rogue(&json!({ "deadlines": deadlines }), &entry);
        assert_eq!(verdict(&operators, callback()).await, Verdict::OperatorTimeout);
        assert!(logs.text().contains(told), "{told}: {}", logs.text());
    }
}

#[tokio::test]
async fn a_handset_may_be_sent_to_our_own_plain_http_address_and_only_with_a_query() {
    let enrichment = json!({ "uri": "http://he.example", "header": "x-msisdn", "proxies": ["10.0.0.0/8"] });
    let family = json!({ "family": "header_enrichment" });
    for (url, good) in [
        ("http://he.example/v1/enrich/rogue?state=s", true),
        ("http://he.example/v1/enrich/rogue", false),
        ("http://he.example/v1/enrich/rogue/../../x?", false),
        ("http://he.example/v1/enrich/other?state=s", false),
        ("http://he.example.evil/v1/enrich/rogue?state=s", false),
        ("http://he.example/v1/enrich/rogue?state=s\r\nx: y", false),
    ] {
        let config = json!({ "fault": "none", "url": url });
        let (_layer, operators) = rogue(&family, &json!({ "enrichment": enrichment, "config": config }));
        assert_eq!(run(&operators, arrive()).await.is_ok(), good, "{url}");
    }
    let (_layer, operators) = rogue(&family, &json!({}));
    assert_eq!(verdict(&operators, arrive()).await, Verdict::ConfigError, "the family has no use without it");
    let (_layer, operators) = rogue(&json!({}), &json!({ "config": { "fault": "none", "url": "?state=s" } }));
    let session = Session { state: "s".into(), ..session() };
    assert_eq!(operators.run("X", arrive(), session, NOW).await.err(), Some(Verdict::ConfigError));
}
