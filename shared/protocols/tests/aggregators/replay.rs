//! The replay: the same journal gives the same ask, and an answer to another question proves nothing.

use serde_json::json;
use sna_adapter::{Adapter, Answer, Ask, Call, Context, Entry, Operation, Outcome, Reply, Verdict, step};

use crate::{
    bench::{arrive, callback, http, in_turn, run},
    checks::{CHECK_URL, styles},
    ip_session::{IPIFICATION, TYNTEC},
};

/// A step with asks, and answers with which it succeeds.
struct Case {
    name: String,
    adapter: &'static dyn Adapter,
    operation: Operation,
    context: Context,
    answers: Vec<Answer>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for style in styles() {
        let plan = (Operation::Plan, style.context(), (style.created)(CHECK_URL));
        let resolve = ((style.proof)(), style.planned(), (style.yes)());
        for (operation, context, answers) in [plan, resolve] {
            cases.push(Case { name: style.name.into(), adapter: style.adapter, operation, context, answers });
        }
    }
    let userinfo = json!({ "sub": "PCR", "login_hint": crate::bench::DIGITS, "phone_number_verified": "true" });
    let adapters: [&'static dyn Adapter; 2] = [&IPIFICATION, &TYNTEC];
    for adapter in adapters {
        cases.push(Case {
            name: "ip session".into(),
            adapter,
            operation: callback(&[("state", "STATE"), ("code", "CODE")]),
            context: crate::ip_session::context(),
            answers: vec![http(200, &json!({ "access_token": "AT" })), http(200, &userinfo)],
        });
    }
    let sign = vec![Answer::Signed { jwt: "J.W.T".into() }];
    let coverage = vec![http(200, &json!({ "available": true }))];
    for (operation, answers) in [(arrive(), sign), (Operation::Plan, coverage)] {
        let context = crate::ip_session::context();
        cases.push(Case { name: "ip session".into(), adapter: &IPIFICATION, operation, context, answers });
    }
    cases
}

impl Case {
    fn journal(&self) -> Vec<Entry> {
        let ran = run(self.adapter, &self.operation, &self.context, in_turn(self.answers.clone()));
        assert!(matches!(ran.reply, Reply::Done { .. }), "{}", self.name);
        assert_eq!(ran.journal.len(), self.answers.len(), "{}", self.name);
        ran.journal
    }

    fn step(&self, journal: &[Entry]) -> Reply {
        let call = Call { operation: self.operation.clone(), context: self.context.clone(), journal: journal.to_vec() };
        step(self.adapter, call)
    }
}

#[test]
fn every_beginning_of_a_journal_leads_to_its_next_ask_each_time() {
    for case in cases() {
        let journal = case.journal();
        for (read, entry) in journal.iter().enumerate() {
            for _ in 0..3 {
                let reply = serde_json::to_value(case.step(&journal[..read])).unwrap();
                assert_eq!(reply, json!({ "type": "ask", "ask": entry.ask }), "{}", case.name);
            }
        }
        let there_and_back: Vec<Entry> = serde_json::from_slice(&serde_json::to_vec(&journal).unwrap()).unwrap();
        assert!(matches!(case.step(&there_and_back), Reply::Done { .. }), "{}", case.name);
    }
}

#[test]
fn an_answer_to_a_question_that_was_not_asked_proves_nothing() {
    for case in cases() {
        let journal = case.journal();
        for at in 0..journal.len() {
            let mut wrong = journal.clone();
            match &mut wrong[at].ask {
                Ask::Http(request) => request.url.push('x'),
                Ask::Sign { claims, .. } => claims["x"] = json!(1),
                _ => panic!("nothing else is asked here"),
            }
            let is_config_error = |reply: &Reply| matches!(reply, Reply::Failed { verdict: Verdict::ConfigError, .. });
            assert!(is_config_error(&case.step(&wrong)), "{}", case.name);
            let longer: Vec<Entry> = journal.iter().chain(&journal[..1]).cloned().collect();
            assert!(is_config_error(&case.step(&longer)), "{}", case.name);
        }
    }
}

#[test]
fn an_answer_of_another_kind_ends_a_step() {
    for case in cases() {
        for (at, other) in (0..case.answers.len()).flat_map(|at| [(at, Answer::Rejected), (at, http(500, &json!({})))])
        {
            let mut journal = case.journal();
            journal[at].answer = other;
            let reply = case.step(&journal);
            let good = matches!(
                reply,
                Reply::Done { outcome: Outcome::Verdict { verdict: Verdict::Match } | Outcome::Authorize(_), .. }
            );
            assert!(!good, "{}", case.name);
        }
    }
}
