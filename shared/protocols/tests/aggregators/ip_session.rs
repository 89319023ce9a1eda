//! IPification and tyntec: coverage, the number on its way, and what userinfo says of it.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Auth, Context, Key, Operation, Outcome, Reply, Verdict, Verdict::*};
use sna_protocols::{ClientAuth, IpSession, LoginHint};
use url::Url;

use crate::bench::{DIGITS, NUMBER, Ran, arrive, callback, http, in_turn, nobody, run, text, transport};

pub static IPIFICATION: IpSession = IpSession {
    scope: "openid ip:phone_verify",
    client_auth: ClientAuth::Post,
    login_hint: LoginHint::Signed,
    coverage: true,
};
pub static TYNTEC: IpSession = IpSession {
    scope: "openid tt:phone_verify",
    client_auth: ClientAuth::Basic,
    login_hint: LoginHint::Plain,
    coverage: false,
};
const GOOD: [(&str, &str); 2] = [("state", "STATE"), ("code", "CODE")];

pub fn context() -> Context {
    crate::bench::context(json!({
        "issuer": "https://op.example",
        "authorization_endpoint": "https://op.example/auth",
        "token_endpoint": "https://op.example/token",
        "resource_endpoint": "https://op.example/userinfo",
        "coverage_endpoint": "https://op.example/coverage",
        "client_id": "client",
    }))
}

fn token() -> Answer {
    http(200, &json!({ "access_token": "A+T", "token_type": "bearer" }))
}

fn said(over: &Value) -> Value {
    let mut body = json!({ "sub": "PCR", "login_hint": DIGITS, "phone_number_verified": "true" });
    for (name, value) in over.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    body
}

fn userinfo(answer: Answer) -> Ran {
    run(&IPIFICATION, &callback(&GOOD), &context(), in_turn(vec![token(), answer]))
}

