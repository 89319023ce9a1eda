//! Every way a callback can go, and its verdict. A match needs the resource's own yes.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Unreachable, Verdict, Verdict::*};

use crate::bench::{FAMILIES, Operator, context, good, http, params, text, unreachable};

#[test]
fn the_resource_alone_says_match_or_mismatch() {
    for family in FAMILIES {
        for (answer, verdict) in [
            (json!(true), Match),
            (json!("true"), Match),
            (json!(false), Mismatch),
            (json!("false"), Mismatch),
            (json!("TRUE"), OperatorError),
            (json!("yes"), OperatorError),
            (json!(1), OperatorError),
            (json!(null), OperatorError),
            (json!([true]), OperatorError),
            (json!({ "value": true }), OperatorError),
        ] {
            let operator = Operator { resource: family.says(&answer), ..family.operator() };
            assert_eq!(family.verdict(&good(), &operator), verdict, "{} says {answer}", family.name);
        }
        let field = family.field;
        for body in [
            "{}".to_owned(),
            String::new(),
            "true".to_owned(),
            "<html></html>".to_owned(),
            format!(r#"{{"sub":"PCR","{field}":true"#),
            format!(r#"{{"sub":"PCR","{field}":false,"{field}":true}}"#),
            format!(r#"{{"sub":"PCR","{}":true}}"#, field.to_uppercase()),
        ] {
            let operator = Operator { resource: text(200, &body), ..family.operator() };
            assert_eq!(family.verdict(&good(), &operator), OperatorError, "{}: {body}", family.name);
        }
    }
}

#[test]
fn what_comes_back_from_authorize_is_judged_before_the_operator_is_asked() {
    let back = |pairs: &[(&str, &str)]| {
        let mut params = params(pairs);
        params.entry("state".into()).or_insert_with(|| "STATE".into());
        params
    };
    let denied = |text: &str| back(&[("error", "access_denied"), ("error_description", text)]);
    let error = |error: &str| back(&[("error", error)]);
    for (params, verdict) in [
        (back(&[]), ProtocolViolation),
        (back(&[("code", "")]), ProtocolViolation),
        (back(&[("state", "OTHER"), ("code", "CODE")]), ProtocolViolation),
        (back(&[("state", ""), ("code", "CODE")]), ProtocolViolation),
        (params(&[("code", "CODE")]), ProtocolViolation),
        (back(&[("state", "OTHER"), ("error", "access_denied")]), ProtocolViolation),
        (back(&[("iss", "https://evil.example"), ("code", "CODE")]), ProtocolViolation),
        (back(&[("iss", "https://op.example/"), ("code", "CODE")]), ProtocolViolation),
        (back(&[("iss", "https://evil.example"), ("error", "access_denied")]), ProtocolViolation),
        (back(&[("code", "CODE"), ("error", "access_denied")]), UserDenied),
        (error("access_denied"), UserDenied),
        (denied("Unknown user"), SubscriberUnknown),
        (denied("User is not recognized"), SubscriberUnknown),
        (denied("Mobile Connect User is not registered"), NetworkUnsupported),
        (denied("Unknown Mobile Connect User"), NetworkUnsupported),
        (denied("cannot deliver the scope for this MVNO "), NetworkUnsupported),
        (denied("The user is busy with another transaction"), OperatorError),
        (denied("The client is not allowed to make MC service requests"), ConfigError),
        (denied("not connected to the mobile network"), NotMobileNetwork),
        (error("login_required"), NotMobileNetwork),
        (error("interaction_required"), NotMobileNetwork),
        (error("consent_required"), ConsentRequired),
        (error("temporarily_unavailable"), OperatorError),
        (error("server_error"), OperatorError),
        (error("invalid_request"), ConfigError),
        (error("unauthorized_client"), ConfigError),
        (error("invalid_scope"), ConfigError),
        (error("unsupported_response_type"), ConfigError),
        (error("invalid_request_object"), ConfigError),
        (error("request_not_supported"), ConfigError),
        (error("request_uri_not_supported"), ConfigError),
        (error("account_selection_required"), NotMobileNetwork),
        (error("something_new"), OperatorError),
        (error(""), OperatorError),
    ] {
        for family in FAMILIES {
            let (journal, found) = family.drive(&params, &family.operator());
            assert_eq!(found, verdict, "{}: {params:?}", family.name);
            assert!(journal.is_empty(), "{}: nobody was asked", family.name);
        }
    }
}

#[test]
fn iss_must_be_there_where_the_operator_promises_it() {
    use sna_adapter::{Call, Operation, Reply, step};
    let mut context = context();
    context.config["iss_required"] = json!(true);
    for (iss, accepted) in [(None, false), (Some("https://op.example"), true), (Some("https://evil.example"), false)] {
        for family in FAMILIES {
            let mut params = params(&[("state", "STATE"), ("code", "CODE")]);
            params.extend(iss.map(|iss| ("iss".to_owned(), iss.to_owned())));
            let call = Call { operation: Operation::Callback { params }, context: context.clone(), journal: vec![] };
            match step(family.adapter, call) {
                Reply::Ask { .. } => assert!(accepted, "{}: {iss:?}", family.name),
                Reply::Failed { verdict, .. } => assert!(!accepted && verdict == ProtocolViolation, "{}", family.name),
                _ => panic!("{}: no verdict without the operator", family.name),
            }
        }
    }
}

/// Refusals that mean the same at every endpoint.
fn transport() -> Vec<(Answer, Verdict)> {
    vec![
        (http(408, &json!({})), OperatorTimeout),
        (http(504, &json!({ "code": "TIMEOUT" })), OperatorTimeout),
        (http(429, &json!({ "code": "TOO_MANY_REQUESTS" })), OperatorRateLimited),
        (http(500, &json!({ "code": "INTERNAL" })), OperatorError),
        (http(502, &json!({})), OperatorError),
        (text(503, "<html>maintenance</html>"), OperatorError),
        (http(302, &json!({})), OperatorError),
        (http(204, &json!({})), OperatorError),
        (text(200, "not json"), OperatorError),
        (unreachable(Unreachable::Timeout), OperatorTimeout),
        (unreachable(Unreachable::Failed), OperatorError),
        (unreachable(Unreachable::TooLarge), OperatorError),
        (unreachable(Unreachable::Forbidden), ConfigError),
        (Answer::Rejected, ConfigError),
        (Answer::Signed { jwt: "J.W.T".into() }, ConfigError),
    ]
}

fn refusal(status: u16, code: &str, text: &str) -> Answer {
    http(status, &json!({ "status": status, "code": code, "message": text }))
}

#[test]
fn a_token_endpoints_refusal_is_our_fault_or_the_operators() {
    let error = |status, error: &str, text: &str| http(status, &json!({ "error": error, "error_description": text }));
    let mut rows = transport();
    rows.extend([
        (error(400, "invalid_grant", "code expired"), ConfigError),
        (error(400, "invalid_grant", "No Consent given"), ConsentRequired),
        (error(400, "invalid_request", ""), ConfigError),
        (error(401, "invalid_client", ""), ConfigError),
        (error(403, "unauthorized_client", ""), ConfigError),
        (http(200, &json!({ "token_type": "bearer" })), OperatorError),
        (http(200, &json!({ "access_token": 7, "id_token": "J.W.T" })), OperatorError),
        (http(200, &json!({ "access_token": "AT" })), ProtocolViolation),
        (http(200, &json!({ "access_token": "AT", "id_token": null })), ProtocolViolation),
        (http(201, &json!({ "access_token": "AT", "id_token": "J.W.T" })), OperatorError),
    ]);
    for (token, verdict) in rows {
        for family in FAMILIES {
            let shown = serde_json::to_string(&token).unwrap();
            let operator = Operator { token: token.clone(), ..family.operator() };
            assert_eq!(family.verdict(&good(), &operator), verdict, "{}: {shown}", family.name);
        }
    }
}

#[test]
fn a_resources_refusal_is_never_a_mismatch() {
    let mut rows = transport();
    rows.extend([
        (refusal(400, "INVALID_ARGUMENT", ""), ConfigError),
        (refusal(401, "UNAUTHENTICATED", ""), ConfigError),
        (refusal(403, "PERMISSION_DENIED", ""), ConfigError),
        (refusal(403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK", ""), NotMobileNetwork),
        (refusal(403, "X", "The user is Not authenticated by Mobile Network"), NotMobileNetwork),
        (refusal(403, "INVALID_TOKEN_CONTEXT", ""), NotMobileNetwork),
        (refusal(404, "IDENTIFIER_NOT_FOUND", ""), SubscriberUnknown),
        (text(404, "<html>no such page</html>"), ConfigError),
        (refusal(403, "PERMISSION_DENIED", "The MSISDN does not match the user tied to the access token"), ConfigError),
        (refusal(409, "CONFLICT", ""), OperatorError),
        (refusal(422, "SERVICE_NOT_APPLICABLE", ""), NetworkUnsupported),
        (refusal(422, "MISSING_IDENTIFIER", ""), ConfigError),
        (text(403, "no json"), ConfigError),
        (
            http(500, &json!({ "devicePhoneNumberVerified": true, "device_msisdn_verified": true, "sub": "PCR" })),
            OperatorError,
        ),
        (
            http(201, &json!({ "devicePhoneNumberVerified": true, "device_msisdn_verified": true, "sub": "PCR" })),
            OperatorError,
        ),
    ]);
    for (resource, verdict) in rows {
        for family in FAMILIES {
            let shown = serde_json::to_string(&resource).unwrap();
            let operator = Operator { resource: resource.clone(), ..family.operator() };
            assert_eq!(family.verdict(&good(), &operator), verdict, "{}: {shown}", family.name);
        }
    }
}

/// A status and a body; what is an answer has no `Debug`.
pub fn any_answer() -> impl Strategy<Value = (u16, String)> {
    let status = prop_oneof![Just(200u16), any::<u16>()];
    let flag = prop_oneof![Just(json!(true)), Just(json!("true")), Just(json!(false)), Just(Value::Null)];
    let body = (flag, any::<bool>(), ".{0,8}").prop_map(|(flag, whole, noise)| {
        let body = json!({
            "access_token": "AT", "id_token": "J.W.T", "sub": if whole { "PCR" } else { &noise },
            "devicePhoneNumberVerified": flag, "device_msisdn_verified": flag,
        });
        if whole { body.to_string() } else { body.to_string() + &noise }
    });
    (status, body)
}

proptest! {
    #[test]
    fn a_match_is_always_a_200_that_says_true(token in any_answer(), resource in any_answer()) {
        for family in FAMILIES {
            let operator =
                Operator { token: text(token.0, &token.1), resource: text(resource.0, &resource.1), ..family.operator() };
            if family.verdict(&good(), &operator) == Match {
                let body: Value = serde_json::from_str(&resource.1).unwrap();
                prop_assert_eq!((token.0, resource.0), (200, 200));
                prop_assert!(body[family.field] == true || body[family.field] == "true");
            }
        }
    }
}
