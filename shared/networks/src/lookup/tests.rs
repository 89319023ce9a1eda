//! The lookup's configuration, what its answers mean, and that its faults stay inside.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use serde_json::json;

use super::{form::Pointers, *};

const NOW: u64 = 1_773_342_238_000;
const DIGITS: &str = "40721987086";

fn secret(name: &str) -> Option<String> {
    matches!(name, "LOOKUP_KEY" | "LOOKUP_SECRET").then(|| format!("{name}-value"))
}

fn parse(json: &serde_json::Value) -> Result<Lookups, String> {
    config::parse(&json.to_string(), &secret, Carriers::default())
}

fn api(url: &str, more: serde_json::Value) -> serde_json::Value {
    let mut source =
        json!({ "kind": "json", "url": url, "answer": { "number": "/msisdn", "mcc": "/mcc", "mnc": "/mnc" } });
    source.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    json!({ "source": source })
}

#[test]
fn each_kind_of_source_can_be_configured() {
    let (key, secret) = ("env:LOOKUP_KEY", "env:LOOKUP_SECRET");
    for source in [
        json!({ "kind": "velocity", "key": key, "secret": secret }),
        json!({ "kind": "verify", "key": key, "secret": secret }),
        json!({ "kind": "enum", "servers": ["192.0.2.1:53", "[2001:db8::1]:53"], "suffix": "e164.arpa" }),
    ] {
        let lookups = parse(&json!({ "source": source, "networks": { "4018720": "VODAFONE_RO" } })).unwrap();
        assert!(lookups.is_configured());
        assert_eq!(lookups.keep(), Keep { found: 86_400_000, unknown: 600_000 });
    }
    assert!(parse(&api("https://lookup.example/{number}?key={k}", json!({ "secrets": { "k": key } }))).is_ok());
    assert!(parse(&api("https://lookup.example/", json!({ "post": { "n": "{number}" } }))).is_ok());
}

#[test]
fn what_would_leak_or_lead_elsewhere_is_refused() {
    for url in [
        "http://lookup.example/{number}",
        "https://user:password@lookup.example/{number}",
        "https://{number}.lookup.example/",
        "https://lookup.example:{number}/",
        "https://127.0.0.1/{number}",
        "https://169.254.169.254/{number}",
        "https://lookup.example/",
        "file:///etc/{number}",
        "{number}",
    ] {
        assert!(parse(&api(url, json!({}))).is_err(), "{url}");
    }
    let good = "https://lookup.example/{number}";
    for more in [
        json!({ "secrets": { "k": "the key itself" } }),
        json!({ "secrets": { "k": "env:ABSENT" } }),
        json!({ "headers": { "X-Key": "a\nb" } }),
        json!({ "unheard_of": 1 }),
    ] {
        let told = parse(&api(good, more)).err().unwrap();
        assert!(!told.contains("the key itself"), "{told}");
    }
    for source in [
        json!({ "kind": "enum", "servers": [], "suffix": "e164.arpa" }),
        json!({ "kind": "enum", "servers": ["192.0.2.1:53"], "suffix": "a..b" }),
        json!({ "kind": "oracle" }),
    ] {
        assert!(parse(&json!({ "source": source })).is_err(), "{source}");
    }
    assert!(parse(&json!({ "source": api(good, json!({}))["source"], "deadline_ms": 60_000 })).is_err());
}

#[test]
fn a_secret_in_a_url_cannot_change_it() {
    let strange = |_: &str| Some("a/../b?c".to_owned());
    let config = api("https://lookup.example/{k}/{number}", json!({ "secrets": { "k": "env:K" } })).to_string();
    let told = config::parse(&config, &strange, Carriers::default()).err().unwrap();
    assert_eq!(told, "the secret K cannot stand in a URL");
}

/// The answer that TMT publishes for Verify; Velocity's has other names.
fn published() -> serde_json::Value {
    json!({ DIGITS: {
        "current_network": { "lrn": null, "mcc": 226, "mnc": 10, "name": "Orange Romania", "spid": 4018740 },
        "number": 40_721_987_086_u64,
        "origin_network": { "mcc": 226, "mnc": 1, "name": "Vodafone Romania", "spid": 4018720 },
        "ported": true, "status": 0, "status_message": "Success", "type": "mobile",
    } })
}

fn read(answer: &serde_json::Value) -> Result<Option<Carrier>, Fault> {
    config::pointers("current_network").read(answer.to_string().as_bytes(), DIGITS)
}

