//! Every interleaving: administrators that run `rotate` and `retire` at the same time, are stopped anywhere and lose
//! answers, while days pass, with both pairs of keys. No token that is alive may meet a verifier that does not know its key.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use proptest::prelude::*;

use super::{
    Name, Pair, STATEMENTS, TOKENS, Vault, Version,
    rotation::{CACHED_MS, Rotated, retire, rotate},
};
use crate::Error;

const LIFE_S: u64 = 3600;
const START: u64 = 1_000_000_000;
const PAIRS: [Pair; 2] = [TOKENS, STATEMENTS];

/// The secrets with everything that ever stood in them.
#[derive(Default)]
struct Model {
    history: RefCell<BTreeMap<Name, Vec<Version>>>,
    now: RefCell<u64>,
    /// After `--force` tokens may be refused.
    forced: bool,
}

impl Model {
    fn new() -> Self {
        Self { now: START.into(), ..Self::default() }
    }

    fn now(&self) -> u64 {
        *self.now.borrow()
    }

    fn wait(&self, ms: u64) {
        *self.now.borrow_mut() += ms;
    }

    fn current(&self, name: Name) -> Version {
        self.history.borrow().get(&name).and_then(|versions| versions.last().cloned()).unwrap_or_default()
    }

    /// What readers may have of a value at any time since `from`.
    fn seen(&self, name: Name, value: &str, from: u64) -> Vec<String> {
        let history = self.history.borrow();
        let versions = history.get(&name).map(Vec::as_slice).unwrap_or_default();
        let ends = versions.iter().skip(1).map(|next| next.since).chain([u64::MAX]);
        let living = versions.iter().zip(ends).filter(|(_, end)| *end >= from);
        living.filter_map(|(version, _)| version.values.get(value).cloned()).collect()
    }

    /// Every key that a living token may be signed with is on every list that a verifier may hold.
    fn check(&self) {
        if self.forced {
            return;
        }
        let now = self.now();
        for pair in PAIRS {
            let lists = self.seen(pair.keys, pair.public, now.saturating_sub(pair.unknown_ms));
            for secret in self.seen(pair.signing, pair.secret, now.saturating_sub(CACHED_MS + LIFE_S * 1000)) {
                let public = sna_tokens::SigningKey::parse(&secret).unwrap().public_paserk().unwrap();
                assert!(!lists.is_empty(), "a key signs and none is published");
                assert!(lists.iter().all(|list| list.contains(&public)), "a token meets a verifier without its key");
            }
        }
    }
}

/// Lets the others go on once.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| {
        let ready = std::mem::replace(&mut paused, true);
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Vault for &Model {
    async fn read(&self, name: Name) -> Result<Version, Error> {
        pause().await;
        Ok(self.current(name))
    }

    async fn replace(&self, name: Name, before: &Version, values: &BTreeMap<String, String>) -> Result<bool, Error> {
        pause().await;
        let current = self.current(name);
        if current.id != before.id {
            return Ok(false);
        }
        {
            let mut history = self.history.borrow_mut();
            let versions = history.entry(name).or_default();
            let id = (versions.len() + 1).to_string();
            versions.push(Version { id, since: self.now(), values: values.clone() });
        }
        self.check();
        // Written, but whoever wrote may be stopped before it knows.
        pause().await;
        Ok(true)
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Rotate(Pair),
    Retire(Pair),
    /// The administrator with this number, of those that are at work, goes on.
    Go(usize),
    Stop(usize),
    Wait(u64),
}

fn pair() -> impl Strategy<Value = Pair> {
    prop::sample::select(&PAIRS)
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => pair().prop_map(Act::Rotate),
        1 => pair().prop_map(Act::Retire),
        20 => (0..4_usize).prop_map(Act::Go),
        1 => (0..4_usize).prop_map(Act::Stop),
        3 => prop_oneof![0..60_000_u64, 200_000..400_000_u64, 3_000_000..5_000_000_u64].prop_map(Act::Wait),
    ]
}

