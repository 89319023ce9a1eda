//! An environment that dies at each of its requests to DynamoDB and SNS in turn, before or after it is done: what was
//! asked for never happens twice, and whoever asks again comes to an end.

use std::{sync::Arc, sync::atomic::AtomicU64, time::Duration};

use gateway_tests::faults::{Fault, Order};
use serde_json::Value;

use crate::{
    bench::{Answer, Bench, Instance, Mishap, Request},
    check::{self, counted, stored},
    client::{Customer, Started, handset},
};

const SILENT_GAP: Duration = Duration::from_secs(5);
const RESEND_GAP: Duration = Duration::from_secs(30);

struct Scene {
    bench: Bench,
    instance: Instance,
    customer: Customer,
    sessions: usize,
    /// Those that were begun, and when the first was.
    begun: Vec<String>,
    since: u64,
}

impl Scene {
    async fn new() -> Self {
        let bench = Bench::start().await;
        let instance = bench.instance(Arc::new(AtomicU64::new(0))).await;
        let customer = Customer::register(&bench, &instance, "shop", 1_000_000).await;
        let since = instance.now();
        Self { bench, instance, customer, sessions: 0, begun: Vec::new(), since }
    }

    fn get_config(&mut self) -> Request {
        self.sessions += 1;
        self.customer.get_config(&handset(false, 20).0, &format!("session-{}", self.sessions))
    }

    async fn start(&mut self) -> Started {
        let request = self.get_config();
        let started = Started::of(&self.well(&request).await, &self.customer, handset(false, 20));
        self.begun.push(started.id.clone());
        started
    }

    /// Every session was answered by a code in the end; nothing was counted twice, and nothing was left out.
    async fn is_counted(&self) {
        let mut facts = Vec::new();
        for id in &self.begun {
            facts.push(check::facts(&stored(&self.bench, id).await, true));
        }
        let counted = counted(&self.bench, "shop", self.since, self.instance.now()).await;
        assert_eq!(counted, check::sum(facts.into_iter()));
    }

    /// A request that nothing happens to.
    async fn well(&self, request: &Request) -> Answer {
        self.instance.call(request, None).await.expect("an answer")
    }

    /// Dies at the `at`-th request; `true` if it came that far.
    async fn die(&self, request: &Request, at: usize, fault: Fault) -> bool {
        let order = Order { on: "", skip: at, times: 1, fault };
        self.instance.call(request, Some(Mishap { order, kills: true })).await.is_none()
    }

    async fn validate(&self, body: &Value) -> Answer {
        self.well(&self.customer.post("/v1/validate", &body.to_string())).await
    }

    fn code(&self, session: &Started) -> String {
        let newest = self.bench.world.inbox().messages(&session.number);
        newest[0].text.rsplit_once('#').expect("a code").1.to_owned()
    }

    fn messages(&self, session: &Started) -> u64 {
        self.bench.world.inbox().publishes(&session.number)
    }

    /// Whatever became of the silent way, a code by SMS still works, once.
    async fn falls_back(&self, session: &Started) {
        self.instance.advance(SILENT_GAP);
        assert_eq!(self.well(&session.send()).await.status, 200);
        let body = session.guess(&self.code(session));
        assert_eq!(self.validate(&body).await.json["authenticated"], "true");
        assert_eq!(self.validate(&body).await.status, 400);
    }
}

