//! Drives an adapter's step: calls it, does what it asks, calls it again with a longer journal.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sna_adapter::{
    Answer, Ask, Call, Context, Entry, MAX_ASKS, MAX_KEPT, Operation, Outcome, Reply, Unreachable, Verdict,
};
use sna_config::Env;

use crate::{Operator, Table, http::Http, jwt, load::Adapters};

/// A step's asks in all: an API Gateway in front of us gives up at 29 s.
const WHOLE_STEP: Duration = Duration::from_secs(15);
/// The most characters of an adapter's words that the log gets.
const MAX_DETAIL: usize = 200;

/// The operators of this deployment.
pub struct Operators {
    table: Table,
    public_url: String,
    adapters: Adapters,
    http: Http,
    keys: jwt::Keys,
    /// Network -> the cause that was logged last.
    reported: Mutex<HashMap<String, String>>,
}

/// What an adapter may know of a session.
#[derive(Clone, Default)]
pub struct Session {
    /// E.164 with `+`.
    pub msisdn: String,
    pub client_ip: String,
    pub source_ip: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// S256 of `verifier`.
    pub challenge: String,
    pub kept: String,
}

/// A finished step.
pub struct Done {
    pub outcome: Outcome,
    /// To be kept in the session for the next step.
    pub kept: String,
}

impl Operators {
    /// `OPERATORS=file:<path>` is the table; `ADAPTERS`, else `adapters` beside the executable, the adapters.
    pub fn from_env(env: &mut Env<'_>, public_url: &str) -> Option<Self> {
        let json = env.parsed("OPERATORS", |text| match text.strip_prefix("file:") {
            Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{text}: {error}")),
            None => Err("must be file:<path>".to_owned()),
        })?;
        let table = Table::parse(&json, |name| env.optional(name));
        let table = table.map_err(|error| env.problem("OPERATORS", &error.to_string())).ok()?;
        let beside = || Some(std::env::current_exe().ok()?.parent()?.join("adapters"));
        let Some(directory) = env.optional("ADAPTERS").map(PathBuf::from).or_else(beside) else {
            env.problem("ADAPTERS", "is not set");
            return None;
        };
        Some(Self::new(table, directory, public_url))
    }

    /// `directory` holds the adapters and their manifest; nothing is loaded before its first use.
    pub fn new(table: Table, directory: PathBuf, public_url: &str) -> Self {
        Self {
            table,
            public_url: public_url.to_owned(),
            adapters: Adapters::new(directory),
            http: Http::default(),
            keys: jwt::Keys::default(),
            reported: Mutex::default(),
        }
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Runs one step for `network` at `now` (Unix milliseconds).
    ///
    /// `Err` is the verdict on an attempt that could not be finished; its cause is in the log.
    pub async fn run(&self, network: &str, operation: Operation, session: Session, now: u64) -> Result<Done, Verdict> {
        let operator = self.table.get(network).ok_or(Verdict::NetworkUnsupported)?;
        let msisdn = session.msisdn.clone();
        let context = Context {
            msisdn: session.msisdn,
            client_ip: session.client_ip,
            source_ip: session.source_ip,
            callback_uri: format!("{}/v1/callback/{}", self.public_url, operator.adapter),
            state: session.state,
            nonce: session.nonce,
            verifier: session.verifier,
            challenge: session.challenge,
            now: now / 1000,
            config: operator.config.clone(),
            kept: session.kept,
        };
        let step = self.step(operator, Call { operation, context, journal: Vec::new() });
        let result = tokio::time::timeout(WHOLE_STEP, step).await;
        result.unwrap_or_else(|_| Err((Verdict::OperatorTimeout, "the whole step took too long".into()))).map_err(
            |(verdict, detail)| {
                self.log(&operator.adapter, network, verdict, words(&detail, &msisdn));
                verdict
            },
        )
    }

    /// What somebody must repair is an error, told once for each cause and not at every attempt.
    fn log(&self, adapter: &str, network: &str, verdict: Verdict, detail: String) {
        if verdict != Verdict::ConfigError {
            tracing::warn!(adapter, network, %verdict, detail, "attempt ended");
            return;
        }
        tracing::warn!(adapter, network, %verdict, "attempt ended");
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.get(network) != Some(&detail) {
            tracing::error!(adapter, network, cause = detail, "operator unavailable");
            reported.insert(network.to_owned(), detail);
        }
    }

    async fn step(&self, operator: &Operator, mut call: Call) -> Result<Done, (Verdict, String)> {
        let broken = |detail: String| (Verdict::ConfigError, detail);
        let adapter = self.adapters.get(&operator.adapter).map_err(|error| broken(error.to_string()))?;
        loop {
            let ask = match adapter.step(&call).map_err(|error| broken(error.to_string()))? {
                Reply::Done { kept, .. } if kept.len() > MAX_KEPT => {
                    return Err(broken("it keeps more than 4 KiB".into()));
                }
                Reply::Done { outcome, .. } if !is_answer_to(&call.operation, &outcome) => {
                    return Err(broken("it answered another operation".into()));
                }
                Reply::Done { outcome, .. } if sends_to(&outcome).is_some_and(|uri| !operator.lists(uri)) => {
                    return Err(broken("it sends the handset to an origin that is not listed".into()));
                }
                Reply::Done { outcome, kept } => return Ok(Done { outcome, kept }),
                Reply::Failed { verdict: Verdict::Match, .. } => {
                    return Err(broken("it failed with a match".into()));
                }
                Reply::Failed { verdict, detail } => return Err((verdict, detail)),
                Reply::Ask { .. } if call.journal.len() >= MAX_ASKS => {
                    return Err(broken("it asks too often in one step".into()));
                }
                Reply::Ask { ask } => ask,
            };
            let answer = self.answer(operator, &ask, call.context.now).await;
            call.journal.push(Entry { ask, answer });
        }
    }

    async fn answer(&self, operator: &Operator, ask: &Ask, now: u64) -> Answer {
        match ask {
            Ask::Http(request) => self.http.send(operator, request, now).await,
            Ask::Sign { claims } => jwt::sign(&operator.credentials, claims)
                .map_or(Answer::Unreachable { reason: Unreachable::Forbidden }, |jwt| Answer::Signed { jwt }),
            Ask::Verify { jwt, jwks_uri } => self.keys.verify(&self.http, operator, jwt, jwks_uri, now).await,
        }
    }
}

fn is_answer_to(operation: &Operation, outcome: &Outcome) -> bool {
    match operation {
        Operation::Plan => matches!(outcome, Outcome::Authorize(_)),
        Operation::Arrive { .. } => !matches!(outcome, Outcome::Authorize(_)),
        Operation::Callback { .. } | Operation::Validate { .. } => matches!(outcome, Outcome::Verdict { .. }),
    }
}

/// Where the handset is sent, if not to ourselves.
fn sends_to(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Redirect { uri } => Some(uri),
        Outcome::Authorize(authorize) => authorize.uri.as_deref(),
        _ => None,
    }
}

/// An adapter's words for the log: short, and never with the number, which it was told not to quote.
fn words(detail: &str, msisdn: &str) -> String {
    // Nine digits are the number in its national form too.
    let number = msisdn.get(msisdn.len().saturating_sub(9)..).unwrap_or_default();
    if !number.is_empty() && detail.contains(number) {
        return "withheld: it quotes the number".into();
    }
    detail.chars().take(MAX_DETAIL).collect()
}