#[test]
fn an_answer_is_read_flat_or_under_its_number() {
    let expected = Carrier { spid: Some("4018740".into()), mcc_mnc: Some((226, 10)), ported: true };
    assert_eq!(read(&published()), Ok(Some(expected.clone())));
    assert_eq!(read(&published()[DIGITS]), Ok(Some(expected)));
}

#[test]
fn an_answer_that_is_none_to_this_question_is_refused() {
    let with = |member: &str, value: serde_json::Value| {
        let mut answer = published();
        answer[DIGITS][member] = value;
        read(&answer)
    };
    assert_eq!(with("status", json!(1)), Ok(None));
    for (member, value) in [
        ("number", json!("40721987087")),
        ("number", json!(null)),
        ("number", json!({})),
        ("status", json!(2)),
        ("status", json!("0")),
        ("status", json!(null)),
        ("current_network", json!(null)),
        ("current_network", json!({ "mcc": "22", "mnc": "10" })),
    ] {
        assert!(with(member, value.clone()).is_err(), "{member} {value}");
    }
    let pointers: Pointers = config::pointers("current_carrier");
    for body in ["", "{", "[]", "null", "\"40721987086\"", "\u{fffd}"] {
        assert!(pointers.read(body.as_bytes(), DIGITS).is_err(), "{body}");
    }
}

#[test]
fn the_sources_own_id_goes_before_the_codes_and_an_ambiguous_code_says_nothing() {
    let network = |id: &str| Network::parse(id).unwrap();
    let mut carriers = Carriers::default();
    carriers.codes.extend([((234, 15), Some(network("VODAFONE"))), ((234, 10), None)]);
    carriers.name("4018720", network("VODAFONE_RO"));
    carriers.name("234-030", network("EE"));
    let meaning = |spid: Option<&str>, mcc_mnc| {
        carriers.meaning(&Carrier { spid: spid.map(str::to_owned), mcc_mnc, ported: false }).network
    };
    assert_eq!(meaning(Some("4018720"), Some((234, 15))), Some(network("VODAFONE_RO")));
    assert_eq!(meaning(Some("1"), Some((234, 15))), Some(network("VODAFONE")));
    assert_eq!(meaning(None, Some((234, 30))), Some(network("EE")));
    assert_eq!(meaning(None, Some((234, 10))), None);
    assert_eq!(meaning(Some("1"), None), None);
}

/// A source whose answers are given, and that counts its questions.
struct Told(Result<Option<Carrier>, Fault>, AtomicU32);

impl Lookup for &'static Told {
    fn look<'a>(&'a self, _: &'a Msisdn) -> Looking<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { self.0.clone() })
    }
}

#[tokio::test]
async fn a_source_that_fails_is_left_alone_and_an_unknown_number_is_no_failure() {
    let number = Msisdn::parse("+447700900620").unwrap();
    for (answer, asked, looked) in [(Err(Fault::Timeout), 5, Looked::Unavailable), (Ok(None), 20, Looked::Unknown)] {
        let told: &'static Told = Box::leak(Box::new(Told(answer, AtomicU32::new(0))));
        let lookups = Lookups { source: Some(Box::new(told)), deadline: Duration::from_secs(5), ..Lookups::none() };
        for _ in 0..20 {
            assert_eq!(lookups.look(&number, NOW).await, looked);
        }
        assert_eq!(told.1.load(Ordering::SeqCst), asked);
        lookups.look(&number, NOW + 30_000).await;
        assert_eq!(told.1.load(Ordering::SeqCst), asked + 1);
    }
}

#[tokio::test]
async fn without_a_source_nobody_is_asked() {
    let number = Msisdn::parse("+447700900620").unwrap();
    assert_eq!(Lookups::none().look(&number, NOW).await, Looked::Unavailable);
}

proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[{}\\],:\"0-9a-z/]{0,80}") {
        let pointers = config::pointers("current_carrier");
        let _ = pointers.read(&body, DIGITS);
        let _ = pointers.read(text.as_bytes(), DIGITS);
    }

    #[test]
    fn only_three_digits_and_one_to_three_are_a_code(mcc in "[0-9a-z]{0,4}", mnc in "[0-9a-z]{0,4}") {
        let told = mcc_mnc(&format!("{mcc}-{mnc}"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let good = mcc.len() == 3 && (1..=3).contains(&mnc.len()) && digits(&mcc) && digits(&mnc);
        prop_assert_eq!(told, good.then(|| (mcc.parse().unwrap(), mnc.parse().unwrap())));
    }
}
