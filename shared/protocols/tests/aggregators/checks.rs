//! What every style of a check has in common: it is made at get_config, kept, opened, and answered for once.

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{Adapter, Answer, Context, Operation, Outcome, Reply, Verdict, Verdict::*};

use crate::{
    bench::{DIGITS, NOW, NUMBER, Ran, SMALL, arrive, callback, in_turn, nobody, run},
    boku, tru, vonage,
};

/// A style, and an aggregator of it that says yes.
pub struct Style {
    pub name: &'static str,
    pub adapter: &'static dyn Adapter,
    pub config: fn() -> Value,
    /// Answers to `Plan`, in turn; the check's URL in them.
    pub created: fn(uri: &str) -> Vec<Answer>,
    /// The check's id, as the plan leaves it.
    pub id: fn() -> String,
    /// The proof that the handset brings back.
    pub proof: fn() -> Operation,
    /// Answers to that proof, in turn.
    pub yes: fn() -> Vec<Answer>,
    /// Seconds that the check lives.
    pub ttl: u64,
}

pub const CHECK_URL: &str = "https://agg.example/checks/1/redirect";

pub fn styles() -> [Style; 3] {
    [tru::style(), vonage::style(), boku::style()]
}

impl Style {
    pub fn context(&self) -> Context {
        crate::bench::context((self.config)())
    }

    pub fn plan(&self, answers: Vec<Answer>) -> Ran {
        run(self.adapter, &Operation::Plan, &self.context(), in_turn(answers))
    }

    /// The session after its plan.
    pub fn planned(&self) -> Context {
        let kept = self.plan((self.created)(CHECK_URL)).kept();
        Context { kept, ..self.context() }
    }

    pub fn resolve(&self, answers: Vec<Answer>) -> Ran {
        run(self.adapter, &(self.proof)(), &self.planned(), in_turn(answers))
    }
}

#[test]
fn a_check_is_made_kept_small_and_opened() {
    for style in styles() {
        let plan = style.plan((style.created)(CHECK_URL));
        let Reply::Done { outcome: Outcome::Authorize(authorize), kept } = &plan.reply else {
            panic!("{}: {:?}", style.name, plan.verdict())
        };
        let vendors_own = (style.name == "vonage").then(|| CHECK_URL.to_owned());
        assert_eq!(authorize.uri, vendors_own, "{}", style.name);
        assert!(kept.len() < SMALL, "{}", style.name);
        assert!(!kept.contains(DIGITS) && !kept.contains("SECRET"), "{}: {kept}", style.name);
        let opened = run(style.adapter, &arrive(), &style.planned(), nobody);
        assert_eq!(opened.redirect(), CHECK_URL, "{}", style.name);
        assert_eq!(style.resolve((style.yes)()).verdict(), Match, "{}", style.name);
    }
}

#[test]
fn a_check_that_nobody_need_open_any_more_has_expired() {
    for style in styles() {
        for (now, alive) in [(NOW + style.ttl - 1, true), (NOW + style.ttl, false)] {
            let late = Context { now, ..style.planned() };
            let opened = run(style.adapter, &arrive(), &late, nobody);
            match alive {
                true => assert_eq!(opened.redirect(), CHECK_URL, "{}", style.name),
                false => assert_eq!(opened.verdict(), Expired, "{}", style.name),
            }
            let answered = run(style.adapter, &(style.proof)(), &late, in_turn((style.yes)()));
            assert_eq!(answered.verdict(), if alive { Match } else { Expired }, "{}", style.name);
        }
    }
}

#[test]
fn a_session_without_a_check_goes_nowhere() {
    for style in styles() {
        for kept in ["", "{}", "null", r#"{"id": "x"}"#] {
            let context = Context { kept: kept.into(), ..style.context() };
            for operation in [arrive(), (style.proof)()] {
                assert_eq!(run(style.adapter, &operation, &context, nobody).verdict(), ConfigError, "{}", style.name);
            }
        }
    }
}

#[test]
fn a_url_that_is_too_long_to_keep_is_refused() {
    for style in styles() {
        let long = format!("https://agg.example/{}", "x".repeat(2048));
        assert_eq!(style.plan((style.created)(&long)).verdict(), OperatorError, "{}", style.name);
    }
}

#[test]
fn the_handset_comes_back_with_the_sessions_state_or_not_at_all() {
    for style in styles() {
        let Operation::Callback { params: good } = (style.proof)() else { continue };
        for state in [None, Some(""), Some("OTHER"), Some("STATE ")] {
            let mut params = good.clone();
            params.remove("state");
            params.extend(state.map(|state| ("state".to_owned(), state.to_owned())));
            let ran = run(style.adapter, &Operation::Callback { params }, &style.planned(), nobody);
            assert_eq!(ran.verdict(), ProtocolViolation, "{} {state:?}", style.name);
        }
    }
}

#[test]
fn a_proof_that_comes_the_other_way_is_none() {
    for style in styles() {
        let other = match (style.proof)() {
            Operation::Callback { .. } => Operation::Validate { payload: json!({ "request_id": "1", "code": "CODE" }) },
            _ => callback(&[("state", "STATE"), ("request_id", &(style.id)()), ("code", "CODE")]),
        };
        let ran = run(style.adapter, &other, &style.planned(), nobody);
        assert_eq!(ran.verdict(), ProtocolViolation, "{}", style.name);
    }
}

