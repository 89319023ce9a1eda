//! A step, the host's answers as data, and the driver between them.

use serde_json::{Value, json};
use sna_adapter::{
    Adapter, Answer, Arrival, Ask, Call, Context, Entry, HttpResponse, MAX_ASKS, Operation, Outcome, Reply,
    Unreachable, Verdict, step,
};

/// Unix seconds.
pub const NOW: u64 = 1_800_000_000;

/// How a step ended.
#[derive(Debug, PartialEq)]
pub enum End {
    Malformed,
    Verdict(Verdict),
}

pub use End::Malformed;

/// One step, and what the host has to say to each of its asks.
#[derive(Clone)]
pub struct Step {
    pub adapter: &'static dyn Adapter,
    pub operation: Operation,
    pub context: Context,
    /// In the order of the asks.
    pub answers: Vec<Answer>,
}

impl Step {
    pub fn reply(&self, journal: &[Entry]) -> Reply {
        let call = Call { operation: self.operation.clone(), context: self.context.clone(), journal: journal.to_vec() };
        step(self.adapter, call)
    }

    /// As the host drives it: the journal, and the last reply.
    pub fn drive(&self) -> (Vec<Entry>, Reply) {
        let mut journal = Vec::new();
        loop {
            match self.reply(&journal) {
                Reply::Ask { ask } => {
                    let answer = self.answers.get(journal.len()).expect("no more asks than answers").clone();
                    journal.push(Entry { ask, answer });
                    assert!(journal.len() <= MAX_ASKS);
                }
                end => return (journal, end),
            }
        }
    }

    pub fn end(&self) -> End {
        match self.drive().1 {
            Reply::Done { outcome: Outcome::Verdict { verdict }, .. } => End::Verdict(verdict),
            Reply::Failed { verdict, detail } => {
                assert_ne!(verdict, Verdict::Match, "{detail}");
                assert!(!detail.contains(&self.context.msisdn[4..]), "{detail}");
                End::Verdict(verdict)
            }
            Reply::Malformed { .. } => End::Malformed,
            _ => panic!("a step that ends with a verdict"),
        }
    }

    pub fn verdict(&self) -> Verdict {
        match self.end() {
            End::Verdict(verdict) => verdict,
            End::Malformed => panic!("malformed"),
        }
    }

    /// The same step with another answer to ask number `at`.
    pub fn with(&self, at: usize, answer: Answer) -> Self {
        let mut other = self.clone();
        other.answers[at] = answer;
        other
    }

    pub fn asks(&self) -> Vec<Ask> {
        self.drive().0.into_iter().map(|entry| entry.ask).collect()
    }
}

pub fn context(msisdn: &str, config: Value) -> Context {
    Context {
        msisdn: msisdn.into(),
        callback_uri: "https://gateway.example/v1/callback/op".into(),
        enrich_uri: "http://he.example/v1/enrich/op".into(),
        state: "STATE".into(),
        nonce: "NONCE".into(),
        verifier: "VERIFIER".into(),
        now: NOW,
        config,
        ..Context::default()
    }
}

pub fn arrive() -> Operation {
    Operation::Arrive { request: Arrival { method: "GET".into() } }
}

pub fn http(status: u16, body: &Value) -> Answer {
    text(status, &body.to_string())
}

pub fn text(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse { status, headers: [].into(), body: body.into() })
}

pub fn unreachable(reason: Unreachable) -> Answer {
    Answer::Unreachable { reason }
}

/// Refusals that mean the same at every endpoint.
pub fn transport() -> Vec<(Answer, Verdict)> {
    use Verdict::*;
    vec![
        (http(504, &json!({})), OperatorTimeout),
        (http(429, &json!({})), OperatorRateLimited),
        (http(500, &json!({})), OperatorError),
        (text(503, "<html>maintenance</html>"), OperatorError),
        (http(302, &json!({})), OperatorError),
        (text(200, "not json"), OperatorError),
        (text(200, "{}"), OperatorError),
        (http(401, &json!({})), ConfigError),
        (unreachable(Unreachable::Timeout), OperatorTimeout),
        (unreachable(Unreachable::Failed), OperatorError),
        (unreachable(Unreachable::TooLarge), OperatorError),
        (unreachable(Unreachable::Forbidden), ConfigError),
        (Answer::Rejected, ConfigError),
    ]
}

/// `value` with this put at the JSON pointer; null takes the member away.
pub fn put(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if new.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), new);
    }
    value
}
