//! What is counted as used is what happened to sessions, once, whatever is raced, lost or refused.

use std::time::Duration;

use gateway_tests::{
    engine::Engine,
    faults::{BROKEN, Fault, Faults, Order, Proxy, THROTTLED},
};
use sna_sessions::{Created, Reason, Session, Store, UpdateError, Usage, Used};
use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::{fresh, now, session};

/// Of a day, whatever the network.
async fn used(usage: &Usage, customer: &str, now: u64) -> Option<Used> {
    let at = OffsetDateTime::UNIX_EPOCH + Duration::from_millis(now);
    let mut used = usage.days(customer, at.date(), at.date(), Some(0.04)).await.expect("counters");
    assert!(used.len() <= 1, "{used:?}");
    used.pop()
}

/// A session whose handset has arrived.
async fn arrived(store: &Store, customer: &str, id: Option<String>, now: u64) -> Session {
    let mut session = session(customer, None, now);
    session.id = id.unwrap_or(session.id);
    assert_eq!(store.create(&session, None, None, now).await.expect("an answer"), Created::Yes);
    store.update(session, now, |session| session.arrive(now)).await.expect("written").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attempts_that_end_at_the_same_time_in_one_item_are_each_counted_once() {
    for engine in Engine::all().await {
        let (store, customer, now) = (engine.store(), fresh(), now());
        let mut ends = JoinSet::new();
        let mut ids = Vec::new();
        for _ in 0..24 {
            // All in one of the day's items, where their transactions meet.
            let id = format!("ab{}", &fresh()[2..]);
            ids.push(arrived(&store, &customer, Some(id), now).await.id);
            for _ in 0..2 {
                let (store, id) = (store.clone(), ids[ids.len() - 1].clone());
                ends.spawn(async move {
                    match store.update(&id, now, |session| session.record(Reason::Mismatch, None)).await {
                        Ok(_) => true,
                        // The other one was first, or an engine under load was met by too many.
                        Err(UpdateError::Refused(_) | UpdateError::Store(_)) => false,
                        Err(error) => panic!("{error}"),
                    }
                });
            }
        }
        let told = ends.join_all().await.into_iter().filter(|told| *told).count() as u64;
        let mut ended = 0;
        for id in &ids {
            let session = store.get(id, now).await.expect("an answer").expect("a session");
            ended += u64::from(session.silent_ended().is_some());
        }
        let used = used(&engine.usage(), &customer, now).await.expect("some");
        assert_eq!((used.silent_attempts, used.mismatches, used.matches), (ended, ended, 0), "{}", engine.name);
        assert!(told <= ended && ended > 0, "{}: {told} of {ended}", engine.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_of_any_kind_counts_an_attempt_once() {
    let engine = Engine::embedded().await;
    let faults = Faults::default();
    let proxy = Proxy::start(&engine.url, &faults).await;
    let (store, customer, now) = (engine.store_at(&proxy.url), fresh(), now());
    let all = [THROTTLED, BROKEN, Fault::Conflict, Fault::Reset, Fault::LoseAnswer];
    for (before, fault) in (0..).zip(all) {
        let session = arrived(&store, &customer, None, now).await;
        faults.order(Order { on: "TransactWriteItems", skip: 0, times: 1, fault });
        let ended = store.update(session, now, |session| session.record(Reason::Match, None)).await;
        assert!(ended.is_ok(), "{fault:?}");
        let used = used(&engine.usage(), &customer, now).await.expect("some");
        assert_eq!((used.silent_attempts, used.matches), (before + 1, before + 1), "{fault:?}");
        assert_eq!(used.sms_usd_saved, Some(0.04 * (before + 1) as f64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_of_utc_and_of_one_customer_and_is_kept_for_400_more() {
    let engine = Engine::embedded().await;
    let (store, usage, customer) = (engine.store(), engine.usage(), fresh());
    let midnight = (now() / 86_400_000 + 1) * 86_400_000;
    for at in [midnight - 1, midnight, midnight + 1] {
        let session = arrived(&store, &customer, None, at).await;
        store.update(session, at, |session| session.record(Reason::OperatorError, None)).await.expect("written");
    }
    let mut days = Vec::new();
    for at in [midnight - 86_400_000, midnight - 1, midnight, midnight + 86_400_000] {
        days.push(used(&usage, &customer, at).await.map(|used| used.silent_attempts));
    }
    assert_eq!(days, [Some(1), Some(1), Some(2), None]);
    assert_eq!(used(&usage, &fresh(), midnight).await, None);
    let items = engine.client().scan().table_name("sna-suite-usage").send().await.expect("items");
    let of = items.items().iter().filter(|item| item["pk"].as_s().is_ok_and(|key| key.contains(&customer)));
    let ends: Vec<u64> = of.map(|item| item["ttl"].as_n().expect("a number").parse().expect("seconds")).collect();
    let end = |days: u64| (midnight / 1000) + (400 + days) * 86_400;
    assert!(ends.len() >= 2 && ends.iter().all(|at| [end(0), end(1)].contains(at)), "{ends:?}");
}
