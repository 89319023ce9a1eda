//! The replay: the same journal gives the same ask, and an answer to another question proves nothing.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Answer, Ask, Entry, Outcome, Reply, Verdict, step};

use crate::bench::{FAMILIES, Family, call, claims, good, http, text};

fn journal(family: &Family) -> Vec<Entry> {
    let (journal, verdict) = family.drive(&good(), &family.operator());
    assert_eq!(verdict, Verdict::Match);
    journal
}

fn is_match(family: &Family, journal: &[Entry]) -> bool {
    let reply = step(family.adapter, call(&good(), journal));
    matches!(reply, Reply::Done { outcome: Outcome::Verdict { verdict: Verdict::Match }, .. })
}

fn as_json(reply: &Reply) -> Value {
    serde_json::to_value(reply).unwrap()
}

#[test]
fn every_beginning_of_a_journal_leads_to_its_next_ask_each_time() {
    for family in &FAMILIES {
        let journal = journal(family);
        for (read, entry) in journal.iter().enumerate() {
            for _ in 0..3 {
                let reply = step(family.adapter, call(&good(), &journal[..read]));
                assert_eq!(as_json(&reply), json!({ "type": "ask", "ask": entry.ask }), "{}", family.name);
            }
        }
        assert!(is_match(family, &journal));
    }
}

#[test]
fn a_journal_survives_its_way_over_the_border() {
    for family in &FAMILIES {
        let journal = journal(family);
        let there_and_back: Vec<Entry> = serde_json::from_slice(&serde_json::to_vec(&journal).unwrap()).unwrap();
        assert!(is_match(family, &there_and_back), "{}", family.name);
    }
}

#[test]
fn a_journal_that_is_longer_shorter_or_out_of_order_is_no_match() {
    for family in &FAMILIES {
        let journal = journal(family);
        let longer: Vec<Entry> = journal.iter().chain(&journal[..1]).cloned().collect();
        let mut turned = journal.clone();
        turned.reverse();
        for wrong in [&longer[..], &journal[1..], &journal[..2], &turned[..]] {
            assert!(!is_match(family, wrong), "{}", family.name);
        }
    }
}

/// The ask with one of its texts followed by `noise`.
fn other_ask(ask: &Ask, field: usize, noise: &str) -> Ask {
    let mut ask = ask.clone();
    match &mut ask {
        Ask::Http(request) => match field % 4 {
            0 => request.url.push_str(noise),
            1 => request.method.push_str(noise),
            2 => request.body.push_str(noise),
            _ => drop(request.headers.insert("x-noise".into(), noise.into())),
        },
        Ask::Verify { jwt, jwks_uri } => if field.is_multiple_of(2) { jwt } else { jwks_uri }.push_str(noise),
        _ => panic!("nothing else is asked here"),
    }
    ask
}

fn body(entry: &Entry) -> String {
    match &entry.answer {
        Answer::Http(response) => response.body.clone(),
        _ => String::new(),
    }
}

proptest! {
    #[test]
    fn an_answer_to_a_question_that_was_not_asked_is_no_match(at in 0usize..3, field in 0usize..4, noise in ".{1,9}") {
        for family in &FAMILIES {
            let mut journal = journal(family);
            journal[at].ask = other_ask(&journal[at].ask, field, &noise);
            let reply = step(family.adapter, call(&good(), &journal));
            let verdict = as_json(&reply)["verdict"].clone();
            prop_assert_eq!(verdict, json!("CONFIG_ERROR"));
        }
    }

    #[test]
    fn an_altered_answer_is_no_match(at in 0usize..3, noise in "[a-z ]{1,9}", status in 201u16..) {
        for family in &FAMILIES {
            let altered = [
                text(status, &body(&journal(family)[at])),
                text(200, &noise),
                http(200, &json!({ "access_token": noise, "id_token": "J.W.T" })),
                claims(&json!({ "nonce": format!("x{noise}") })),
                Answer::Signed { jwt: noise.clone() },
                Answer::Rejected,
            ];
            for answer in altered {
                let mut journal = journal(family);
                journal[at].answer = answer;
                prop_assert!(!is_match(family, &journal));
            }
        }
    }
}
