//! The line of log that ends a request: what each endpoint says in it, that CloudWatch can read it, and whose trace it is.

use std::{collections::HashSet, time::Duration};

use gateway_tests::{Captured, Gateway};
use sandbox::inbox::Fault;
use serde_json::{Value, json};
use tracing::Level;

use crate::steps::{Customer, another, client, device, newest_code};

const VODAFONE: &str = "+447700900620";
const ON_WIFI: &str = "+447700900622";
const DOWN: &str = "+447700900631";
const CHINA_MOBILE: &str = "+8613900000020";
const DIALOG: &str = "+94771234520";
const NAMESPACE: &str = "SilentAuthGateway";
/// Of CloudWatch's embedded metric format.
const UNITS: [&str; 3] = ["Count", "Milliseconds", "None"];

/// Silently, in every way that an attempt is judged, and by a code; in this order.
async fn walk(gateway: &Gateway) {
    let at = |path: &str| format!("{}{path}", gateway.url);
    let wrong = client().post(at("/v1/oauth/token")).basic_auth("nobody", Some("x"));
    wrong.form(&[("grant_type", "client_credentials"), ("scope", "otp")]).send().await.expect("an answer");
    let customer = Customer::sign_in(gateway).await;
    for number in [VODAFONE, CHINA_MOBILE, DIALOG, DOWN] {
        let started = customer.start(&device(gateway, number), &[]).await;
        let payload = started.open(None).await.json();
        customer.validate(&json!({ "id_token": started.id_token, "payload": payload })).await;
    }
    let started = customer.start(&device(gateway, ON_WIFI), &[]).await;
    started.open(None).await;
    gateway.advance(Duration::from_secs(5));
    for fault in [Fault::OptedOut, Fault::Drop] {
        gateway.world.inbox().fail(ON_WIFI, fault);
        assert_eq!(started.send_otp().await.0, 503);
        gateway.world.inbox().heal(ON_WIFI);
    }
    gateway.advance(Duration::from_secs(30));
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(gateway, &started.device);
    for guess in [another(&code), code] {
        customer.guess(&started, &guess).await;
    }
    client().get(at("/v1/coverage")).bearer_auth(&customer.token).send().await.expect("an answer");
    client().get(at("/v1/.well-known/paseto-keys")).send().await.expect("an answer");
    client().delete(at("/v1/nothing")).send().await.expect("an answer");
}

