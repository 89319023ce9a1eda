//! Plays the host: runs a step against an aggregator that is a function of what it is asked.

use serde_json::{Value, json};
use sna_adapter::{
    Adapter, Answer, Arrival, Ask, Call, Context, Entry, HttpRequest, HttpResponse, MAX_ASKS, Operation, Outcome,
    Params, Reply, Unreachable, Verdict, step,
};

pub const NUMBER: &str = "+12065550120";
/// Without its `+`.
pub const DIGITS: &str = "12065550120";
/// Bytes: the most that a check may keep.
pub const SMALL: usize = 2048 + 256;
/// Unix seconds.
pub const NOW: u64 = 1_800_000_000;

/// What was asked, and how the step ended.
pub struct Ran {
    pub journal: Vec<Entry>,
    pub reply: Reply,
}

impl Ran {
    /// The verdict, in whichever way it was said.
    pub fn verdict(&self) -> Verdict {
        match &self.reply {
            Reply::Done { outcome: Outcome::Verdict { verdict }, .. } | Reply::Failed { verdict, .. } => *verdict,
            other => panic!("no verdict: {}", serde_json::to_string(other).unwrap()),
        }
    }

    pub fn is_match(&self) -> bool {
        matches!(self.reply, Reply::Done { outcome: Outcome::Verdict { verdict: Verdict::Match }, .. })
    }

    /// The request that was made as number `at`.
    pub fn request(&self, at: usize) -> &HttpRequest {
        match &self.journal[at].ask {
            Ask::Http(request) => request,
            _ => panic!("no HTTP request"),
        }
    }

    /// The body of request `at`.
    pub fn body(&self, at: usize) -> Value {
        serde_json::from_str(&self.request(at).body).unwrap()
    }

    pub fn kept(&self) -> String {
        match &self.reply {
            Reply::Done { kept, .. } => kept.clone(),
            other => panic!("nothing is kept: {}", serde_json::to_string(other).unwrap()),
        }
    }

    pub fn redirect(&self) -> &str {
        match &self.reply {
            Reply::Done { outcome: Outcome::Redirect { uri }, .. } => uri,
            other => panic!("no redirect: {}", serde_json::to_string(other).unwrap()),
        }
    }
}

/// Runs a step as the host does.
pub fn run(
    adapter: &dyn Adapter,
    operation: &Operation,
    context: &Context,
    mut aggregator: impl FnMut(&Ask) -> Answer,
) -> Ran {
    let mut journal = Vec::new();
    loop {
        let call = Call { operation: operation.clone(), context: context.clone(), journal: journal.clone() };
        let ask = match step(adapter, call) {
            Reply::Ask { ask } => ask,
            reply => {
                if let Reply::Failed { verdict, detail } = &reply {
                    assert_ne!(*verdict, Verdict::Match, "{detail}");
                    assert!(!detail.contains(&NUMBER[4..]), "{detail}");
                }
                return Ran { journal, reply };
            }
        };
        assert!(journal.len() < MAX_ASKS, "it asks too often");
        let answer = aggregator(&ask);
        journal.push(Entry { ask, answer });
    }
}

/// Nobody may be asked.
pub fn nobody(_: &Ask) -> Answer {
    panic!("nobody may be asked")
}

/// These answers in turn, the last one for ever.
pub fn in_turn(answers: Vec<Answer>) -> impl FnMut(&Ask) -> Answer {
    let mut at = 0;
    move |_| {
        at += 1;
        answers[(at - 1).min(answers.len() - 1)].clone()
    }
}

pub fn http(status: u16, body: &Value) -> Answer {
    text(status, &body.to_string())
}

pub fn text(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse { status, headers: [].into(), body: body.into() })
}

/// Refusals that mean the same at every endpoint of every aggregator.
pub fn transport() -> Vec<(Answer, Verdict)> {
    let unreachable = |reason| Answer::Unreachable { reason };
    vec![
        (http(408, &json!({})), Verdict::OperatorTimeout),
        (http(504, &json!({})), Verdict::OperatorTimeout),
        (http(429, &json!({})), Verdict::OperatorRateLimited),
        (http(500, &json!({})), Verdict::OperatorError),
        (text(503, "<html>maintenance</html>"), Verdict::OperatorError),
        (http(302, &json!({})), Verdict::OperatorError),
        (http(204, &json!({})), Verdict::OperatorError),
        (http(401, &json!({})), Verdict::ConfigError),
        (http(403, &json!({})), Verdict::ConfigError),
        (unreachable(Unreachable::Timeout), Verdict::OperatorTimeout),
        (unreachable(Unreachable::Failed), Verdict::OperatorError),
        (unreachable(Unreachable::TooLarge), Verdict::OperatorError),
        (unreachable(Unreachable::Forbidden), Verdict::ConfigError),
        (Answer::Rejected, Verdict::ConfigError),
        (Answer::Decrypted { text: "{}".into() }, Verdict::ConfigError),
    ]
}

pub fn arrive() -> Operation {
    Operation::Arrive { request: Arrival { method: "GET".into() } }
}

pub fn callback(pairs: &[(&str, &str)]) -> Operation {
    Operation::Callback { params: params(pairs) }
}

pub fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub fn context(config: Value) -> Context {
    Context {
        msisdn: NUMBER.into(),
        client_ip: "198.18.0.7".into(),
        callback_uri: "https://gateway.example/v1/callback/op".into(),
        state: "STATE".into(),
        nonce: "NONCE".into(),
        verifier: "VERIFIER".into(),
        challenge: "CHALLENGE".into(),
        now: NOW,
        config,
        ..Context::default()
    }
}
