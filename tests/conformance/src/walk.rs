//! Random sessions at an adapter, with an operator that answers anything but yes: every call is one that the gateway could
//! make, and is made as the gateway makes it.

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::Value;
use sna_adapter::{Arrival, Call, Entry, Family, MAX_ASKS, Manifest, Operation, REPLIED, Reply};
use sna_operators::{Adapter, Answered};

use crate::{
    Subject,
    answers::{self, Change, Said},
};

const CASES: u32 = 500;
/// The most characters of a minimal case that a fault shows.
const SHOWN: usize = 300;

/// What happens in one session.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    plan: Vec<Said>,
    arrive: Vec<Said>,
    end: End,
    answers: Vec<Said>,
    /// What an earlier step is said to have kept, where it is not what it kept.
    kept: Option<String>,
}

/// The step that gives the verdict.
#[derive(Debug, Clone)]
enum End {
    Callback(Change),
    Enriched(Option<String>),
    Validate(Change),
    ValidateAny(Value),
}

/// Every way that the gateway knows, and most often the one that is this adapter's.
pub(crate) fn script(manifest: &Manifest) -> impl Strategy<Value = Script> + use<> {
    let said = || answers::all_said(MAX_ASKS + 1);
    let (back, enriched) = (manifest.supports_callback, manifest.family == Family::HeaderEnrichment);
    let often = |own| if own { 6 } else { 1 };
    let end = prop_oneof![
        often(back && !enriched) => answers::change().prop_map(End::Callback),
        often(enriched) => prop::option::of(".{0,40}").prop_map(End::Enriched),
        often(!back) => answers::change().prop_map(End::Validate),
        1 => answers::value().prop_map(End::ValidateAny),
    ];
    let kept = prop_oneof![6 => Just(None), 1 => ".{0,60}".prop_map(Some)];
    (said(), said(), end, said(), kept).prop_map(|(plan, arrive, end, answers, kept)| Script {
        plan,
        arrive,
        end,
        answers,
        kept,
    })
}

/// One call of a session, and what came of it.
pub(crate) struct Made {
    pub(crate) call: Call,
    pub(crate) answered: Answered,
    /// The reply, where it is one.
    pub(crate) reply: Option<Reply>,
    /// All that the operator had said in this session.
    pub(crate) heard: String,
}

impl Made {
    /// For a fault: where it was.
    pub(crate) fn place(&self) -> String {
        let operation = match self.call.operation {
            Operation::Plan => "plan",
            Operation::Arrive { .. } => "arrive",
            Operation::Callback { .. } => "callback",
            Operation::Enriched { .. } => "enriched",
            Operation::Validate { .. } => "validate",
        };
        format!("at {operation}, after {} answers", self.call.journal.len())
    }
}

/// All calls of one session.
pub(crate) fn walk(subject: &Subject, adapter: &Adapter, script: &Script) -> Vec<Made> {
    let mut context = subject.context();
    let (mut made, mut heard) = (Vec::new(), String::new());
    let end = match &script.end {
        End::Callback(change) => Operation::Callback { params: answers::params(&context, change) },
        End::Enriched(header) => Operation::Enriched { header: header.clone() },
        End::Validate(change) => Operation::Validate { payload: answers::payload(change) },
        End::ValidateAny(payload) => Operation::Validate { payload: payload.clone() },
    };
    let arrive = Operation::Arrive { request: Arrival { method: subject.manifest.request_type.clone() } };
    let steps = [(Operation::Plan, &script.plan), (arrive, &script.arrive), (end, &script.answers)];
    for (at, (operation, said)) in steps.into_iter().enumerate() {
        if let (2, Some(kept)) = (at, &script.kept) {
            context.kept.clone_from(kept);
        }
        let mut call = Call { operation, context: context.clone(), journal: Vec::new() };
        loop {
            let one = Made { heard: heard.clone(), ..make(adapter, call.clone()) };
            let ask = match &one.reply {
                Some(Reply::Ask { ask }) if call.journal.len() <= MAX_ASKS => ask.clone(),
                Some(Reply::Done { kept, .. }) => {
                    context.kept.clone_from(kept);
                    made.push(one);
                    break;
                }
                _ => {
                    made.push(one);
                    break;
                }
            };
            made.push(one);
            let said = &said[call.journal.len() % said.len()];
            let answer = answers::answer(&ask, said, &call, subject.origin());
            heard.push_str(&answers::words(&answer));
            call.journal.push(Entry { ask, answer });
        }
    }
    made
}