fn value(uri: &str, name: &str) -> Option<String> {
    Url::parse(uri).unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[test]
fn coverage_is_asked_by_address_and_number_and_only_where_it_is_a_setting() {
    assert!(run(&TYNTEC, &Operation::Plan, &context(), nobody).journal.is_empty());
    let yes = run(&IPIFICATION, &Operation::Plan, &context(), |_| http(200, &json!({ "available": true })));
    assert!(matches!(&yes.reply, Reply::Done { outcome: Outcome::Authorize(found), .. } if found.uri.is_none()));
    assert_eq!(yes.journal.len(), 1);
    assert_eq!(yes.request(0).method, "GET");
    assert_eq!(yes.request(0).url, format!("https://op.example/coverage/198.18.0.7?client_id=client&phone={DIGITS}"));
    for (answer, verdict) in [
        (json!({ "available": false }), NetworkUnsupported),
        (json!({ "available": "false", "operator_code": "40584" }), NetworkUnsupported),
        (json!({ "available": "perhaps" }), OperatorError),
        (json!({}), OperatorError),
    ] {
        let ran = run(&IPIFICATION, &Operation::Plan, &context(), |_| http(200, &answer));
        assert_eq!(ran.verdict(), verdict, "{answer}");
    }
    for (answer, verdict) in transport() {
        let shown = serde_json::to_string(&answer).unwrap();
        let ran = run(&IPIFICATION, &Operation::Plan, &context(), in_turn(vec![answer]));
        assert_eq!(ran.verdict(), verdict, "{shown}");
    }
}

#[test]
fn the_number_travels_plain_and_without_its_plus_or_under_our_signature() {
    let plain = run(&TYNTEC, &arrive(), &context(), nobody);
    let uri = plain.redirect();
    assert_eq!(value(uri, "login_hint").as_deref(), Some(DIGITS));
    assert_eq!(value(uri, "scope").as_deref(), Some("openid tt:phone_verify"));
    assert_eq!((value(uri, "state").as_deref(), value(uri, "nonce").as_deref()), (Some("STATE"), Some("NONCE")));
    assert_eq!(value(uri, "request"), None);

    let signed = run(&IPIFICATION, &arrive(), &context(), |ask| match ask {
        Ask::Sign { claims, key: Key::ClientSecret, typ: Some(typ), .. } => {
            assert_eq!((typ.as_str(), &claims["login_hint"]), ("oauth-authz-req+jwt", &json!(DIGITS)));
            assert_eq!((&claims["iss"], &claims["aud"]), (&json!("client"), &json!("https://op.example/auth")));
            assert_eq!((&claims["state"], &claims["nonce"]), (&json!("STATE"), &json!("NONCE")));
            Answer::Signed { jwt: "J.W.T".into() }
        }
        _ => panic!("a signature is asked for, and nothing else"),
    });
    let uri = signed.redirect();
    assert_eq!(value(uri, "request").as_deref(), Some("J.W.T"));
    assert_eq!(value(uri, "login_hint"), None);
    assert!(!uri.contains(DIGITS), "{uri}");
    let no_key = |_: &Ask| Answer::Unreachable { reason: sna_adapter::Unreachable::Forbidden };
    assert_eq!(run(&IPIFICATION, &arrive(), &context(), no_key).verdict(), ConfigError);
}

#[test]
fn the_code_and_the_token_go_where_each_deployment_wants_them() {
    let ran = userinfo(http(200, &said(&json!({}))));
    assert_eq!(ran.verdict(), Match);
    assert_eq!(ran.request(0).auth, Auth::ClientSecretPost { client_id: "client".into() });
    assert!(ran.request(0).body.contains("grant_type=authorization_code&code=CODE&"));
    assert_eq!(ran.request(1).method, "POST");
    assert_eq!(ran.request(1).body, "access_token=A%2BT");
    assert!(ran.journal.iter().enumerate().all(|(at, _)| ran.request(at).api_key_header.is_none()));

    let mut tyntec = context();
    tyntec.config["api_key_header"] = "apiKey".into();
    let answers = vec![token(), http(200, &said(&json!({ "phone_number_verified": true })))];
    let ran = run(&TYNTEC, &callback(&GOOD), &tyntec, in_turn(answers));
    assert_eq!(ran.verdict(), Match);
    assert_eq!(ran.request(0).auth, Auth::ClientSecretBasic { client_id: "client".into() });
    for at in 0..2 {
        assert_eq!(ran.request(at).api_key_header.as_deref(), Some("apiKey"));
    }
}

#[test]
fn userinfo_alone_says_match_or_mismatch_and_only_of_the_sessions_number() {
    for (over, verdict) in [
        (json!({ "phone_number_verified": true }), Match),
        (json!({ "login_hint": NUMBER }), Match),
        (json!({ "phone_number_verified": "false" }), Mismatch),
        (json!({ "phone_number_verified": false }), Mismatch),
        (json!({ "phone_number_verified": "TRUE" }), OperatorError),
        (json!({ "phone_number_verified": 1 }), OperatorError),
        (json!({ "phone_number_verified": null }), OperatorError),
        (json!({ "sub": null }), OperatorError),
        (json!({ "sub": "anonymous" }), NotMobileNetwork),
        (json!({ "sub": "anonymous", "phone_number_verified": "false" }), NotMobileNetwork),
        (json!({ "sub": "anonymous", "phone_number_verified": null, "login_hint": null }), NotMobileNetwork),
        (json!({ "login_hint": null }), ProtocolViolation),
        (json!({ "login_hint": "" }), ProtocolViolation),
        (json!({ "login_hint": "12065550121" }), ProtocolViolation),
        (json!({ "login_hint": "2065550120" }), ProtocolViolation),
        (json!({ "login_hint": "++12065550120" }), ProtocolViolation),
        (json!({ "login_hint": "12065550121", "phone_number_verified": "false" }), ProtocolViolation),
    ] {
        assert_eq!(userinfo(http(200, &said(&over))).verdict(), verdict, "{over}");
    }
    for body in ["", "{}", "true", "<html></html>", r#"{"sub":"PCR","login_hint":"12065550120""#] {
        assert_eq!(userinfo(text(200, body)).verdict(), OperatorError, "{body}");
    }
}

#[test]
fn a_refusal_is_never_a_mismatch() {
    for (answer, verdict) in transport() {
        let shown = serde_json::to_string(&answer).unwrap();
        let at_token = run(&IPIFICATION, &callback(&GOOD), &context(), in_turn(vec![answer.clone()]));
        assert_eq!(at_token.verdict(), verdict, "token: {shown}");
        assert_eq!(userinfo(answer).verdict(), verdict, "userinfo: {shown}");
    }
    let used = http(400, &json!({ "error": "invalid_grant" }));
    assert_eq!(run(&IPIFICATION, &callback(&GOOD), &context(), in_turn(vec![used])).verdict(), ConfigError);
}

#[test]
fn what_comes_back_from_authorize_is_judged_before_anybody_is_asked() {
    let rows: [(&[(&str, &str)], Verdict); 15] = [
        (&[("code", "CODE")], ProtocolViolation),
        (&[("state", "OTHER"), ("code", "CODE")], ProtocolViolation),
        (&[("state", "OTHER"), ("error", "access_denied")], ProtocolViolation),
        (&[("state", "STATE")], ProtocolViolation),
        (&[("state", "STATE"), ("code", "")], ProtocolViolation),
        (&[("state", "STATE"), ("code", "CODE"), ("iss", "https://evil.example")], ProtocolViolation),
        (&[("state", "STATE"), ("error", "access_denied")], NotMobileNetwork),
        (&[("state", "STATE"), ("error", "interaction_required")], NotMobileNetwork),
        (&[("state", "STATE"), ("error", "access_denied"), ("error_description", "Unknown user")], SubscriberUnknown),
        (&[("state", "STATE"), ("error", "invalid_client_id_request")], ConfigError),
        (&[("state", "STATE"), ("error", "unsupported_scope")], ConfigError),
        (&[("state", "STATE"), ("error", "something_new")], OperatorError),
        (&[("state", "STATE"), ("error", "invalid_scope")], ConfigError),
        (&[("state", "STATE"), ("error", "server_error")], OperatorError),
        (&[("state", "STATE"), ("error", "consent_required")], ConsentRequired),
    ];
    for (pairs, verdict) in rows {
        assert_eq!(run(&IPIFICATION, &callback(pairs), &context(), nobody).verdict(), verdict, "{pairs:?}");
    }
}

/// As an operator does: one code, one token, and an answer to who has both.
fn strict(ask: &Ask) -> Answer {
    match ask {
        Ask::Http(request) if request.url.ends_with("/token") => match request.body.contains("&code=CODE&") {
            true => token(),
            false => http(400, &json!({ "error": "invalid_grant" })),
        },
        Ask::Http(request) if request.body == "access_token=A%2BT" => http(200, &said(&json!({}))),
        _ => http(401, &json!({ "error": "invalid_token" })),
    }
}

proptest! {
    #[test]
    fn a_flipped_bit_of_what_the_handset_brings_is_no_match(field in 0usize..2, at in 0usize..5, bit in 0u8..7) {
        prop_assert!(run(&IPIFICATION, &callback(&GOOD), &context(), strict).is_match());
        let (name, value) = GOOD[field];
        let mut bytes = value.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let flipped = String::from_utf8(bytes).unwrap();
        let pairs = GOOD.map(|pair| if pair.0 == name { (name, flipped.as_str()) } else { pair });
        prop_assert!(!run(&IPIFICATION, &callback(&pairs), &context(), strict).is_match());
    }

    #[test]
    fn a_match_is_a_200_that_says_true_of_our_number(
        status in prop_oneof![Just(200u16), any::<u16>()],
        sub in prop_oneof![Just("PCR"), Just("anonymous")],
        hint in prop_oneof![Just(DIGITS.to_owned()), Just(NUMBER.to_owned()), "\\+?[0-9]{5,15}"],
        flag in prop_oneof![Just(json!("true")), Just(json!(true)), Just(json!("false")), Just(json!(0))],
        noise in prop_oneof![Just(String::new()), ".{1,4}"],
    ) {
        let body = said(&json!({ "sub": sub, "login_hint": hint, "phone_number_verified": flag })).to_string() + &noise;
        if userinfo(text(status, &body)).is_match() {
            prop_assert_eq!(status, 200);
            prop_assert!(sub != "anonymous" && hint.trim_start_matches('+') == DIGITS);
            prop_assert!(flag == "true" || flag == true);
        }
    }
}
