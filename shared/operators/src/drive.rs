//! The operators of a deployment: which adapter serves a network, and its steps.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sna_adapter::{Call, Context, Manifest, Operation, Outcome, Reply, Verdict};
use sna_config::Env;

use crate::{
    Operator, Table,
    adapters::Adapters,
    fit,
    http::Http,
    jwt,
    load::Adapter,
    number,
    step::{Errand, Step},
    table::Network,
};

/// The most characters of an adapter's words that the log gets.
const MAX_DETAIL: usize = 200;

/// The operators of this deployment.
pub struct Operators {
    table: Table,
    public_url: String,
    pub(crate) adapters: Adapters,
    http: Http,
    keys: jwt::Keys,
    /// Network -> the cause that was logged last.
    reported: Mutex<HashMap<String, String>>,
}

/// What an adapter may know of a session.
#[derive(Clone, Default)]
pub struct Session {
    /// Whose session it is: an operator may know this customer by an account of its own. No adapter sees it.
    pub customer: String,
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
        Self::read(env, public_url, |env, name| env.optional(name))
    }

    /// The same for what asks no operator and needs no secret: whatever the table refers to is taken to be there.
    pub fn without_secrets(env: &mut Env<'_>, public_url: &str) -> Option<Self> {
        Self::read(env, public_url, |_, _| Some("0".repeat(64)))
    }

    fn read(env: &mut Env<'_>, public_url: &str, secret: impl Fn(&Env<'_>, &str) -> Option<String>) -> Option<Self> {
        let json = env.parsed("OPERATORS", |text| match text.strip_prefix("file:") {
            Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{text}: {error}")),
            None => Err("must be file:<path>".to_owned()),
        })?;
        let table = Table::parse(&json, |name| secret(env, name));
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

    /// Builds the HTTP clients that the table's operators are called with. Nothing is called.
    pub fn warm(&self) {
        let served = self.table.networks().filter_map(|(_, network)| match network {
            Network::Served(operator) => Some(operator.allow_loopback),
            Network::Mvno { .. } | Network::Known { .. } => None,
        });
        let kinds: BTreeSet<bool> = served.collect();
        kinds.into_iter().for_each(|allow_loopback| self.http.0.warm(allow_loopback));
    }

    /// The manifest of the adapter that serves `network` for `customer`. Nothing is loaded.
    pub fn manifest(&self, network: &str, customer: &str) -> Result<Arc<Manifest>, Verdict> {
        let operator = self.table.get(network).and_then(|operator| operator.of(customer));
        let operator = operator.ok_or(Verdict::NetworkUnsupported)?;
        self.adapters.manifest(&operator.adapter).map_err(|error| {
            self.log(&operator.adapter, network, Verdict::ConfigError, error.to_string());
            Verdict::ConfigError
        })
    }

    /// Is a [`Operation::Validate`]'s payload none that this operator gives a handset? The adapter's pure first look
    /// alone: nothing is asked, logged or ended, and whatever else it says will be said again by [`Self::run`].
    pub fn is_malformed(&self, network: &str, operation: Operation, session: &Session, now: u64) -> bool {
        let Ok((operator, adapter)) = self.serving(network, &session.customer) else { return false };
        let call = Call { operation, context: self.context(operator, session.clone(), now), journal: Vec::new() };
        matches!(adapter.step(&call), Ok(Reply::Malformed { .. }))
    }

    /// Runs one step for `network` at `now` (Unix milliseconds).
    ///
    /// `Err` is the verdict on an attempt that could not be finished; its cause is in the log.
    pub async fn run(&self, network: &str, operation: Operation, session: Session, now: u64) -> Result<Done, Verdict> {
        let msisdn = session.msisdn.clone();
        self.try_run(network, operation, session, now).await.map_err(|(verdict, detail)| {
            let adapter = self.table.get(network).map_or("", |operator| &operator.adapter);
            self.log(adapter, network, verdict, words(&detail, &msisdn));
            verdict
        })
    }

    async fn try_run(
        &self,
        network: &str,
        operation: Operation,
        session: Session,
        now: u64,
    ) -> Result<Done, (Verdict, String)> {
        let (operator, adapter) = self.serving(network, &session.customer)?;
        let deadlines = adapter.manifest.deadlines;
        let step = Step {
            adapter: &adapter,
            http: &self.http,
            keys: &self.keys,
            errand: Errand {
                operator,
                nonce: session.nonce.clone(),
                deadline: Duration::from_millis(deadlines.request.min(operator.deadline_ms)),
                now: now / 1000,
            },
        };
        let call = Call { operation, context: self.context(operator, session, now), journal: Vec::new() };
        let done = tokio::time::timeout(Duration::from_millis(deadlines.step), step.run(call)).await;
        done.unwrap_or_else(|_| Err((Verdict::OperatorTimeout, "the whole step took too long".into())))
    }

    /// The operator as `customer` uses it, and its adapter, if the two fit.
    fn serving(&self, network: &str, customer: &str) -> Result<(&Operator, Adapter), (Verdict, String)> {
        let unsupported = || (Verdict::NetworkUnsupported, "no operator serves this customer's session".to_owned());
        let operator = self.table.get(network).and_then(|operator| operator.of(customer)).ok_or_else(unsupported)?;
        let broken = |detail| (Verdict::ConfigError, detail);
        let adapter = self.adapters.get(&operator.adapter).map_err(|error| broken(error.to_string()))?;
        let faults = fit::faults(operator, &adapter.manifest);
        if faults.is_empty() { Ok((operator, adapter)) } else { Err(broken(faults.join("; "))) }
    }

    pub(crate) fn context(&self, operator: &Operator, session: Session, now: u64) -> Context {
        let enrichment = operator.enrichment.as_ref();
        Context {
            msisdn: session.msisdn,
            client_ip: session.client_ip,
            source_ip: session.source_ip,
            callback_uri: format!("{}/v1/callback/{}", self.public_url, operator.adapter),
            enrich_uri: enrichment.map(|enrichment| enrichment.uri(&operator.adapter)).unwrap_or_default(),
            state: session.state,
            nonce: session.nonce,
            verifier: session.verifier,
            challenge: session.challenge,
            now: now / 1000,
            config: operator.config.clone(),
            kept: session.kept,
        }
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
}

/// An adapter's words for the log: short, and never with the number, which it was told not to quote.
fn words(detail: &str, msisdn: &str) -> String {
    if number::quotes(detail, msisdn) {
        return "withheld: it quotes the number".into();
    }
    detail.chars().take(MAX_DETAIL).collect()
}