#[test]
fn the_callback_address_carries_the_state_encoded_and_nothing_of_the_number() {
    for style in styles() {
        let context = Context { state: "a b&c#d".into(), ..style.context() };
        let ran = run(style.adapter, &Operation::Plan, &context, in_turn((style.created)(CHECK_URL)));
        for at in 0..ran.journal.len() {
            let sna_adapter::Ask::Http(request) = &ran.journal[at].ask else { continue };
            assert!(!request.url.contains(DIGITS), "{}: {}", style.name, request.url);
            assert!(!request.body.contains("VERIFIER"), "{}", style.name);
        }
        let asked = ran.journal.iter().filter_map(|entry| match &entry.ask {
            sna_adapter::Ask::Http(request) => serde_json::from_str::<Value>(&request.body).ok(),
            _ => None,
        });
        let asked: Vec<Value> = asked.collect();
        let uri = &asked[0]["redirect_url"].as_str().or(asked[0]["redirectUrl"].as_str());
        let expected = "https://gateway.example/v1/callback/op?state=a%20b%26c%23d";
        assert_eq!(*uri, (style.name != "vonage").then_some(expected), "{}", style.name);
    }
}

/// Answers that a style could meet: its own, with another status and noise.
fn altered(answers: &[Answer], at: usize, status: u16, noise: &str) -> Vec<Answer> {
    let mut answers = answers.to_vec();
    let at = at % answers.len();
    if let Answer::Http(response) = &mut answers[at] {
        response.status = status;
        response.body.push_str(noise);
    }
    answers
}

proptest! {
    #[test]
    fn a_flipped_bit_of_what_the_handset_brings_is_no_match(field in 0usize..4, at in 0usize..40, bit in 0u8..7) {
        for style in styles() {
            let flip = |value: &str| {
                let mut bytes = value.as_bytes().to_vec();
                let at = at % bytes.len();
                bytes[at] ^= 1 << bit;
                String::from_utf8(bytes).unwrap()
            };
            let operation = match (style.proof)() {
                Operation::Callback { mut params } => {
                    let (_, value) = params.iter_mut().nth(field % 2).unwrap();
                    *value = flip(value);
                    Operation::Callback { params }
                }
                Operation::Validate { mut payload } => {
                    let (_, value) = payload.as_object_mut().unwrap().iter_mut().nth(field % 2).unwrap();
                    *value = json!(flip(value.as_str().unwrap()));
                    Operation::Validate { payload }
                }
                _ => panic!("a proof"),
            };
            // The aggregator knows one code.
            let strict = |ask: &sna_adapter::Ask| match ask {
                sna_adapter::Ask::Http(request) if request.body.contains("grant_type") => (style.yes)().remove(0),
                sna_adapter::Ask::Http(request) if style.name != "boku" && !request.body.contains("\"CODE\"") => {
                    crate::bench::text(400, "{}")
                }
                sna_adapter::Ask::Http(_) => (style.yes)().pop().unwrap(),
                _ => Answer::Signed { jwt: "J.W.T".into() },
            };
            let ran = run(style.adapter, &operation, &style.planned(), strict);
            prop_assert!(!ran.is_match(), "{}", style.name);
            prop_assert!(run(style.adapter, &(style.proof)(), &style.planned(), strict).is_match(), "{}", style.name);
        }
    }

    #[test]
    fn an_answer_with_another_status_or_noise_is_no_match(at in 0usize..3, status in 203u16.., noise in "[a-z<{\"]{1,4}") {
        for style in styles() {
            let yes = (style.yes)();
            if !matches!(yes[at % yes.len()], Answer::Http(_)) {
                continue;
            }
            prop_assert!(!style.resolve(altered(&yes, at, status, "")).is_match(), "{}", style.name);
            prop_assert!(!style.resolve(altered(&yes, at, 200, &noise)).is_match(), "{}", style.name);
        }
    }

    #[test]
    fn hostile_answers_to_a_plan_end_in_a_verdict_or_a_small_note(status in 200u16..205, body in ".{0,64}") {
        for style in styles() {
            let ran = style.plan(vec![crate::bench::text(status, &body)]);
            match &ran.reply {
                Reply::Done { kept, .. } => prop_assert!(kept.len() < SMALL),
                _ => prop_assert_ne!(ran.verdict(), Verdict::Match),
            }
        }
    }

    #[test]
    fn whatever_comes_back_is_judged_without_a_panic(pairs in prop::collection::btree_map(".{0,12}", ".{0,12}", 0..4)) {
        for style in styles() {
            let mut pairs = pairs.clone();
            pairs.insert("state".into(), "STATE".into());
            let payload = json!(pairs);
            for operation in [Operation::Callback { params: pairs }, Operation::Validate { payload }] {
                let ran = run(style.adapter, &operation, &style.planned(), in_turn(vec![crate::bench::text(200, "{}")]));
                prop_assert!(!ran.is_match(), "{}", style.name);
            }
        }
    }
}

#[test]
fn the_number_and_the_check_are_those_of_the_session() {
    // Two sessions differ in all that the aggregator is told of them.
    for style in styles() {
        let other = Context { nonce: "OTHER".into(), ..style.context() };
        let bodies = |context: &Context| -> Vec<String> {
            let ran = run(style.adapter, &Operation::Plan, context, in_turn((style.created)(CHECK_URL)));
            ran.journal.iter().map(|entry| serde_json::to_string(&entry.ask).unwrap()).collect()
        };
        assert_ne!(bodies(&style.context()), bodies(&other), "{}", style.name);
        let told = bodies(&style.context()).concat();
        assert!(told.contains(DIGITS) || told.contains(NUMBER), "{}", style.name);
    }
}