pub(crate) fn make(adapter: &Adapter, call: Call) -> Made {
    let bytes = serde_json::to_vec(&call).unwrap_or_default();
    let answered = adapter.call(&bytes);
    let whole = answered.code == REPLIED && answered.times == 1;
    let reply = whole.then(|| serde_json::from_slice(&answered.reply).ok()).flatten();
    Made { call, answered, reply, heard: String::new() }
}

/// Holds every call of random sessions to a promise; the smallest session that breaks it is told.
pub(crate) fn every_call(subject: &Subject, promise: impl Fn(&Adapter, &Made) -> Result<(), String>) -> Vec<String> {
    every(subject, script(&subject.manifest), |adapter, script| {
        for made in walk(subject, adapter, &script) {
            promise(adapter, &made).map_err(|fault| format!("{fault}, {}", made.place()))?;
        }
        Ok(())
    })
}

/// Holds an adapter to a promise for every case of a strategy.
pub(crate) fn every<S: Strategy>(
    subject: &Subject,
    cases: S,
    promise: impl Fn(&Adapter, S::Value) -> Result<(), String>,
) -> Vec<String> {
    let adapter = match subject.adapter() {
        Ok(adapter) => adapter,
        Err(fault) => return vec![fault],
    };
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let ended = TestRunner::new(config).run(&cases, |case| promise(&adapter, case).map_err(TestCaseError::fail));
    match ended {
        Ok(()) => Vec::new(),
        Err(TestError::Fail(fault, case)) => {
            let shown: String = format!("{case:?}").chars().take(SHOWN).collect();
            vec![format!("{fault}\nthe smallest case: {shown}")]
        }
        Err(TestError::Abort(reason)) => vec![format!("the check ended early: {reason}")],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{cell::RefCell, collections::BTreeSet};

    use gateway_tests::staged_adapters;
    use sna_adapter::Outcome;
    use xtask::{Workspace, locate::Located};

    use super::*;

    /// The verdicts that random sessions at a staged adapter end in.
    fn ends(id: &str) -> BTreeSet<String> {
        let workspace = Workspace::here();
        let manifest = workspace.root.join("adapters").join(id).join("manifest.json");
        let located = Located::with(&staged_adapters().join(format!("{id}.so")), &manifest).unwrap();
        let (profile, table) = (located.profile(), located.table(&workspace));
        let subject = Subject::new(located, profile, &table).unwrap();
        let ends = RefCell::new(BTreeSet::new());
        let faults = every_call(&subject, |_, made| {
            if let Some(Reply::Done { outcome: Outcome::Verdict { verdict }, .. } | Reply::Failed { verdict, .. }) =
                &made.reply
            {
                ends.borrow_mut().insert(format!("{verdict:?}"));
            }
            Ok(())
        });
        assert_eq!(faults, [""; 0]);
        ends.into_inner()
    }

    #[test]
    fn random_sessions_come_as_far_as_the_operators_no() {
        for id in [
            "o2",
            "vodafone",
            "jio_in",
            "three",
            "verizon_us",
            "tmobile_us",
            "china_mobile",
            "telkomsel_id",
            "dialog_lk",
        ] {
            let ends = ends(id);
            assert!(ends.contains("Mismatch"), "{id}: {ends:?}");
        }
    }
}
