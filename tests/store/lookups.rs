//! What a lookup said of a number: kept for a while, read with the customer's record, dropped when an operator says
//! otherwise.

use gateway_tests::{
    Gateway,
    engine::Engine,
    faults::{Faults, Proxy},
    steps::Customer,
};
use sna_customers::{CustomerId, Customers};
use sna_numbers::{Network, Portability};
use sna_sessions::{Created, Heard, Once, Reason, Recall, Recalled, Session, Store};

use crate::{fresh, now, session};

fn portability() -> Portability {
    Portability { network: Network::parse("VODAFONE").ok(), ported: true }
}

fn heard(said: Option<Portability>, expires_at: u64) -> Heard {
    Heard { key: fresh(), said, expires_at }
}

async fn recall(engine: &Engine, store: &Store, key: &str, now: u64) -> Recalled {
    let customers = engine.customers();
    let recall = Recall { customer: "nobody", customers: Some(customers.table()), cached: Some(key), once: None };
    store.recall(&recall, now).await.expect("an answer")
}

/// A session whose network a cached lookup named, and the lookup.
async fn looked_up(store: &Store, now: u64) -> (Session, Heard) {
    let heard = heard(Some(portability()), now + 60_000);
    let mut session = session(&fresh(), None, now);
    session.looked_up = Some(heard.key.clone());
    assert_eq!(store.create(&session, None, Some(&heard), now).await.expect("an answer"), Created::Yes);
    (session, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_is_recalled_until_it_expires() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        for said in [Some(portability()), Some(Portability { network: None, ported: false }), None] {
            let heard = heard(said.clone(), now + 60_000);
            assert_eq!(recall(&engine, &store, &heard.key, now).await.cached, None);
            let session = session(&fresh(), Some("once"), now);
            assert_eq!(store.create(&session, None, Some(&heard), now).await.expect("an answer"), Created::Yes);
            assert_eq!(recall(&engine, &store, &heard.key, now + 59_999).await.cached, Some(said));
            assert_eq!(recall(&engine, &store, &heard.key, now + 60_000).await.cached, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_later_word_replaces_the_earlier_and_a_refused_session_leaves_none() {
    let (engine, now) = (Engine::embedded().await, now());
    let store = engine.store();
    let customer = fresh();
    let first = heard(Some(portability()), now + 60_000);
    let second = Heard { said: None, ..first.clone() };
    for (heard, correlation_id) in [(&first, "a"), (&second, "b")] {
        let session = session(&customer, Some(correlation_id), now);
        assert_eq!(store.create(&session, None, Some(heard), now).await.expect("an answer"), Created::Yes);
    }
    assert_eq!(recall(&engine, &store, &first.key, now).await.cached, Some(None));
    let again = session(&customer, Some("a"), now);
    let refused = store.create(&again, None, Some(&first), now).await.expect("an answer");
    assert_eq!(refused, Created::CorrelationIdUsed);
    assert_eq!(recall(&engine, &store, &first.key, now).await.cached, Some(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_number_and_idempotency_key_are_read_in_one_request() {
    let (engine, now) = (Engine::embedded().await, now());
    let (store, customers) = (engine.store(), engine.customers());
    let gateway = Gateway::over(&engine, &engine.url).await;
    let id = CustomerId::parse(&gateway.customer.client_id).expect("an id");
    let (once, heard) = (Once { key: fresh(), body: fresh() }, heard(None, now + 60_000));
    let session = session(id.as_str(), None, now);
    store.create(&session, Some(&once), Some(&heard), now).await.expect("an answer");

    let recall = Recall {
        customer: id.as_str(),
        customers: Some(customers.table()),
        cached: Some(&heard.key),
        once: Some(&once),
    };
    let known = store.recall(&recall, now).await.expect("an answer");
    let customer = Customers::read(&id, &known.customer.expect("an item")).expect("a customer");
    assert_eq!(customer, customers.get(&id).await.expect("an answer").expect("a customer"));
    assert_eq!(known.cached, Some(None));
    assert_eq!(known.used, Some(Created::KeyUsed { session: session.id, body: once.body.clone() }));

    let nothing =
        Recall { customer: "nobody", customers: Some(customers.table()), cached: Some("nothing"), once: None };
    let known = store.recall(&nothing, now).await.expect("an answer");
    assert!(known.customer.is_none() && known.cached.is_none() && known.used.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_does_not_know_the_number_drops_what_the_lookup_said() {
    for engine in Engine::all().await {
        let (store, now) = (engine.store(), now());
        for (reason, kept) in
            [(Reason::SubscriberUnknown, false), (Reason::Mismatch, true), (Reason::NetworkUnsupported, true)]
        {
            let (session, heard) = looked_up(&store, now).await;
            store.update(&session.id, now, |session| session.arrive(now)).await.expect("written");
            assert!(recall(&engine, &store, &heard.key, now).await.cached.is_some());
            store.update(&session.id, now, |session| session.record(reason, None)).await.expect("written");
            let cached = recall(&engine, &store, &heard.key, now).await.cached;
            assert_eq!(cached.is_some(), kept, "{reason}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_change_of_the_session_does_not_drop_what_was_heard_since() {
    let (engine, now) = (Engine::embedded().await, now());
    let store = engine.store();
    let (first, heard) = looked_up(&store, now).await;
    store.update(&first.id, now, |session| session.arrive(now)).await.expect("written");
    let ended = store.update(&first.id, now, |session| session.record(Reason::SubscriberUnknown, None)).await;
    ended.expect("written");
    let second = session(&fresh(), None, now);
    store.create(&second, None, Some(&heard), now).await.expect("an answer");
    let once = Once { key: fresh(), body: fresh() };
    let remember = |session: &mut Session| {
        session.remember(once.clone(), Reason::SubscriberUnknown, now);
        Ok::<_, ()>(())
    };
    store.update(&first.id, now, remember).await.expect("written");
    assert_eq!(recall(&engine, &store, &heard.key, now).await.cached, Some(Some(portability())));
}

#[tokio::test(flavor = "multi_thread")]
async fn get_config_reads_once_and_writes_once() {
    let (engine, faults) = (Engine::embedded().await, Faults::default());
    let proxy = Proxy::start(&engine.url, &faults).await;
    let gateway = Gateway::over(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&gateway).await;
    // The customer is known the second time, and nothing else is to be read.
    for (reads, correlation_id, write) in [(1, None, "PutItem"), (0, Some(fresh()), "TransactWriteItems")] {
        faults.heal();
        let mut form = vec![("msisdn", "+447700900620"), ("client_ip", "148.252.128.20")];
        form.extend(correlation_id.as_ref().map(|id| ("correlation_id", id.as_str())));
        assert_eq!(customer.get_config(&form).await.0, 200);
        assert_eq!((faults.asked("BatchGetItem"), faults.asked(write), faults.asked("")), (reads, 1, reads + 1));
    }
    let looking = Gateway::over_with_lookup(&engine, &proxy.url).await;
    let customer = Customer::sign_in(&looking).await;
    for (asked, writes) in [("looked up", "TransactWriteItems"), ("kept from before", "PutItem")] {
        faults.heal();
        let form = [("msisdn", "+447700900649"), ("client_ip", "82.132.128.49")];
        let (status, json) = customer.get_config(&form).await;
        assert_eq!(status, 200, "{asked}: {json}");
        assert_eq!((faults.asked("BatchGetItem"), faults.asked(writes), faults.asked("")), (1, 1, 2), "{asked}");
    }
}
