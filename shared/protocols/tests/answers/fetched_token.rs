//! The plain style of ajax tokens: where the page is sent, what it may bring, and what the comparison says.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Auth, Operation, Outcome, Reply, Unreachable, Verdict::*};
use sna_protocols::FetchedToken;

use crate::bench::{End, Malformed, Step, context, http, text, transport, unreachable};

static ADAPTER: FetchedToken = FetchedToken { calling_code: "86", token: "code" };

fn step(operation: Operation, answer: Answer) -> Step {
    let config = json!({
        "app_id": "155", "portal_endpoint": "https://portal.example/api", "verify_endpoint": "https://op.example/verify",
    });
    let mut context = context("+8618600000020", config);
    context.client_ip = "123.125.40.20".into();
    Step { adapter: &ADAPTER, operation, context, answers: vec![answer] }
}

fn validate(payload: Value) -> Step {
    step(Operation::Validate { payload }, http(200, &json!({ "code": 9000 })))
}

pub fn good() -> Step {
    validate(json!({ "province": "1", "code": "7nHS1nggx2" }))
}

#[test]
fn the_portal_says_where_the_page_asks() {
    let gateway = http(200, &json!({ "authurl": "https://gateway.example/d9" }));
    let plan = step(Operation::Plan, gateway);
    let (journal, reply) = plan.drive();
    assert!(matches!(&journal[0].ask, Ask::Http(request) if request.url == "https://portal.example/api?appid=155"));
    let Reply::Done { outcome: Outcome::Authorize(authorize), .. } = reply else { panic!("authorize") };
    assert_eq!(authorize.uri.as_deref(), Some("https://gateway.example/d9/api"));
    assert_eq!(serde_json::to_value(&authorize.parameters).unwrap(), json!({ "appid": "155" }));
    for (answer, verdict) in transport() {
        assert_eq!(plan.with(0, answer).verdict(), verdict);
    }
    assert_eq!(plan.with(0, unreachable(Unreachable::Timeout)).verdict(), OperatorTimeout);
}

#[test]
fn the_token_is_compared_with_the_session_s_number() {
    let asks = good().asks();
    let [Ask::Http(request)] = &asks[..] else { panic!("one ask") };
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, json!({ "token": "7nHS1nggx2", "phone": "18600000020", "ip": "123.125.40.20" }));
    assert_eq!(request.auth, Auth::ClientSecretBasic { client_id: "155".into() });
    let mut abroad = good();
    abroad.context.msisdn = "+447700900620".into();
    assert_eq!(abroad.verdict(), NetworkUnsupported);
}

#[test]
fn the_code_is_the_verdict() {
    for (code, verdict) in [
        (json!(9000), Match),
        (json!("9000"), Match),
        (json!(9001), Mismatch),
        (json!(9002), OperatorError),
        (json!(9003), Expired),
        (json!(9004), ConfigError),
        (json!(9011), ConfigError),
        (json!(9007), OperatorRateLimited),
        (json!(9099), OperatorError),
        (json!(8000), OperatorError),
        (json!("09000"), OperatorError),
        (json!(9000.5), OperatorError),
        (json!(-9000), OperatorError),
        (json!(true), OperatorError),
        (json!(null), OperatorError),
    ] {
        assert_eq!(good().with(0, http(200, &json!({ "code": code }))).verdict(), verdict, "{code}");
    }
    for (answer, verdict) in transport() {
        assert_eq!(good().with(0, answer).verdict(), verdict);
    }
}

#[test]
fn what_the_handset_got_is_judged_before_the_operator_is_asked() {
    for (payload, end) in [
        (json!(null), Malformed),
        (json!({}), Malformed),
        (json!("7nHS1nggx2"), Malformed),
        (json!({ "session_id": "x" }), Malformed),
        (json!({ "code": 7 }), Malformed),
        (json!(["code"]), Malformed),
        (json!({ "province": "1", "code": "" }), End::Verdict(NotMobileNetwork)),
    ] {
        let step = validate(payload.clone());
        assert_eq!(step.end(), end, "{payload}");
        assert!(step.asks().is_empty(), "{payload}");
    }
    assert_eq!(validate(json!(r#"{"code":"7nHS1nggx2"}"#)).verdict(), Match, "as text");
}

proptest! {
    #[test]
    fn a_match_is_always_a_200_that_says_9000(status in prop_oneof![Just(200u16), any::<u16>()], code in 8998u32..9004) {
        if good().with(0, text(status, &format!("{{\"code\":{code}}}"))).verdict() == Match {
            prop_assert_eq!((status, code), (200, 9000));
        }
    }
}
