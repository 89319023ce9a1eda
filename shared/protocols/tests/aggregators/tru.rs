//! tru.ID PhoneCheck v0.2.

use serde_json::{Value, json};
use sna_adapter::{Answer, Auth, Operation, Verdict, Verdict::*};
use sna_protocols::CheckUrl;

use crate::{
    bench::{NUMBER, callback, http, in_turn, nobody, run, text, transport},
    checks::Style,
};

static TRU: CheckUrl = CheckUrl::Tru { scope: "phone_check" };

pub fn style() -> Style {
    Style {
        name: "tru",
        adapter: &TRU,
        config: || {
            json!({
                "token_endpoint": "https://agg.example/token", "checks_endpoint": "https://agg.example/checks",
                "client_id": "client",
            })
        },
        created: |uri| vec![token(), http(201, &created("chk-1", uri))],
        id: || "chk-1".into(),
        proof: || callback(&[("check_id", "chk-1"), ("code", "CODE"), ("state", "STATE")]),
        yes: || vec![token(), completed(&json!(true))],
        ttl: 120,
    }
}

fn token() -> Answer {
    http(200, &json!({ "access_token": "SECRET", "token_type": "bearer", "expires_in": 3600 }))
}

fn created(id: &str, uri: &str) -> Value {
    json!({ "check_id": id, "status": "ACCEPTED", "ttl": 120, "_links": { "check_url": { "href": uri } } })
}

fn completed(matched: &Value) -> Answer {
    http(200, &json!({ "check_id": "chk-1", "status": "COMPLETED", "match": matched }))
}

fn refusal(status: u16, code: &str) -> Answer {
    http(status, &json!({ "status": status, "code": code, "detail": "" }))
}

#[test]
fn a_check_is_made_with_a_bearer_and_resolved_by_a_json_patch() {
    let plan = style().plan(vec![token(), http(201, &created("chk-1", "https://agg.example/c"))]);
    assert_eq!(plan.request(0).auth, Auth::ClientSecretBasic { client_id: "client".into() });
    assert_eq!(plan.request(0).body, "grant_type=client_credentials&scope=phone_check");
    assert_eq!(plan.request(1).headers["authorization"], "Bearer SECRET");
    let body = plan.body(1);
    assert_eq!((&body["phone_number"], &body["phone_ip"]), (&json!(NUMBER), &json!("198.18.0.7")));
    assert_eq!(body["reference_id"].as_str().unwrap().len(), 32);

    let ran = style().resolve(vec![token(), completed(&json!(true))]);
    assert_eq!(ran.verdict(), Match);
    assert_eq!(
        (ran.request(1).method.as_str(), ran.request(1).url.as_str()),
        ("PATCH", "https://agg.example/checks/chk-1")
    );
    assert_eq!(ran.request(1).headers["content-type"], "application/json-patch+json");
    assert_eq!(ran.body(1), json!([{ "op": "add", "path": "/code", "value": "CODE" }]));
}

#[test]
fn every_refusal_of_a_new_check_has_its_verdict() {
    let mut rows = transport();
    rows.extend([
        (refusal(400, "mno_not_supported"), NetworkUnsupported),
        (refusal(409, "ip_msisdn_mismatch"), IpNumberNetworkMismatch),
        (refusal(412, "not_mobile_ip"), NotMobileNetwork),
        (refusal(501, "mno_redirect_unsupported"), NetworkUnsupported),
        (http(409, &json!({})), IpNumberNetworkMismatch),
        (http(412, &json!({})), NotMobileNetwork),
        (http(501, &json!({})), NetworkUnsupported),
        (refusal(400, "bad_request"), ConfigError),
        (http(422, &json!({})), ConfigError),
        (http(200, &created("chk-1", "https://agg.example/c")), OperatorError),
        (http(201, &json!({ "check_id": "chk-1" })), OperatorError),
        (text(201, "not json"), OperatorError),
    ]);
    for id in ["", "../x", "a/b", "a b", "é", "a?b", &"x".repeat(129)] {
        rows.push((http(201, &created(id, "https://agg.example/c")), OperatorError));
    }
    for (answer, verdict) in rows {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().plan(vec![token(), answer]).verdict(), verdict, "{shown}");
    }
    for (answer, verdict) in transport() {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().plan(vec![answer]).verdict(), verdict, "token: {shown}");
    }
    assert_eq!(style().plan(vec![http(401, &json!({ "error": "invalid_client" }))]).verdict(), ConfigError);
}

