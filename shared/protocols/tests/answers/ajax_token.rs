//! China Mobile's H5 style: what the handset is told, what its answer may be, and what `tokenValidate` says.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Operation, Outcome, Reply, Unreachable, Verdict::*};
use sna_protocols::AjaxToken;

use crate::bench::{End, Malformed, Step, context, http, put, text, transport, unreachable};

static ADAPTER: AjaxToken = AjaxToken { calling_code: "86", clock: 8 };

fn plan() -> Step {
    let config = json!({
        "app_id": "300011580392",
        "device_endpoint": "https://device.example/h5/getMobile",
        "verify_endpoint": "https://op.example/tokenValidate",
    });
    let answers = vec![Answer::Mac { hex: "aa".repeat(32) }];
    Step { adapter: &ADAPTER, operation: Operation::Plan, context: context("+8613800138000", config), answers }
}

fn device_id() -> String {
    let Reply::Done { outcome: Outcome::Authorize(authorize), .. } = plan().drive().1 else { panic!("authorize") };
    authorize.parameters["msgId"].clone()
}

fn payload() -> Value {
    json!({
        "header": { "appId": "300011580392", "msgId": device_id(), "timestamp": "20270115160000000" },
        "body": { "resultCode": "103000", "resultDesc": "", "expandParams": "", "token": "H5HTTPS4187AE97" },
    })
}

/// tokenValidate says yes, to the request that it got.
pub fn good() -> Step {
    let mut step = validate(payload());
    step.answers[2] = text(500, "");
    let asks = step.asks();
    let Some(Ask::Http(request)) = asks.last() else { panic!("tokenValidate") };
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    step.with(2, says(&asked["header"]["msgId"], "000"))
}

fn validate(payload: Value) -> Step {
    Step { operation: Operation::Validate { payload }, answers: vec![mac(), mac(), text(200, "")], ..plan() }
}

fn mac() -> Answer {
    Answer::Mac { hex: "ab".repeat(32) }
}

fn says(id: &Value, code: &str) -> Answer {
    http(200, &json!({ "header": { "msgId": id, "resultCode": code }, "body": { "resultDesc": "" } }))
}

fn id_of(step: &Step) -> Value {
    let Answer::Http(response) = &step.answers[2] else { panic!("an answer") };
    serde_json::from_str::<Value>(&response.body).unwrap()["header"]["msgId"].clone()
}

#[test]
fn the_handset_is_told_what_china_mobile_documents() {
    let (journal, reply) = plan().drive();
    let Reply::Done { outcome: Outcome::Authorize(authorize), kept } = reply else { panic!("authorize") };
    assert_eq!((authorize.uri.as_deref(), kept.as_str()), (Some("https://device.example/h5/getMobile"), ""));
    assert_eq!(authorize.headers["Content-Type"], "application/json");
    let names: Vec<&str> = authorize.parameters.keys().map(String::as_str).collect();
    let documented = ["appId", "businessType", "expandParams", "msgId", "sign", "timestamp", "traceId", "version"];
    assert_eq!(names, documented);
    // 1 800 000 000 is 2027-01-15 08:00:00 UTC, and 16:00:00 in Beijing.
    assert_eq!(authorize.parameters["timestamp"], "20270115160000000");
    let all = serde_json::to_string(&authorize).unwrap();
    assert!(!all.contains("NONCE") && !all.contains("13800138000"), "{all}");
    let id = &authorize.parameters["msgId"];
    assert!(id.len() == 32 && *id == authorize.parameters["traceId"]);
    let signed = format!("3000115803923{id}20270115160000000{id}1.0");
    assert!(matches!(&journal[0].ask, Ask::Mac { text } if *text == signed));
}

