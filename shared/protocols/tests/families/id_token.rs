//! The id_token's claims (OIDC Core 3.1.3.7): each one wrong is a violation, whatever the resource says.

use serde_json::{Value, json};
use sna_adapter::{Answer, Unreachable, Verdict, Verdict::*};

use crate::bench::{FAMILIES, Family, NOW, Operator, claims, good, http, unreachable};

fn judge(family: &Family, over: &Value) -> Verdict {
    family.verdict(&good(), &Operator { verified: claims(over), ..family.operator() })
}

#[test]
fn claims_that_both_families_accept() {
    for over in [
        json!({}),
        json!({ "azp": null }),
        json!({ "aud": ["client"], "azp": null }),
        json!({ "aud": ["client", "other"] }),
        json!({ "exp": NOW - 59 }),
        json!({ "iat": NOW + 60 }),
        json!({ "auth_time": 1, "at_hash": "x", "more": { "a": [1] } }),
    ] {
        for family in &FAMILIES {
            assert_eq!(judge(family, &over), Match, "{}: {over}", family.name);
        }
    }
}

#[test]
fn claims_that_both_families_refuse() {
    for over in [
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": "https://op.example/" }),
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "sub": 7 }),
        json!({ "aud": "other" }),
        json!({ "aud": ["other"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "aud": ["client", "other"], "azp": null }),
        json!({ "aud": ["client", "other"], "azp": "other" }),
        json!({ "aud": "client", "azp": "other" }),
        json!({ "aud": ["client"], "azp": "other" }),
        json!({ "aud": "client,other" }),
        json!({ "nonce": "OTHER" }),
        json!({ "nonce": "" }),
        json!({ "nonce": null }),
        json!({ "exp": NOW - 60 }),
        json!({ "exp": 0 }),
        json!({ "exp": null }),
        json!({ "exp": "4000000000" }),
        json!({ "exp": -1 }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": u64::MAX }),
        json!({ "iat": null }),
    ] {
        for family in &FAMILIES {
            assert_eq!(judge(family, &over), ProtocolViolation, "{}: {over}", family.name);
        }
    }
    for family in &FAMILIES {
        for claims in [json!(null), json!("claims"), json!([])] {
            let operator = Operator { verified: Answer::Verified { claims }, ..family.operator() };
            assert_eq!(family.verdict(&good(), &operator), ProtocolViolation, "{}", family.name);
        }
    }
}

#[test]
fn mobile_connect_wants_the_level_and_the_method_that_it_asked_for() {
    let [mobile_connect, camara] = &FAMILIES;
    for (over, accepted) in [
        (json!({ "acr": "3" }), true),
        (json!({ "acr": "4" }), true),
        (json!({ "amr": ["OTHER", "SEAM_OK"] }), true),
        (json!({ "acr": "1" }), false),
        (json!({ "acr": "0" }), false),
        (json!({ "acr": "" }), false),
        (json!({ "acr": "9" }), false),
        (json!({ "acr": "10" }), false),
        (json!({ "acr": "unknown" }), false),
        (json!({ "acr": null }), false),
        (json!({ "acr": 2 }), false),
        (json!({ "amr": ["SMS_OK"] }), false),
        (json!({ "amr": [] }), false),
        (json!({ "amr": null }), false),
        (json!({ "amr": "SEAM_OK" }), false),
    ] {
        let verdict = if accepted { Match } else { ProtocolViolation };
        assert_eq!(judge(mobile_connect, &over), verdict, "{over}");
    }
    assert_eq!(judge(camara, &json!({ "acr": null, "amr": null })), Match, "CAMARA asks for neither");
}

#[test]
fn an_answer_about_another_subscriber_is_a_violation() {
    let family = &FAMILIES[0];
    assert_eq!(judge(family, &json!({ "sub": "OTHER" })), ProtocolViolation);
    let resource = http(200, &json!({ "sub": "OTHER", family.field: true }));
    assert_eq!(family.verdict(&good(), &Operator { resource, ..family.operator() }), ProtocolViolation);
    let nobody = http(200, &json!({ family.field: true }));
    assert_eq!(family.verdict(&good(), &Operator { resource: nobody, ..family.operator() }), OperatorError);
}

#[test]
fn a_signature_that_could_not_be_checked_ends_the_attempt() {
    for (verified, verdict) in [
        (Answer::Rejected, ProtocolViolation),
        (unreachable(Unreachable::Timeout), OperatorTimeout),
        (unreachable(Unreachable::Failed), OperatorError),
        (unreachable(Unreachable::TooLarge), OperatorError),
        (unreachable(Unreachable::Forbidden), ConfigError),
        (http(200, &json!({ "sub": "PCR" })), ConfigError),
        (Answer::Signed { jwt: "J.W.T".into() }, ConfigError),
    ] {
        for family in &FAMILIES {
            let operator = Operator { verified: verified.clone(), ..family.operator() };
            let (journal, found) = family.drive(&good(), &operator);
            assert_eq!(found, verdict, "{}", family.name);
            assert_eq!(journal.len(), 2, "{}: the number was not sent", family.name);
        }
    }
}