#[test]
fn what_the_handset_brings_is_judged_before_anybody_is_asked() {
    let rows: [(&[(&str, &str)], Verdict); 13] = [
        (&[("code", "CODE")], ProtocolViolation),
        (&[("check_id", "chk-2"), ("code", "CODE")], ProtocolViolation),
        (&[("check_id", "chk-1")], ProtocolViolation),
        (&[("check_id", "chk-1"), ("code", "")], ProtocolViolation),
        (&[("check_id", "chk-2"), ("error", "mno_timeout")], ProtocolViolation),
        (&[("check_id", "chk-1"), ("error", "not_mobile_ip")], NotMobileNetwork),
        (&[("check_id", "chk-1"), ("error", "mno_timeout")], OperatorTimeout),
        (&[("check_id", "chk-1"), ("error", "mno_user_not_found")], SubscriberUnknown),
        (&[("check_id", "chk-1"), ("error", "mno_not_supported")], NetworkUnsupported),
        (&[("check_id", "chk-1"), ("error", "ip_msisdn_mismatch")], IpNumberNetworkMismatch),
        (&[("check_id", "chk-1"), ("error", "ip_mismatch")], IpNumberNetworkMismatch),
        (&[("check_id", "chk-1"), ("error", "mno_server_error")], OperatorError),
        (&[("check_id", "chk-1"), ("error", "something_new"), ("code", "CODE")], OperatorError),
    ];
    for (pairs, verdict) in rows {
        let mut pairs = pairs.to_vec();
        pairs.push(("state", "STATE"));
        assert_eq!(run(&TRU, &callback(&pairs), &style().planned(), nobody).verdict(), verdict, "{pairs:?}");
    }
}

#[test]
fn only_a_completed_check_says_match_or_mismatch() {
    let status = |status: &str, more: Value| {
        let mut body = json!({ "status": status });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        http(200, &body)
    };
    let failed = |code: &str| status("ERROR", json!({ "error_code": code, "match": true }));
    let mut rows = transport();
    rows.extend([
        (completed(&json!(true)), Match),
        (completed(&json!("true")), Match),
        (completed(&json!(false)), Mismatch),
        (completed(&json!("false")), Mismatch),
        (completed(&json!(1)), OperatorError),
        (completed(&Value::Null), OperatorError),
        (status("COMPLETED", json!({ "match": true })), Match),
        (status("COMPLETED", json!({ "match": true, "check_id": "chk-2" })), ProtocolViolation),
        (status("EXPIRED", json!({ "match": true })), Expired),
        (status("completed", json!({ "match": true })), OperatorError),
        (failed("not_mobile_ip"), NotMobileNetwork),
        (failed("mno_not_supported"), NetworkUnsupported),
        (failed("mno_timeout"), OperatorTimeout),
        (failed("mno_user_not_found"), SubscriberUnknown),
        (failed("mno_response_error"), OperatorError),
        (failed("mno_no_data_available"), OperatorError),
        (failed("ip_mismatch"), IpNumberNetworkMismatch),
        (failed(""), OperatorError),
        (refusal(400, "bad_request"), ProtocolViolation),
        (refusal(404, "not_found"), Expired),
        (refusal(409, "conflict"), Replayed),
    ]);
    for (answer, verdict) in rows {
        let shown = serde_json::to_string(&answer).unwrap();
        assert_eq!(style().resolve(vec![token(), answer]).verdict(), verdict, "{shown}");
    }
}

#[test]
fn a_pending_check_is_read_again_as_often_as_a_step_may() {
    let pending = || http(200, &json!({ "check_id": "chk-1", "status": "PENDING" }));
    let ran = style().resolve(vec![token(), pending(), pending(), completed(&json!(true))]);
    assert_eq!(ran.verdict(), Match);
    assert_eq!((ran.request(2).method.as_str(), ran.request(2).body.as_str()), ("GET", ""));
    assert_eq!(ran.request(2).headers["authorization"], "Bearer SECRET");
    let ran = style().resolve(vec![token(), pending()]);
    assert_eq!((ran.verdict(), ran.journal.len()), (OperatorTimeout, 6));
}

#[test]
fn a_ttl_of_the_aggregators_is_kept_to() {
    let mut body = created("chk-1", "https://agg.example/c");
    for (ttl, alive) in [(json!(10), false), (json!(60), true), (Value::Null, true), (json!(u64::MAX), true)] {
        body["ttl"] = ttl.clone();
        let kept = style().plan(vec![token(), http(201, &body)]).kept();
        let later = sna_adapter::Context { kept, now: crate::bench::NOW + 30, ..style().context() };
        let proof: Operation = (style().proof)();
        let ran = run(&TRU, &proof, &later, in_turn(vec![token(), completed(&json!(true))]));
        assert_eq!(ran.verdict(), if alive { Match } else { Expired }, "{ttl}");
    }
}