#[test]
fn token_validate_gets_the_session_s_number_hashed_and_signed_as_documented() {
    let asks = good().asks();
    let [Ask::Digest { before, after }, Ask::Mac { text }, Ask::Http(request)] = &asks[..] else {
        panic!("three asks")
    };
    assert_eq!((before.as_str(), after.as_str()), ("13800138000", "20270115160000000"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["body"]["phoneNum"], "AB".repeat(32));
    assert_eq!(body["body"]["sign"], "AB".repeat(32));
    assert_eq!(body["body"]["token"], "H5HTTPS4187AE97");
    let id = body["header"]["msgId"].as_str().unwrap();
    assert_ne!(id, device_id(), "two requests, two ids");
    let phone = "AB".repeat(32);
    assert_eq!(*text, format!("300011580392{id}{phone}20270115160000000H5HTTPS4187AE971.0"));
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://op.example/tokenValidate"));
}

#[test]
fn token_validate_s_code_is_the_verdict() {
    let good = good();
    let id = id_of(&good);
    for (code, verdict) in [
        ("000", Match),
        ("001", Mismatch),
        ("002", NotMobileNetwork),
        ("003", Expired),
        ("606", Expired),
        ("004", ConfigError),
        ("102", ConfigError),
        ("124", ConfigError),
        ("302", ConfigError),
        ("303", ConfigError),
        ("102315", OperatorRateLimited),
        ("999", OperatorError),
        ("0", OperatorError),
        ("0000", OperatorError),
        ("", OperatorError),
    ] {
        assert_eq!(good.with(2, says(&id, code)).verdict(), verdict, "{code}");
    }
    for (answer, verdict) in transport() {
        assert_eq!(good.with(2, answer).verdict(), verdict);
    }
    assert_eq!(good.with(2, says(&json!("another"), "000")).verdict(), ProtocolViolation);
    for wrong in [json!(0), json!(true), json!(null), json!(["000"])] {
        let body = json!({ "header": { "msgId": id, "resultCode": wrong } });
        assert_eq!(good.with(2, http(200, &body)).verdict(), OperatorError, "{wrong}");
    }
    for at in [0, 1] {
        assert_eq!(good.with(at, unreachable(Unreachable::Forbidden)).verdict(), ConfigError);
    }
}

#[test]
fn what_the_handset_got_is_judged_before_the_operator_is_asked() {
    let code = |code: &str| put(payload(), "/body/resultCode", json!(code));
    for (payload, end) in [
        (json!(null), Malformed),
        (json!({}), Malformed),
        (json!({ "session_id": "x" }), Malformed),
        (json!("H5HTTPS4187AE97"), Malformed),
        (json!([payload()]), Malformed),
        (put(payload(), "/body/token", json!(null)), Malformed),
        (put(payload(), "/body/token", json!("")), Malformed),
        (put(payload(), "/body/token", json!(7)), Malformed),
        (put(payload(), "/body/resultCode", json!(null)), Malformed),
        (put(payload(), "/body/resultCode", json!(103_000)), Malformed),
        (put(payload(), "/header", json!(null)), Malformed),
        (put(payload(), "/header/msgId", json!("another")), End::Verdict(ProtocolViolation)),
        (put(code("103111"), "/header/msgId", json!("another")), End::Verdict(ProtocolViolation)),
        (code("103111"), End::Verdict(NotMobileNetwork)),
        (code("102103"), End::Verdict(NotMobileNetwork)),
        (code("105002"), End::Verdict(NotMobileNetwork)),
        (code("103101"), End::Verdict(ConfigError)),
        (code("103119"), End::Verdict(ConfigError)),
        (code("105019"), End::Verdict(ConfigError)),
        (code("103911"), End::Verdict(OperatorRateLimited)),
        (code("200023"), End::Verdict(OperatorTimeout)),
        (code("103211"), End::Verdict(OperatorError)),
        (code("000"), End::Verdict(OperatorError)),
        (code(""), End::Verdict(OperatorError)),
    ] {
        let step = Step { operation: Operation::Validate { payload: payload.clone() }, ..good() };
        assert_eq!(step.end(), end, "{payload}");
        assert!(step.asks().is_empty(), "{payload}");
    }
}

#[test]
fn text_that_holds_the_json_is_the_json_and_an_id_may_be_missing() {
    for payload in [json!(payload().to_string()), put(payload(), "/header/msgId", json!(null))] {
        let step = Step { operation: Operation::Validate { payload }, ..good() };
        assert_eq!(step.verdict(), Match);
    }
}

#[test]
fn a_number_of_another_country_is_not_asked_for() {
    let mut step = good();
    step.context.msisdn = "+447700900620".into();
    assert_eq!(step.verdict(), NetworkUnsupported);
}

proptest! {
    #[test]
    fn a_match_is_always_a_200_that_says_000(status in prop_oneof![Just(200u16), any::<u16>()], code in "[01]{0,4}") {
        let good = good();
        let body = json!({ "header": { "msgId": id_of(&good), "resultCode": code } });
        if good.with(2, http(status, &body)).verdict() == Match {
            prop_assert_eq!((status, code.as_str()), (200, "000"));
        }
    }

    #[test]
    fn garbage_is_malformed_and_asks_nobody(text in ".{0,60}") {
        for payload in [json!(text), json!({ "body": text }), json!({ "header": {}, "body": { "token": text } })] {
            let step = Step { operation: Operation::Validate { payload }, ..good() };
            prop_assert_eq!(step.end(), Malformed);
        }
    }
}
