//! The phone's credential: every claim that does not fit ends the attempt before a token is read or exchanged.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Operation, Verdict::*};

use crate::bench::{End, Malformed, NOW, Step, put};
use crate::ts43::{binding, claims, good, hash, issued, payload_of, validate};

fn credential() -> String {
    format!("{}~{}", issued(), binding())
}

fn presenting(payload: Value) -> Step {
    Step { operation: Operation::Validate { payload }, ..good() }
}

#[test]
fn an_answer_that_is_none_is_malformed_and_one_that_declines_is_not() {
    let error = |name: &str| json!({ "error": name });
    let credential = credential();
    let two = json!({ "vp_token": { "gateway": [&credential, &credential] } });
    for (payload, end) in [
        (json!(null), Malformed),
        (json!({}), Malformed),
        (json!("x"), Malformed),
        (json!({ "session_id": "x" }), Malformed),
        (json!({ "vp_token": credential }), Malformed),
        (json!({ "vp_token": { "other": [credential] } }), Malformed),
        (json!({ "vp_token": { "gateway": [] } }), Malformed),
        (two, Malformed),
        (payload_of(""), Malformed),
        (payload_of(&issued()), Malformed),
        (payload_of(&format!("{}~", issued())), Malformed),
        (payload_of(&format!("~{}", binding())), Malformed),
        (payload_of(&format!("a.b.c~{}", "a.b")), Malformed),
        (payload_of(&format!("{}~a.b.ü", issued())), Malformed),
        (json!({ "error": 7 }), Malformed),
        (error("NotAllowedError"), End::Verdict(UserDenied)),
        (error("GetCredentialCancellationException"), End::Verdict(UserDenied)),
        (error("NoCredentialException"), End::Verdict(NetworkUnsupported)),
        (error("carrier_not_supported"), End::Verdict(NetworkUnsupported)),
        (error("CERTIFICATION_FINGER_PRINT_MISMATCHED"), End::Verdict(ConfigError)),
        (error("DataError"), End::Verdict(OperatorError)),
        // A JWT of another type, whoever signed it.
        (payload_of(&format!("{}~{}", binding(), binding())), End::Verdict(ProtocolViolation)),
        (payload_of(&format!("{}~{}", issued(), issued())), End::Verdict(ProtocolViolation)),
    ] {
        let step = presenting(payload.clone());
        assert_eq!(step.end(), end, "{payload}");
        assert!(step.asks().is_empty(), "{payload}");
    }
}

#[test]
fn the_answer_may_be_text_and_inside_of_the_api_s_data() {
    let answer = payload_of(&credential());
    for payload in [
        json!(answer.to_string()),
        json!({ "protocol": "openid4vp-v1-unsigned", "data": answer }),
        json!({ "vp_token": { "gateway": credential() } }),
    ] {
        assert_eq!(presenting(payload).verdict(), Match);
    }
}

#[test]
fn a_disclosure_is_covered_by_the_hash() {
    let (issued_claims, binding_claims) = claims();
    let with = format!("{}~disclosure~", issued());
    let payload = payload_of(&format!("{with}{}", binding()));
    let bound = put(binding_claims.clone(), "/sd_hash", json!(hash(&with)));
    assert_eq!(validate(payload.clone(), issued_claims.clone(), bound).verdict(), Match);
    assert_eq!(validate(payload, issued_claims, binding_claims).verdict(), ProtocolViolation);
}

#[test]
fn the_operator_s_claims() {
    for (pointer, value, verdict) in [
        ("/iss", json!("https://evil.example"), ProtocolViolation),
        ("/iss", json!(null), ProtocolViolation),
        ("/vct", json!("number-verification/device-phone-number/ts43"), ProtocolViolation),
        ("/vct", json!(null), ProtocolViolation),
        ("/cnf", json!(null), ProtocolViolation),
        ("/exp", json!(null), ProtocolViolation),
        ("/exp", json!("never"), ProtocolViolation),
        ("/exp", json!(NOW - 60), Expired),
        ("/exp", json!(NOW - 59), Match),
    ] {
        let (issued_claims, binding_claims) = claims();
        let step = validate(payload_of(&credential()), put(issued_claims, pointer, value.clone()), binding_claims);
        assert_eq!(step.verdict(), verdict, "{pointer} {value}");
        assert_eq!(step.asks().len(), if verdict == Match { 6 } else { 1 }, "{pointer}: the phone's key is not used");
    }
}

#[test]
fn the_phone_s_claims() {
    for (pointer, value, verdict) in [
        ("/nonce", json!("OTHER"), ProtocolViolation),
        ("/nonce", json!(null), ProtocolViolation),
        ("/aud", json!("web-origin:https://evil.example"), ProtocolViolation),
        ("/aud", json!(["web-origin:https://shop.example"]), ProtocolViolation),
        ("/aud", json!(null), ProtocolViolation),
        ("/sd_hash", json!(hash(&issued())), ProtocolViolation),
        ("/sd_hash", json!(null), ProtocolViolation),
        ("/encrypted_credential", json!(null), ProtocolViolation),
        ("/consent_data_hash", json!(hash("another text")), ProtocolViolation),
        ("/iat", json!(null), ProtocolViolation),
        ("/iat", json!(NOW + 61), ProtocolViolation),
        ("/iat", json!(NOW + 60), Match),
        ("/iat", json!(NOW - 299), Match),
        ("/iat", json!(NOW - 300), Expired),
        ("/carrier_hint", json!("51011"), IpNumberNetworkMismatch),
        ("/carrier_hint", json!(null), Match),
    ] {
        let (issued_claims, binding_claims) = claims();
        let step = validate(payload_of(&credential()), issued_claims, put(binding_claims, pointer, value.clone()));
        assert_eq!(step.verdict(), verdict, "{pointer} {value}");
        assert_eq!(step.asks().len(), if verdict == Match { 6 } else { 2 }, "{pointer}: nothing is decrypted");
    }
}

proptest! {
    #[test]
    fn garbage_is_malformed_or_no_match_and_asks_nobody(text in "[a-zA-Z0-9._~-]{0,40}") {
        let step = presenting(payload_of(&text));
        prop_assert_ne!(step.end(), End::Verdict(Match));
        prop_assert!(step.asks().is_empty());
    }

    #[test]
    fn one_other_character_in_the_credential_never_matches(at in any::<prop::sample::Index>(), other in "[a-zA-Z0-9._~-]") {
        let text = credential();
        let at = at.index(text.len());
        let flipped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        // The host's check of the signature is a value here, and so is the phone's JWT to it.
        let in_issued = at <= issued().len();
        if flipped != text && in_issued {
            prop_assert_ne!(presenting(payload_of(&flipped)).end(), End::Verdict(Match));
        }
    }
}