/// One line for the eye: what changes from run to run by its name, and the metrics by their dimensions.
fn shown(mut line: Value) -> String {
    let fields = line.as_object_mut().expect("an object");
    let directives = fields.remove("_aws").expect("metrics")["CloudWatchMetrics"].take();
    for name in ["timestamp", "trace_id", "span_id", "ms", "operator_ms"] {
        fields.entry(name).and_modify(|value| *value = format!("[{name}]").into());
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = format!("{}\n", fields.join(" "));
    for directive in directives.as_array().expect("directives") {
        let names = directive["Metrics"].as_array().expect("metrics").iter();
        let names: Vec<_> = names.map(|metric| metric["Name"].as_str().expect("a name")).collect();
        text += &format!("    {} {}\n", directive["Dimensions"], names.join(" "));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_says_in_one_line_what_became_of_a_request() {
    let logs = Captured::begin(Level::INFO);
    let gateway = Gateway::start().await;
    walk(&gateway).await;
    insta::assert_snapshot!(logs.requests().into_iter().map(shown).collect::<Vec<_>>().join("\n"));
}

/// The rules of the embedded metric format (CloudWatch User Guide) that a line must keep to be counted.
fn assert_counts(line: &Value) {
    let aws = &line["_aws"];
    assert!(aws["Timestamp"].is_u64(), "{line}");
    let directives = aws["CloudWatchMetrics"].as_array().expect("directives");
    let mut metrics = 0;
    for directive in directives {
        assert_eq!(directive["Namespace"], NAMESPACE, "{line}");
        let sets = directive["Dimensions"].as_array().expect("sets");
        assert!(!sets.is_empty(), "{line}");
        for set in sets {
            let set = set.as_array().expect("a set");
            assert!((1..=30).contains(&set.len()), "{line}");
            for name in set {
                let value = line[name.as_str().expect("a name")].as_str().expect("a dimension is text");
                assert!((1..=1024).contains(&value.len()) && value.is_ascii(), "{line}");
            }
        }
        for metric in directive["Metrics"].as_array().expect("metrics") {
            assert!(line[metric["Name"].as_str().expect("a name")].is_number(), "{metric} of {line}");
            assert!(UNITS.iter().any(|unit| metric["Unit"] == *unit), "{metric}");
            metrics += 1;
        }
    }
    assert!((1..=100).contains(&metrics), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_request_is_a_metric_that_cloudwatch_can_read() {
    let logs = Captured::begin(Level::ERROR);
    let gateway = Gateway::start().await;
    walk(&gateway).await;
    let lines = logs.requests();
    lines.iter().for_each(assert_counts);
    assert!(lines.iter().all(|line| line["requests"] == 1 && line["stack"] == "test"));
    assert_eq!(lines.iter().filter(|line| line["cold_start"] == true).count(), 1, "one process, one cold start");
    let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    let expected = [("otp_sent", 1), ("otp_verified", 1), ("otp_refused", 1), ("sms_failures", 2)];
    assert_eq!(expected.map(|(name, _)| (name, sum(name))), expected, "at RUST_LOG=error too");
    // What SNS may have sent costs as much as what it has.
    let usd: f64 = lines.iter().filter_map(|line| line["sms_usd_at_most"].as_f64()).sum();
    assert!((usd - 0.40).abs() < 1e-9, "{usd}");
    assert_eq!(sum("silent_attempts"), 5);
    assert!(sum("operator_failures") > 0);
}

/// What the AWS SDK sends, and what Lambda's runtime receives, are in their lines below INFO.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_level_is_asked_for_nothing_below_info_is_written() {
    let (log, gateway) = (Captured::begin(Level::TRACE), Gateway::start().await);
    walk(&gateway).await;
    let levels: HashSet<_> = log.lines().iter().map(|line| line["level"].to_string()).collect();
    assert!(
        levels.contains("\"INFO\"") && !levels.contains("\"DEBUG\"") && !levels.contains("\"TRACE\""),
        "{levels:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_lines_of_a_request_are_of_the_caller_s_trace_and_the_answer_says_which_it_is() {
    let logs = Captured::begin(Level::INFO);
    let gateway = Gateway::start().await;
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, DOWN), &[]).await;
    let url = format!("{}/v1/callback/vodafone", gateway.url);
    let back = crate::steps::returned(&started.open(Some(&url)).await);
    let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
    let answer = request.header("traceparent", format!("00-{id}-00f067aa0ba902b7-01")).send().await.expect("an answer");
    let lines: Vec<_> = logs.lines().into_iter().filter(|line| line["trace_id"] == id).collect();
    let said = answer.headers()["traceresponse"].to_str().expect("text");
    let ended = lines.last().expect("lines");
    assert_eq!(said, format!("00-{id}-{}-01", ended["span_id"].as_str().expect("a span")));
    assert_eq!(ended["endpoint"], "/v1/callback/");
    let calls = lines.iter().filter(|line| line["message"] == "operator").count();
    assert!(calls > 0 && lines.iter().all(|line| line["request_id"] == ended["request_id"]), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_trace_is_not_repeated() {
    let logs = Captured::begin(Level::DEBUG);
    let gateway = Gateway::start().await;
    let keys = format!("{}/v1/.well-known/paseto-keys", gateway.url);
    for (name, value) in [
        ("traceparent", "00-marked7f3ac2marked7f3ac2marked7f-00f067aa0ba902b7-01"),
        ("traceparent", "marked-7f3ac2\",\"level\":\"marked"),
        ("tracestate", "marked=7f3ac2"),
        ("x-amzn-trace-id", "Root=marked;Sampled=1"),
    ] {
        let answer = client().get(&keys).header(name, value).send().await.expect("an answer");
        assert!(!answer.headers()["traceresponse"].to_str().expect("text").contains("marked"));
    }
    let marked = reqwest::Method::from_bytes(b"MARKED").expect("a method");
    client().request(marked, &keys).send().await.expect("an answer");
    assert_eq!(logs.requests().len(), 5);
    assert!(!logs.functions().to_lowercase().contains("marked"), "{}", logs.functions());
}
