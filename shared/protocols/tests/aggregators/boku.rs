//! Boku's phoneIdUrl and phoneIdResult.

use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Context, HttpRequest, Operation, Verdict, Verdict::*};
use sna_protocols::CheckUrl;

use crate::{
    bench::{NUMBER, callback, http, nobody, run, text, transport},
    checks::Style,
};

static BOKU: CheckUrl = CheckUrl::Boku { use_case: "1", air: true };

pub fn style() -> Style {
    Style {
        name: "boku",
        adapter: &BOKU,
        config: || {
            json!({
                "url_endpoint": "https://agg.example/phoneIdUrl", "result_endpoint": "https://agg.example/phoneIdResult",
                "merchant_id": "merchant", "consent_id": "terms-7", "consent_timestamp": "2026-01-02T03:04:05Z",
            })
        },
        created: |uri| vec![http(200, &json!({ "evurl": uri, "error": { "code": 0 } }))],
        id: || asked(&Operation::Plan)["correlationId"].as_str().unwrap().to_owned(),
        proof: || callback(&[("ErrorCode", "0"), ("state", "STATE")]),
        yes: || vec![matched(&json!(true))],
        ttl: 600,
    }
}

/// The body of the first request of a step.
fn asked(operation: &Operation) -> Value {
    let planned = matches!(operation, Operation::Plan);
    let context = if planned { style().context() } else { style().planned() };
    run(&BOKU, operation, &context, |_| text(500, "")).body(0)
}

fn matched(answer: &Value) -> Answer {
    http(
        200,
        &json!({ "error": { "code": 0, "description": "Success" }, "results": { "match": { "consumerMdn": answer } } }),
    )
}

fn error(code: impl Into<Value>) -> Answer {
    http(200, &json!({ "error": { "code": code.into() }, "results": { "match": { "consumerMdn": true } } }))
}

#[test]
fn a_check_names_its_consent_and_its_result_is_asked_for_by_its_correlation_id() {
    let plan = style().plan((style().created)("https://agg.example/ev"));
    let request = plan.request(0);
    assert_eq!(request.api_key_header.as_deref(), Some("authorization"));
    assert_eq!(request.headers["requesttime"], "2027-01-15T08:00:00Z");
    let body = plan.body(0);
    for (name, value) in [
        ("merchantId", json!("merchant")),
        ("consentId", json!("terms-7")),
        ("consentTimeStamp", json!("2026-01-02T03:04:05Z")),
        ("consumerMdn", json!(NUMBER)),
        ("consumerDeviceIP", json!("198.18.0.7")),
        ("air", json!(true)),
        ("useCase", json!("1")),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    let result = asked(&(style().proof)());
    assert_eq!(result["associationKey"], body["correlationId"]);
    assert_ne!(result["correlationId"], body["correlationId"]);
    assert_eq!(result["match"], json!({ "consumerMdn": NUMBER }));
}

/// Every code of the aggregator's list, and what it means.
const CODES: [(i64, Verdict); 13] = [
    (-10, OperatorError),
    (-11, OperatorError),
    (-17, OperatorError),
    (-20, OperatorError),
    (-30, NetworkUnsupported),
    (-31, NotMobileNetwork),
    (-32, IpNumberNetworkMismatch),
    (-33, NotMobileNetwork),
    (-34, OperatorError),
    (-40, SubscriberUnknown),
    (-5000, OperatorError),
    (1, OperatorError),
    (i64::MIN, OperatorError),
];

#[test]
fn a_code_means_the_same_at_the_aggregator_and_at_the_handset() {
    for (code, verdict) in CODES {
        let quoted = code.to_string();
        for answer in [error(code), error(quoted.as_str())] {
            assert_eq!(style().plan(vec![answer.clone()]).verdict(), verdict, "{code}");
            assert_eq!(style().resolve(vec![answer]).verdict(), verdict, "{code}");
        }
        let back = callback(&[("state", "STATE"), ("ErrorCode", &quoted), ("Carrier", "VZW")]);
        assert_eq!(run(&BOKU, &back, &style().planned(), nobody).verdict(), verdict, "{code}");
    }
    for code in [None, Some(""), Some("zero"), Some("0x0"), Some("99999999999999999999")] {
        let mut pairs = vec![("state", "STATE")];
        pairs.extend(code.map(|code| ("ErrorCode", code)));
        assert_eq!(run(&BOKU, &callback(&pairs), &style().planned(), nobody).verdict(), ProtocolViolation, "{code:?}");
    }
}

#[test]
fn the_result_alone_says_match_or_mismatch() {
    let mut rows = transport();
    rows.extend([
        (matched(&json!(true)), Match),
        (matched(&json!("true")), Match),
        (matched(&json!(false)), Mismatch),
        (matched(&json!("false")), Mismatch),
        (matched(&json!("Y")), OperatorError),
        (matched(&Value::Null), OperatorError),
        (http(200, &json!({ "results": { "match": { "consumerMdn": true } } })), Match),
        (http(200, &json!({ "error": { "code": 0 } })), OperatorError),
        (http(200, &json!({ "error": { "code": 0 }, "results": { "match": {} } })), OperatorError),
        (http(200, &json!({ "error": {}, "results": { "match": { "consumerMdn": true } } })), OperatorError),
        (
            http(200, &json!({ "error": { "code": "x" }, "results": { "match": { "consumerMdn": true } } })),
            OperatorError,
        ),
        (
            http(200, &json!({ "correlationId": "x", "results": { "match": { "consumerMdn": true } } })),
            ProtocolViolation,
        ),
        (http(400, &json!({})), ConfigError),
        (http(404, &json!({})), ConfigError),
        (text(200, "ErrorCode=0"), OperatorError),
    ]);
    for (answer, verdict) in rows {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().resolve(vec![answer]).verdict(), verdict, "{shown}");
    }
    let echoed = |ask: &Ask| match ask {
        Ask::Http(HttpRequest { body, .. }) => {
            let asked: Value = serde_json::from_str(body).unwrap();
            let results = json!({ "match": { "consumerMdn": true } });
            http(200, &json!({ "correlationId": asked["correlationId"], "results": results }))
        }
        _ => panic!("no HTTP request"),
    };
    assert_eq!(run(&BOKU, &(style().proof)(), &style().planned(), echoed).verdict(), Match);
}

#[test]
fn a_pending_result_is_asked_for_again_as_often_as_a_step_may() {
    let ran = style().resolve(vec![error(5016), error("5016"), matched(&json!(false))]);
    assert_eq!((ran.verdict(), ran.journal.len()), (Mismatch, 3));
    let ran = style().resolve(vec![error(5016)]);
    assert_eq!((ran.verdict(), ran.journal.len()), (OperatorTimeout, 6));
    // A pending error comes with no result, whatever stands beside it.
    let five = vec![error(5016), error(5016), error(5016), error(5016), error(5016), matched(&json!(true))];
    assert_eq!(style().resolve(five).verdict(), Match);
}

#[test]
fn a_new_check_without_a_url_is_none() {
    for body in [json!({}), json!({ "evurl": "" }), json!({ "evurl": 7 }), json!({ "error": { "code": 0 } })] {
        assert_eq!(style().plan(vec![http(200, &body)]).verdict(), OperatorError, "{body}");
    }
    for (answer, verdict) in transport() {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().plan(vec![answer]).verdict(), verdict, "{shown}");
    }
    let no_clock = Context { now: u64::MAX, ..style().context() };
    assert_eq!(run(&BOKU, &Operation::Plan, &no_clock, nobody).verdict(), ConfigError);
}
