//! Vonage Verify v2, `silent_auth`.

use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Key, Operation, Reply, Verdict, Verdict::*};
use sna_protocols::CheckUrl;

use crate::{
    bench::{DIGITS, NOW, http, in_turn, nobody, run, text, transport},
    checks::Style,
};

static VONAGE: CheckUrl = CheckUrl::Vonage;

pub fn style() -> Style {
    Style {
        name: "vonage",
        adapter: &VONAGE,
        config: || json!({ "verify_endpoint": "https://agg.example/v2/verify", "application_id": "app", "brand": "Shop" }),
        created: |uri| vec![signed(), http(202, &json!({ "request_id": "req-1", "check_url": uri }))],
        id: || "req-1".into(),
        proof: || payload(&json!({ "code": "CODE", "request_id": "req-1" })),
        yes: || vec![signed(), status("completed")],
        ttl: 60,
    }
}

fn signed() -> Answer {
    Answer::Signed { jwt: "J.W.T".into() }
}

fn status(status: &str) -> Answer {
    http(200, &json!({ "request_id": "req-1", "status": status }))
}

fn payload(payload: &Value) -> Operation {
    Operation::Validate { payload: payload.clone() }
}

#[test]
fn each_request_has_a_jwt_of_its_own() {
    let plan = style().plan((style().created)("https://agg.example/c"));
    let resolved = style().resolve((style().yes)());
    let mut ids = Vec::new();
    for ran in [&plan, &resolved] {
        let Ask::Sign { claims, key: Key::Private, typ: None, .. } = &ran.journal[0].ask else { panic!("a signature") };
        assert_eq!((&claims["application_id"], &claims["iat"]), (&json!("app"), &json!(NOW)));
        assert_eq!(claims["exp"], json!(NOW + 60));
        ids.push(claims["jti"].as_str().unwrap().to_owned());
        assert_eq!(ran.request(1).headers["authorization"], "Bearer J.W.T");
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 32));
    let body = json!({ "brand": "Shop", "workflow": [{ "channel": "silent_auth", "to": DIGITS }] });
    assert_eq!(plan.body(1), body);
    assert_eq!(resolved.request(1).url, "https://agg.example/v2/verify/req-1");
    assert_eq!(resolved.body(1), json!({ "code": "CODE" }));
}

#[test]
fn every_refusal_of_a_new_check_has_its_verdict() {
    let mut rows = transport();
    rows.extend([
        (http(402, &json!({ "title": "Low balance" })), ConfigError),
        (http(409, &json!({ "title": "Conflict" })), OperatorError),
        (http(412, &json!({ "title": "Network unsupported" })), NetworkUnsupported),
        (http(422, &json!({ "title": "Invalid params" })), ConfigError),
        (http(200, &json!({ "request_id": "req-1", "check_url": "https://agg.example/c" })), OperatorError),
        (http(202, &json!({ "request_id": "req-1" })), OperatorError),
        (http(202, &json!({ "request_id": "../x", "check_url": "https://agg.example/c" })), OperatorError),
        (text(202, "not json"), OperatorError),
    ]);
    for (answer, verdict) in rows {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().plan(vec![signed(), answer]).verdict(), verdict, "{shown}");
    }
    let no_key = Answer::Unreachable { reason: sna_adapter::Unreachable::Forbidden };
    assert_eq!(style().plan(vec![no_key]).verdict(), ConfigError);
}

#[test]
fn what_is_not_the_handsets_answer_is_malformed_and_nobody_is_asked() {
    for payload in [
        json!(null),
        json!("CODE"),
        json!([]),
        json!({}),
        json!({ "request_id": "req-1" }),
        json!({ "code": "CODE" }),
        json!({ "request_id": "req-1", "code": "" }),
        json!({ "request_id": "req-1", "code": 7 }),
        json!({ "request_id": "req-2", "code": "CODE" }),
        json!({ "request_id": "req-2", "error": "mno_timeout" }),
        json!({ "session_id": "6f1d" }),
    ] {
        let ran = run(&VONAGE, &self::payload(&payload), &style().planned(), nobody);
        assert!(matches!(ran.reply, Reply::Malformed { .. }), "{payload}");
    }
}

#[test]
fn an_error_of_the_handsets_has_its_verdict_and_nobody_is_asked() {
    let rows: [(&str, Verdict); 7] = [
        ("sdk_no_data_connectivity", NotMobileNetwork),
        ("not_mobile_ip", NotMobileNetwork),
        ("mno_not_supported", NetworkUnsupported),
        ("mno_user_not_found", SubscriberUnknown),
        ("mno_timeout", OperatorTimeout),
        ("sdk_connection_error", OperatorError),
        ("something_new", OperatorError),
    ];
    for (error, verdict) in rows {
        for got in [json!({ "error": error, "code": "CODE", "request_id": "req-1" }), json!({ "error": error })] {
            assert_eq!(run(&VONAGE, &payload(&got), &style().planned(), nobody).verdict(), verdict, "{got}");
        }
    }
}

#[test]
fn only_a_completed_verification_is_a_match() {
    let mut rows = transport();
    rows.extend([
        (status("completed"), Match),
        (status("user_rejected"), Mismatch),
        (status("expired"), Expired),
        (status("failed"), OperatorError),
        (status("Completed"), OperatorError),
        (http(200, &json!({ "status": "completed" })), Match),
        (http(200, &json!({ "request_id": "req-2", "status": "completed" })), ProtocolViolation),
        (http(200, &json!({ "request_id": "req-1" })), OperatorError),
        (http(400, &json!({ "title": "Invalid Code" })), ProtocolViolation),
        (http(404, &json!({ "title": "Not Found" })), Expired),
        (http(410, &json!({ "title": "Gone" })), Expired),
        (http(202, &json!({ "request_id": "req-1", "status": "completed" })), OperatorError),
    ]);
    for (answer, verdict) in rows {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().resolve(vec![signed(), answer]).verdict(), verdict, "{shown}");
    }
    let unknown_member = payload(&json!({ "request_id": "req-1", "code": "CODE", "more": [1] }));
    assert_eq!(run(&VONAGE, &unknown_member, &style().planned(), in_turn((style().yes)())).verdict(), Match);
}
