//! The store's promises on an engine that works.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gateway_tests::engine::Engine;
use sna_sessions::{Count, Created, Once, Refusal, Session, Store, StoreError, UpdateError};
use tokio::{
    runtime::Handle,
    task::{JoinSet, block_in_place},
};

use crate::{fresh, limit, now, session};

type Changed = Result<(Session, ()), UpdateError<Refusal>>;

/// A rule that always allows, and leaves a trace.
fn append(text: &'static str) -> impl FnMut(&mut Session) -> Result<(), Refusal> {
    move |session| {
        session.kept.push_str(text);
        Ok(())
    }
}

async fn created(store: &Store, now: u64) -> Session {
    let session = session(&fresh(), None, now);
    assert_eq!(store.create(&session, None, None, now).await.expect("an answer"), Created::Yes);
    session
}

/// Changes a session and `counts` with it.
async fn counted(store: &Store, session: &Session, now: u64, counts: &[Count]) -> Changed {
    let change = |session: &mut Session| {
        session.kept.push('+');
        Ok(((), counts.to_vec()))
    };
    store.update_counting(&session.id, now, change).await
}

async fn count_of(engine: &Engine, limit: &sna_sessions::Limit, now: u64) -> u64 {
    let key = format!("count#{}#{}#{}", limit.key, limit.window_ms, now / limit.window_ms);
    let item = engine.item(&key).await.unwrap_or_default();
    item.iter().find(|(name, _)| name == "n").map_or(0, |(_, n)| n.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read_and_nobody_writes_it_twice() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let mut session = session(&fresh(), None, now);
        session.kept = "ключ \"quoted\" \u{1f511} \n".repeat(200);
        assert_eq!(store.create(&session, None, None, now).await.expect("an answer"), Created::Yes);
        let again = store.create(&session, None, None, now).await;
        assert!(matches!(again, Err(StoreError::Damaged)), "an id of 122 random bits came twice");
        let read = store.get(&session.id, now).await.expect("an answer").expect("a session");
        assert_eq!((read.kept, read.handshake.state), (session.kept, session.handshake.state));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_id_is_its_customers_until_the_session_ends() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let (customer, id) = (fresh(), fresh());
        let create = async |customer: &str, now| {
            store.create(&session(customer, Some(&id), now), None, None, now).await.expect("an answer")
        };
        assert_eq!(create(&customer, now).await, Created::Yes);
        assert_eq!(create(&customer, now + 599_999).await, Created::CorrelationIdUsed);
        assert_eq!(create(&fresh(), now).await, Created::Yes);
        assert_eq!(create(&customer, now + 600_000).await, Created::Yes);
        assert_eq!(create(&customer, now + 600_000).await, Created::CorrelationIdUsed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_create_writes_nothing() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let (customer, id, key) = (fresh(), fresh(), fresh());
        store.create(&session(&customer, Some(&id), now), None, None, now).await.expect("an answer");
        let once = Once { key: key.clone(), body: fresh() };
        let refused = session(&customer, Some(&id), now);
        let answer = store.create(&refused, Some(&once), None, now).await.expect("an answer");
        assert_eq!(answer, Created::CorrelationIdUsed);
        assert_eq!(engine.item(&format!("session#{}", refused.id)).await, None);
        assert_eq!(engine.item(&format!("idempotency#{customer}#{key}")).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_leads_to_its_session_even_beside_a_used_correlation_id() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let (customer, id) = (fresh(), fresh());
        let once = Once { key: fresh(), body: fresh() };
        let first = session(&customer, Some(&id), now);
        assert_eq!(store.create(&first, Some(&once), None, now).await.expect("an answer"), Created::Yes);
        let again = store.create(&session(&customer, Some(&id), now), Some(&once), None, now).await;
        let known = Created::KeyUsed { session: first.id, body: once.body };
        assert_eq!(again.expect("an answer"), known);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_overtaken_is_made_again_on_the_newer_session() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let session = created(&store, now).await;
        let mut calls = 0;
        let change = |found: &mut Session| {
            calls += 1;
            if calls == 1 {
                let faster = store.update(&session.id, now, append("a"));
                block_in_place(|| Handle::current().block_on(faster)).expect("a change");
            }
            found.kept.push('b');
            Ok::<_, Refusal>(())
        };
        let (after, ()) = store.update(&session.id, now, change).await.expect("a change");
        assert_eq!((after.kept.as_str(), calls), ("ab", 2));
        assert_eq!(store.get(&session.id, now).await.expect("an answer").expect("a session").kept, "ab");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_refuses_or_changes_nothing_writes_nothing() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let session = created(&store, now).await;
        let key = format!("session#{}", session.id);
        let before = engine.item(&key).await;
        let refuse = |session: &mut Session| {
            session.kept.push('x');
            Err::<(), _>(Refusal::Used)
        };
        assert!(matches!(store.update(&session.id, now, refuse).await, Err(UpdateError::Refused(Refusal::Used))));
        store.update(&session.id, now, |_| Ok::<_, Refusal>(())).await.expect("nothing to do");
        assert_eq!(engine.item(&key).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_absent_although_its_item_is_there() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let session = created(&store, now).await;
        let end = session.expires_at;
        assert!(store.get(&session.id, end - 1).await.expect("an answer").is_some());
        assert!(store.get(&session.id, end).await.expect("an answer").is_none());
        let late: Changed = store.update(&session.id, end, append("x")).await;
        assert!(matches!(late, Err(UpdateError::Absent)));
        assert!(engine.item(&format!("session#{}", session.id)).await.is_some());
        let unknown: Changed = store.update(&fresh(), now, append("x")).await;
        assert!(matches!(unknown, Err(UpdateError::Absent)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_is_full_at_its_limit_and_empty_in_the_next_window() {
    for engine in Engine::all().await {
        let (counters, limit) = (engine.counters_at(&engine.url), limit(2));
        let now = now() / 60_000 * 60_000 + 59_000;
        for expected in [None, None, Some(1_000), Some(1_000)] {
            assert_eq!(counters.count(&limit, now).await.expect("an answer"), expected);
        }
        assert_eq!(counters.count(&limit, now + 1_000).await.expect("an answer"), None);
        assert_eq!((count_of(&engine, &limit, now).await, count_of(&engine, &limit, now + 1_000).await), (2, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_changes_with_all_its_counters_or_nothing_does() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now() / 60_000 * 60_000 + 1_000);
        let session = created(&store, now).await;
        let (wide, narrow) = (limit(5), limit(1));
        let both = [Count::Add(wide.clone()), Count::Add(narrow.clone())];
        counted(&store, &session, now, &both).await.expect("room for one");
        let full = counted(&store, &session, now, &both).await;
        assert!(matches!(full, Err(UpdateError::Limited { wait_ms: 59_000 })));
        let full = counted(&store, &session, now, &[Count::Check(narrow.clone())]).await;
        assert!(matches!(full, Err(UpdateError::Limited { .. })));
        assert_eq!(store.get(&session.id, now).await.expect("an answer").expect("a session").kept, "+");
        assert_eq!((count_of(&engine, &wide, now).await, count_of(&engine, &narrow, now).await), (1, 1));

        counted(&store, &session, now, &both.map(|count| Count::GiveBack(count_limit(count)))).await.expect("given");
        assert_eq!((count_of(&engine, &wide, now).await, count_of(&engine, &narrow, now).await), (0, 0));
        counted(&store, &session, now, &[Count::Check(narrow.clone())]).await.expect("room again");
        assert_eq!(count_of(&engine, &narrow, now).await, 0);
    }
}

fn count_limit(count: Count) -> sna_sessions::Limit {
    match count {
        Count::Add(limit) | Count::Check(limit) | Count::GiveBack(limit) => limit,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_item_is_an_error_and_not_an_absent_session() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        for damage in ["", "{", "[]", "{}", "null"] {
            let session = created(&store, now).await;
            let request = engine.client().update_item().table_name(engine.sessions_table());
            let request = request.key("pk", AttributeValue::S(format!("session#{}", session.id)));
            let request = request.update_expression("SET #s = :damage").expression_attribute_names("#s", "session");
            let request = request.expression_attribute_values(":damage", AttributeValue::S(damage.to_owned()));
            request.send().await.expect("damage");
            assert!(matches!(store.get(&session.id, now).await, Err(StoreError::Damaged)), "{damage:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_as_many_pass_as_the_limit_says() {
    for engine in Engine::all().await {
        let (counters, limit, now) = (Arc::new(engine.counters_at(&engine.url)), limit(7), now());
        let one = |_| {
            let (counters, limit) = (counters.clone(), limit.clone());
            async move { counters.count(&limit, now).await.expect("an answer") }
        };
        let passed = (0..40).map(one).collect::<JoinSet<_>>().join_all().await;
        assert_eq!(passed.iter().filter(|wait| wait.is_none()).count(), 7, "{}", engine.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_sessions_with_one_correlation_id_one_begins() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        let (customer, id) = (fresh(), fresh());
        let one = |_| {
            let (store, session) = (store.clone(), session(&customer, Some(&id), now));
            async move { store.create(&session, None, None, now).await.expect("an answer") }
        };
        let answers = (0..40).map(one).collect::<JoinSet<_>>().join_all().await;
        assert_eq!(answers.iter().filter(|created| **created == Created::Yes).count(), 1, "{}", engine.name);
    }
}
