//! Plays a plan: three workers at once, each with an environment of its own, on two sessions of one customer, while
//! another customer tries what it has stolen. Everything that is seen is written down.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use crate::{
    bench::{Answer, Bench, Instance, Mishap, Request},
    client::{Customer, Started, handset},
    plan::{Act, Plan, SESSIONS, SKEWS, Step},
};

/// Wrong codes a day for one number of the customer.
pub const WRONG_CODES: u64 = 7;

/// What was seen of one request.
#[derive(Debug)]
pub struct Seen {
    pub act: Act,
    /// The index of the session.
    pub on: usize,
    /// The idempotency key, and the body that it came with.
    pub key: Option<(String, String)>,
    /// The time of the environment when the request began.
    pub at: u64,
    /// `None`: the environment died of it.
    pub answer: Option<Answer>,
    /// Requests to DynamoDB and SNS that it caused.
    pub asked: usize,
}

/// A worker's environment, and one that a doubled request goes to.
pub struct Worker([Instance; 2]);

pub struct Lane {
    pub workers: Vec<Worker>,
    /// Digits of two handsets that own their numbers.
    o2: bool,
}

/// A history that was played.
pub struct Played {
    /// The customer of all sessions.
    pub customer: String,
    pub sessions: Vec<Arc<Started>>,
    pub seen: Vec<Seen>,
    /// Messages that were there before, by number.
    pub before: HashMap<String, u64>,
    pub thief: Customer,
}

impl Lane {
    pub async fn new(bench: &Bench, o2: bool) -> Self {
        let mut workers = Vec::new();
        for _ in SKEWS {
            let clock = Arc::new(AtomicU64::new(0));
            workers.push(Worker([bench.instance(clock.clone()).await, bench.instance(clock).await]));
        }
        Self { workers, o2 }
    }

    pub async fn play(&self, bench: &Bench, plan: &Plan, name: &str) -> Played {
        for (worker, skew) in self.workers.iter().zip(SKEWS) {
            worker.0[0].clock.store(skew.as_millis() as u64, Ordering::SeqCst);
        }
        let first = &self.workers[0].0[0];
        let id = format!("a{name}");
        let customer = Customer::register(bench, first, &id, WRONG_CODES).await;
        let thief = Customer::register(bench, first, &format!("b{name}"), WRONG_CODES).await;
        let (mut sessions, mut before) = (Vec::new(), HashMap::new());
        for index in 0..SESSIONS {
            let handset = handset(self.o2, if index == 0 || plan.one_number { 20 } else { 33 });
            before.insert(handset.0.clone(), bench.world.inbox().publishes(&handset.0));
            let request = customer.get_config(&handset.0, &format!("{name}-{index}"));
            // The clocks differ: the second session begins where it is a minute later.
            let answer = self.workers[index].0[0].call(&request, None).await.expect("an answer");
            sessions.push(Arc::new(Started::of(&answer, &customer, handset)));
        }
        // The names that one customer gives its sessions and requests are nothing to another.
        let request = thief.get_config(&sessions[0].number, &format!("{name}-0"));
        let answer = first.call(&request, None).await.expect("an answer");
        let own = Started::of(&answer, &thief, (sessions[0].number.clone(), sessions[0].source_ip));
        assert_ne!(own.id, sessions[0].id, "a key of another customer opened a session");
        let seen = Mutex::new(Vec::new());
        let stage = Stage { bench, lane: self, sessions: &sessions, thief: &thief, seen: &seen };
        let workers = self.workers.iter().zip(&plan.workers);
        let stage = &stage;
        let work = workers.map(async |(worker, steps)| {
            for step in steps {
                stage.play(worker, *step).await;
            }
        });
        futures_util::future::join_all(work).await;
        Played { customer: id, seen: seen.into_inner().expect("a lock"), sessions, before, thief }
    }
}

struct Stage<'a> {
    bench: &'a Bench,
    lane: &'a Lane,
    sessions: &'a [Arc<Started>],
    thief: &'a Customer,
    seen: &'a Mutex<Vec<Seen>>,
}

impl Stage<'_> {
    async fn play(&self, Worker([one, two]): &Worker, step: Step) {
        let session = &self.sessions[step.on];
        let code = || self.newest_code(&session.number);
        let validate = |body: Value| session.customer.post("/v1/validate", &body.to_string());
        let request = match step.act {
            Act::Jump { seconds } => {
                for worker in &self.lane.workers {
                    worker.0[0].advance(Duration::from_secs(seconds));
                }
                None
            }
            Act::Arrive => Some(session.arrive()),
            Act::Return => session.callback().await,
            Act::Send => Some(session.send()),
            Act::Prove { .. } => session.proof().map(validate),
            Act::Guess { right, .. } => code().map(|code| {
                let guess = if right { code } else { gateway_tests::steps::another(&code) };
                validate(session.guess(&guess))
            }),
            Act::Steal { code: false } => {
                session.proof().map(|body| self.thief.post("/v1/validate", &body.to_string()))
            }
            Act::Steal { code: true } => {
                code().map(|code| self.thief.post("/v1/validate", &session.guess(&code).to_string()))
            }
        };
        let Some(mut request) = request else { return };
        let mut key = None;
        if let Act::Guess { keyed: true, .. } | Act::Prove { keyed: true } = step.act {
            // One key for each act: with another body it is refused.
            let name = format!("{:?}", step.act);
            request = request.with("idempotency-key", &name);
            key = Some((name, request.body.clone()));
        }
        if step.twice {
            let other = self.call(two, step, None, &request, &key);
            futures_util::future::join(self.call(one, step, step.mishap, &request, &key), other).await;
        } else {
            self.call(one, step, step.mishap, &request, &key).await;
        }
    }

    async fn call(
        &self,
        instance: &Instance,
        step: Step,
        mishap: Option<Mishap>,
        request: &Request,
        key: &Option<(String, String)>,
    ) {
        let at = instance.now();
        let answer = instance.call(request, mishap).await;
        let session = &self.sessions[step.on];
        if let (Act::Arrive | Act::Return, Some(answer)) = (step.act, &answer) {
            session.learn(answer);
        }
        let asked = instance.faults.asked("");
        let seen = Seen { act: step.act, on: step.on, key: key.clone(), at, answer, asked };
        self.seen.lock().expect("a lock").push(seen);
    }

    fn newest_code(&self, number: &str) -> Option<String> {
        let messages = self.bench.world.inbox().messages(number);
        messages.first()?.text.rsplit_once('#').map(|(_, code)| code.to_owned())
    }
}