/// Before and after each request to DynamoDB and SNS; no endpoint makes as many.
fn places() -> impl Iterator<Item = (usize, Fault)> {
    (0..8).flat_map(|at| [(at, Fault::Hang), (at, Fault::HangDone)])
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_get_config_dies_the_same_request_begins_the_session() {
    let mut scene = Scene::new().await;
    let mut deaths = 0;
    for (at, fault) in places() {
        let request = scene.get_config();
        let died = scene.die(&request, at, fault).await;
        let first = scene.well(&request).await;
        let again = scene.well(&request).await;
        assert_eq!((first.status, &first.json["id_token"]), (200, &again.json["id_token"]), "{at} {fault:?}");
        deaths += usize::from(died);
    }
    assert!(deaths >= 4, "died in {deaths} places only");
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_silent_way_dies_there_is_one_exchange_and_a_code_still_works() {
    let mut scene = Scene::new().await;
    let mut deaths = 0;
    for (at, fault) in places() {
        let session = scene.start().await;
        let died = scene.die(&session.arrive(), at, fault).await;
        assert!(matches!(scene.well(&session.arrive()).await.status, 302 | 400));
        scene.falls_back(&session).await;
        deaths += usize::from(died);
    }
    assert!(deaths >= 4, "died in {deaths} places only");
    let mut deaths = 0;
    for (at, fault) in places() {
        let session = scene.start().await;
        session.learn(&scene.well(&session.arrive()).await);
        let callback = session.callback().await.expect("a way back");
        let before = scene.bench.world.operators().requests().len();
        let died = scene.die(&callback, at, fault).await;
        let again = scene.well(&callback).await;
        assert!(!died || matches!(again.status, 200 | 400), "{at} {fault:?}");
        let requests = scene.bench.world.operators().requests();
        let exchanges = requests[before.min(requests.len())..].iter().filter(|seen| seen.path.ends_with("/token"));
        assert!(exchanges.count() <= 1, "{at} {fault:?}");
        scene.falls_back(&session).await;
        deaths += usize::from(died);
    }
    assert!(deaths >= 6, "died in {deaths} places only");
    scene.is_counted().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_send_dies_there_is_at_most_one_message_and_another_may_follow() {
    let mut scene = Scene::new().await;
    let mut deaths = 0;
    for (at, fault) in places() {
        let session = scene.start().await;
        let before = scene.messages(&session);
        let died = scene.die(&session.send(), at, fault).await;
        let sent = scene.messages(&session) - before;
        let recorded = stored(&scene.bench, &session.id).await["otp"]["sends"].as_u64().unwrap_or(0);
        assert!(sent <= recorded && recorded <= 1, "{at} {fault:?}: {sent} sent, {recorded} recorded");
        scene.instance.advance(RESEND_GAP);
        scene.falls_back(&session).await;
        assert_eq!(scene.messages(&session) - before, sent + 1);
        deaths += usize::from(died);
    }
    assert!(deaths >= 6, "died in {deaths} places only");
    scene.is_counted().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_guess_dies_it_is_counted_at_most_once_and_true_is_given_once() {
    let mut scene = Scene::new().await;
    let mut deaths = 0;
    for (at, fault) in places() {
        let session = scene.start().await;
        assert_eq!(scene.well(&session.send()).await.status, 200);
        let code = scene.code(&session);
        let wrong = session.guess(&gateway_tests::steps::another(&code)).to_string();
        let died = scene.die(&scene.customer.post("/v1/validate", &wrong), at, fault).await;
        let attempts = stored(&scene.bench, &session.id).await["otp"]["code"]["attempts"].as_u64().expect("a number");
        assert!(attempts <= 1 && (died || attempts == 1), "{at} {fault:?}: {attempts}");

        let right = scene.customer.post("/v1/validate", &session.guess(&code).to_string());
        let right = right.with("idempotency-key", "key");
        let died = scene.die(&right, at, fault).await && died;
        let spent = stored(&scene.bench, &session.id).await["answered"] == true;
        // Nobody was told; with the key the customer learns it, and without it nobody does.
        let stranger = scene.validate(&session.guess(&code)).await;
        assert_eq!(stranger.json["authenticated"] == "true", !spent, "{at} {fault:?}");
        let again = scene.well(&right).await;
        assert_eq!(again.json["authenticated"] == "true", spent, "{at} {fault:?}: {}", again.json);
        deaths += usize::from(died);
    }
    assert!(deaths >= 4, "died in {deaths} places only");
    scene.is_counted().await;
}
