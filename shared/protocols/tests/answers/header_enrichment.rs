//! Header enrichment: where the handset is sent, and what each header means.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Operation, Outcome, Reply, Unreachable, Verdict::*};
use sna_protocols::HeaderEnrichment;

use crate::bench::{NOW, Step, arrive, context, unreachable};

static ADAPTER: HeaderEnrichment = HeaderEnrichment { calling_code: "94" };
const NUMBER: &str = "+94771234520";

fn enriched(header: Option<&str>, text: &str) -> Step {
    Step {
        adapter: &ADAPTER,
        operation: Operation::Enriched { header: header.map(str::to_owned) },
        context: context(NUMBER, json!({})),
        answers: vec![Answer::Decrypted { text: text.into() }],
    }
}

fn holding(plain: &Value) -> Step {
    enriched(Some("J.W.E"), &plain.to_string())
}

pub fn good() -> Step {
    holding(&json!({ "msisdn": "94771234520", "iat": NOW }))
}

#[test]
fn the_handset_is_sent_over_the_plain_hop_with_the_state_alone() {
    let step = Step { operation: arrive(), ..good() };
    let Reply::Done { outcome: Outcome::Redirect { uri }, .. } = step.drive().1 else { panic!("a redirect") };
    assert_eq!(uri, "http://he.example/v1/enrich/op?state=STATE");
    let mut step = step;
    step.context.enrich_uri.clear();
    assert_eq!(step.verdict(), ConfigError);
}

#[test]
fn the_number_is_compared_in_every_form_that_an_operator_writes() {
    assert!(matches!(&good().asks()[..], [Ask::Decrypt { jwe }] if jwe == "J.W.E"));
    for (number, verdict) in [
        ("94771234520", Match),
        ("+94771234520", Match),
        ("0771234520", Match),
        ("94771234521", Mismatch),
        ("0771234521", Mismatch),
        ("771234520", Mismatch),
        ("+4477009006", Mismatch),
        ("", ProtocolViolation),
        ("+", ProtocolViolation),
        ("0", ProtocolViolation),
        ("00771234520", Mismatch),
        ("++94771234520", ProtocolViolation),
        ("+94 771234520", ProtocolViolation),
        (" 94771234520", ProtocolViolation),
        ("94771234520,94771234521", ProtocolViolation),
        ("9477123452034567890", ProtocolViolation),
        ("٩٤٧٧١٢٣٤٥٢٠", ProtocolViolation),
    ] {
        assert_eq!(holding(&json!({ "msisdn": number, "iat": NOW })).verdict(), verdict, "{number}");
    }
}

#[test]
fn a_header_is_good_for_a_minute() {
    for (iat, verdict) in [
        (NOW, Match),
        (NOW - 60, Match),
        (NOW + 60, Match),
        (NOW - 61, ProtocolViolation),
        (NOW + 61, ProtocolViolation),
        (0, ProtocolViolation),
        (u64::MAX, ProtocolViolation),
    ] {
        assert_eq!(holding(&json!({ "msisdn": "94771234520", "iat": iat })).verdict(), verdict, "{iat}");
    }
}

#[test]
fn no_header_is_no_mobile_network_and_a_bad_one_is_a_violation() {
    assert_eq!(enriched(None, "").verdict(), NotMobileNetwork);
    assert!(enriched(None, "").asks().is_empty());
    for text in ["", "94771234520", "{}", r#"{"msisdn":"94771234520"}"#, r#"{"msisdn":94771234520,"iat":1800000000}"#] {
        assert_eq!(enriched(Some("J.W.E"), text).verdict(), ProtocolViolation, "{text}");
    }
    assert_eq!(good().with(0, Answer::Rejected).verdict(), ProtocolViolation);
    assert_eq!(good().with(0, unreachable(Unreachable::Forbidden)).verdict(), ConfigError);
    assert_eq!(good().with(0, Answer::Signed { jwt: "x".into() }).verdict(), ConfigError);
}

proptest! {
    #[test]
    fn another_number_never_matches(number in "[+0]?[0-9]{0,16}") {
        let verdict = holding(&json!({ "msisdn": number, "iat": NOW })).verdict();
        let same = ["94771234520", "+94771234520", "0771234520"].contains(&number.as_str());
        prop_assert_eq!(verdict == Match, same);
    }
}