fn play(acts: &[Act]) -> Model {
    let model = Model::new();
    {
        let model = &model;
        let mut at_work: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
        for act in acts {
            match *act {
                Act::Rotate(pair) => at_work.push(Box::pin(async move {
                    let _ = rotate(&model, pair, model.now(), false).await;
                })),
                Act::Retire(pair) => at_work.push(Box::pin(async move {
                    let _ = retire(&model, pair, model.now(), LIFE_S, false).await;
                })),
                Act::Go(who) if !at_work.is_empty() => {
                    let who = who % at_work.len();
                    if at_work[who].as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                        drop(at_work.remove(who));
                    }
                }
                Act::Stop(who) if !at_work.is_empty() => drop(at_work.remove(who % at_work.len())),
                Act::Go(_) | Act::Stop(_) => {}
                Act::Wait(ms) => model.wait(ms),
            }
            model.check();
        }
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_living_token_is_ever_refused(acts in prop::collection::vec(act(), 1..160)) {
        play(&acts);
    }

    #[test]
    fn whatever_happened_before_a_rotation_can_be_finished(
        acts in prop::collection::vec(act(), 1..60),
        pair in pair(),
    ) {
        let model = play(&acts);
        let before = model.current(pair.signing).values.get(pair.secret).cloned();
        model.wait(2 * 86_400_000);
        if !matches!(done(rotate(&&model, pair, model.now(), false)), Ok(Rotated::Signs(_))) {
            model.wait(pair.unknown_ms + 60_000);
            prop_assert!(matches!(done(rotate(&&model, pair, model.now(), false)), Ok(Rotated::Signs(_))));
        }
        model.wait(2 * 86_400_000);
        done(retire(&&model, pair, model.now(), LIFE_S, false)).unwrap();
        let signing = model.current(pair.signing).values;
        prop_assert!(before != signing.get(pair.secret).cloned() && !signing.contains_key(pair.next));
        let key = sna_tokens::SigningKey::parse(&signing[pair.secret]).unwrap();
        prop_assert_eq!(&model.current(pair.keys).values[pair.public], &key.public_paserk().unwrap());
    }
}

/// Runs to the end, with nobody beside.
fn done<T>(work: impl Future<Output = T>) -> T {
    let mut work = Box::pin(work);
    loop {
        if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

#[test]
fn the_first_key_signs_at_once_and_the_next_one_after_six_minutes_or_eleven() {
    for (pair, minutes) in [(TOKENS, 6), (STATEMENTS, 11)] {
        let wait_ms = minutes * 60_000;
        let model = Model::new();
        assert!(matches!(done(rotate(&&model, pair, model.now(), false)), Ok(Rotated::Signs(_))));
        let first = model.current(pair.signing).values[pair.secret].clone();
        let published = done(rotate(&&model, pair, model.now(), false));
        assert!(matches!(published, Ok(Rotated::Published(_, ms)) if ms == wait_ms));
        model.wait(wait_ms - 1);
        let error = done(rotate(&&model, pair, model.now(), false)).unwrap_err().to_string();
        assert!(error.contains("in 1 minutes"), "{error}");
        assert_eq!(model.current(pair.signing).values[pair.secret], first);
        model.wait(1);
        assert!(matches!(done(rotate(&&model, pair, model.now(), false)), Ok(Rotated::Signs(_))));
        assert_ne!(model.current(pair.signing).values[pair.secret], first);
    }
}

#[test]
fn an_old_key_is_retired_when_its_last_token_is_dead() {
    for pair in PAIRS {
        let model = Model::new();
        assert!(done(retire(&&model, pair, model.now(), LIFE_S, false)).is_err());
        for _ in 0..2 {
            let _ = done(rotate(&&model, pair, model.now(), false));
            model.wait(660_000);
        }
        assert!(matches!(done(rotate(&&model, pair, model.now(), false)), Ok(Rotated::Signs(_))));
        let error = done(retire(&&model, pair, model.now(), LIFE_S, false)).unwrap_err().to_string();
        assert!(error.contains("in 66 minutes"), "{error}");
        model.wait(66 * 60_000);
        assert_eq!(done(retire(&&model, pair, model.now(), LIFE_S, false)).unwrap().len(), 1);
        assert_eq!(done(retire(&&model, pair, model.now(), LIFE_S, false)).unwrap().len(), 0);
    }
}

#[test]
fn after_a_leak_a_key_signs_that_nobody_has_read_and_the_others_go() {
    for pair in PAIRS {
        let model = Model { forced: true, ..Model::new() };
        for _ in 0..2 {
            done(rotate(&&model, pair, model.now(), false)).unwrap();
        }
        let leaked = model.current(pair.signing).values;
        assert!(leaked.contains_key(pair.secret) && leaked.contains_key(pair.next));
        assert!(matches!(done(rotate(&&model, pair, model.now(), true)), Ok(Rotated::Signs(_))));
        let signing = model.current(pair.signing).values;
        assert!(!leaked.values().any(|key| signing.values().any(|now| now == key)));
        assert_eq!(done(retire(&&model, pair, model.now(), LIFE_S, true)).unwrap().len(), 2);
    }
}

#[test]
fn other_values_of_the_secrets_stay() {
    for pair in PAIRS {
        let model = Model { forced: true, ..Model::new() };
        let other = ["OTHER", "UNUSED"].map(|name| (name.to_owned(), "kept".to_owned())).into();
        for name in [pair.keys, pair.signing] {
            assert!(done((&&model).replace(name, &Version::default(), &other)).unwrap());
        }
        assert!(matches!(done(rotate(&&model, pair, model.now(), true)), Ok(Rotated::Signs(_))));
        for name in [pair.keys, pair.signing] {
            assert_eq!(model.current(name).values["OTHER"], "kept");
            assert!(!model.current(name).values.contains_key("UNUSED"), "but for the template's placeholder");
        }
    }
}
