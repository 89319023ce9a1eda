//! The store behind a proxy that goes wrong: one fault is invisible and what was asked happens once; an outage is
//! an error that changes nothing, and the next try works.

use std::time::Instant;

use gateway_tests::{
    engine::Engine,
    faults::{BROKEN, DOWN, Fault, Faults, OVER_CAPACITY, Order, Proxy, THROTTLED},
};
use sna_sessions::{Count, Counters, Created, Refusal, Session, Store, StoreError, UpdateError};
use tokio::task::JoinSet;

use crate::{fresh, limit, now, session};

const SINGLE: [Fault; 8] =
    [THROTTLED, OVER_CAPACITY, BROKEN, DOWN, Fault::Reset, Fault::LoseAnswer, Fault::Hang, Fault::HangDone];

/// An engine behind a proxy, and a session in it.
struct Bed {
    faults: Faults,
    store: Store,
    counters: Counters,
    session: Session,
    now: u64,
    _proxy: Proxy,
}

impl Bed {
    async fn new(engine: &Engine) -> Self {
        let (faults, now) = (Faults::default(), now());
        let proxy = Proxy::start(&engine.url, &faults).await;
        let (store, session) = (engine.store_at(&proxy.url), session(&fresh(), None, now));
        let counters = engine.counters_at(&proxy.url);
        store.create(&session, None, None, now).await.expect("an answer");
        faults.heal();
        Self { faults, store, counters, session, now, _proxy: proxy }
    }

    /// One more `+`, alone or with counters.
    async fn change(&self, counts: &[Count]) -> Result<(), UpdateError<Refusal>> {
        let change = |session: &mut Session| {
            session.kept.push('+');
            Ok(((), counts.to_vec()))
        };
        self.store.update_counting(&self.session.id, self.now, change).await.map(|_| ())
    }

    async fn changes(&self) -> String {
        self.store.get(&self.session.id, self.now).await.expect("an answer").expect("a session").kept
    }
}

/// The engines that a proxy may stand before: a real one would refuse the proxy's signature.
async fn engines() -> Vec<Engine> {
    Engine::all().await.into_iter().filter(|engine| engine.name != "endpoint").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_of_any_kind_is_invisible_and_the_change_is_made_once() {
    for engine in engines().await {
        let mut tries = JoinSet::new();
        for fault in SINGLE {
            for on in ["GetItem", "PutItem", "TransactWriteItems"] {
                let bed = Bed::new(&engine).await;
                tries.spawn(async move {
                    bed.faults.once(on, fault);
                    let counter = limit(1);
                    let counts = [Count::Add(counter)];
                    let counts = if on == "TransactWriteItems" { &counts[..] } else { &[] };
                    bed.change(counts).await.unwrap_or_else(|error| panic!("{on} {fault:?}: {error}"));
                    assert_eq!(bed.changes().await, "+", "{on} {fault:?}");
                    // The counter of one was not needed twice, and is full.
                    if let [count] = counts {
                        let again = bed.change(std::slice::from_ref(count)).await;
                        assert!(matches!(again, Err(UpdateError::Limited { .. })), "{fault:?}");
                    }
                });
            }
        }
        tries.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_answer_was_lost_was_created_with_and_without_a_correlation_id() {
    for engine in engines().await {
        let bed = Bed::new(&engine).await;
        for fault in [Fault::LoseAnswer, Fault::HangDone] {
            for (on, id) in [("PutItem", None), ("TransactWriteItems", Some(fresh()))] {
                bed.faults.once(on, fault);
                let session = session(&fresh(), id.as_deref(), bed.now);
                let created = bed.store.create(&session, None, None, bed.now).await.expect("an answer");
                assert_eq!(created, Created::Yes, "{on} {fault:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_whose_answer_was_lost_is_counted_at_least_once() {
    let engine = Engine::embedded().await;
    let (bed, limit) = (Bed::new(&engine).await, limit(5));
    bed.faults.once("UpdateItem", Fault::LoseAnswer);
    assert_eq!(bed.counters.count(&limit, bed.now).await.expect("an answer"), None);
    let mut more = 0;
    while bed.counters.count(&limit, bed.now).await.expect("an answer").is_none() {
        more += 1;
    }
    assert!((3..=4).contains(&more), "{more} after the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_unavailable_in_time_changes_nothing_and_then_the_next_try_works() {
    let engine = Engine::embedded().await;
    let mut tries = JoinSet::new();
    for fault in [THROTTLED, OVER_CAPACITY, BROKEN, DOWN, Fault::Reset, Fault::Hang] {
        for on in ["GetItem", "PutItem", "TransactWriteItems"] {
            let bed = Bed::new(&engine).await;
            tries.spawn(async move {
                let counter = limit(1);
                let counts = [Count::Add(counter)];
                let counts = if on == "TransactWriteItems" { &counts[..] } else { &[] };
                bed.faults.always(on, fault);
                let started = Instant::now();
                let error = bed.change(counts).await.expect_err("an outage");
                assert!(matches!(error, UpdateError::Store(StoreError::Unavailable(_))), "{on} {fault:?}: {error}");
                // One operation takes 2.5 s at most, and what came before it is quick.
                assert!(started.elapsed().as_millis() < 5_000, "{on} {fault:?} took {:?}", started.elapsed());
                bed.faults.heal();
                assert_eq!(bed.changes().await, "", "{on} {fault:?}");
                bed.change(counts).await.expect("the next try");
            });
        }
    }
    tries.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_transactions_is_tried_again_and_many_are_an_outage() {
    let engine = Engine::embedded().await;
    let bed = Bed::new(&engine).await;
    let put_conflict = Fault::Refuse(400, "TransactionConflictException");
    for times in [1, 3] {
        bed.faults.order(Order { on: "TransactWriteItems", skip: 0, times, fault: Fault::Conflict });
        bed.change(&[Count::Add(limit(1))]).await.expect("a change");
        bed.faults.order(Order { on: "TransactWriteItems", skip: 0, times, fault: Fault::Conflict });
        let session = session(&fresh(), Some("id"), bed.now);
        assert_eq!(bed.store.create(&session, None, None, bed.now).await.expect("an answer"), Created::Yes);
        bed.faults.order(Order { on: "PutItem", skip: 0, times, fault: put_conflict });
        bed.change(&[]).await.expect("a change");
    }
    assert_eq!(bed.changes().await, "++++");
    bed.faults.always("TransactWriteItems", Fault::Conflict);
    bed.faults.always("PutItem", put_conflict);
    let session = session(&fresh(), Some("id"), bed.now);
    assert!(bed.store.create(&session, None, None, bed.now).await.is_err_and(|error| error.is_temporary()));
    for counts in [&[Count::Add(limit(1))][..], &[]] {
        let error = bed.change(counts).await.expect_err("no end of conflicts");
        assert!(matches!(error, UpdateError::Store(StoreError::Unavailable(_))), "{error}");
    }
    bed.faults.heal();
    assert_eq!(bed.changes().await, "++++");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_there_is_unavailable() {
    let engine = Engine::embedded().await;
    let url = engine.url.clone();
    let store = engine.store_at(&url);
    drop(engine);
    let error = store.get(&fresh(), now()).await.err().expect("an outage");
    assert!(error.is_temporary(), "{error}");
}
