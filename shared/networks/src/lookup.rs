//! Who serves a number now: one question to one source, as the deployment configures it.
//!
//! A source is bought and may be down, so nothing depends on it: no answer in time is `Unavailable`, and the holder of
//! the range is believed instead. The number is never logged, nor is a URL that holds it.

mod breaker;
mod config;
mod dns;
mod form;
mod tel;

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sna_config::Env;
use sna_numbers::{Msisdn, Network, Portability};
use sna_operators::{Operators, Unreachable};

use self::breaker::Breaker;

/// What a lookup says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    Found(Portability),
    /// There is no such subscriber.
    Unknown,
    /// Down, slow, nonsense, left alone for now, or not configured.
    Unavailable,
}

/// A source that can be asked who serves a number. `Ok(None)`: nobody does.
pub(crate) trait Lookup: Send + Sync {
    fn look<'a>(&'a self, number: &'a Msisdn) -> Looking<'a>;
}

pub(crate) type Looking<'a> = Pin<Box<dyn Future<Output = Result<Option<Carrier>, Fault>> + Send + 'a>>;

/// Who serves a number, in the source's words. At least one of the two names is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carrier {
    /// The source's own id of the carrier.
    pub spid: Option<String>,
    /// Mobile country and network code.
    pub mcc_mnc: Option<(u16, u16)>,
    pub ported: bool,
}

/// Why a source gave no answer. Never with the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Timeout,
    Unreachable(Unreachable),
    /// An HTTP status, or a DNS response code.
    Status(u16),
    /// An answer that cannot be one to this question.
    Broken(&'static str),
}

/// The deployment's source, and which of our networks its words mean.
pub struct Lookups {
    source: Option<Box<dyn Lookup>>,
    carriers: Carriers,
    deadline: Duration,
    keep: Keep,
    breaker: Mutex<Breaker>,
}

/// How long an answer stays good, in milliseconds: a port takes about a day, a new subscription less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    pub found: u64,
    pub unknown: u64,
}

impl Lookups {
    /// `LOOKUP=file:<path>` is the source; without it nobody is ever asked.
    pub fn from_env(env: &mut Env<'_>, operators: &Operators) -> Option<Self> {
        let Some(text) = env.optional("LOOKUP") else { return Some(Self::none()) };
        let read = || {
            let path = text.strip_prefix("file:").ok_or("must be file:<path>")?;
            let json = std::fs::read_to_string(path).map_err(|error| format!("{text}: {error}"))?;
            config::parse(&json, &|name| env.optional(name), Carriers::of(operators))
        };
        read().map_err(|error: String| env.problem("LOOKUP", &error)).ok()
    }

    fn none() -> Self {
        Self {
            source: None,
            carriers: Carriers::default(),
            deadline: Duration::ZERO,
            keep: Keep { found: 0, unknown: 0 },
            breaker: Mutex::default(),
        }
    }

    /// Is there a source at all?
    pub fn is_configured(&self) -> bool {
        self.source.is_some()
    }

    /// How long an answer stays good.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Asks the source once, for as long as the deadline lasts. `now`: Unix milliseconds.
    pub async fn look(&self, number: &Msisdn, now: u64) -> Looked {
        let Some(source) = &self.source else { return Looked::Unavailable };
        if !self.breaker().admits(now) {
            tracing::info!(outcome = "left alone", "lookup");
            return Looked::Unavailable;
        }
        let started = Instant::now();
        let answer = tokio::time::timeout(self.deadline, source.look(number)).await.unwrap_or(Err(Fault::Timeout));
        let ms = started.elapsed().as_millis() as u64;
        match answer {
            Ok(carrier) => {
                tracing::info!(outcome = if carrier.is_some() { "found" } else { "unknown" }, ms, "lookup");
                self.breaker().succeeded();
                carrier.map_or(Looked::Unknown, |carrier| Looked::Found(self.carriers.meaning(&carrier)))
            }
            Err(fault) => {
                tracing::warn!(outcome = "failed", ?fault, ms, "lookup");
                self.breaker().failed(now);
                Looked::Unavailable
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of our networks a source's words mean.
#[derive(Default)]
pub(crate) struct Carriers {
    spids: HashMap<String, Network>,
    /// `None`: several networks of the table share the code, so it says nothing.
    codes: HashMap<(u16, u16), Option<Network>>,
}

impl Carriers {
    /// By the codes of the operators' manifests.
    fn of(operators: &Operators) -> Self {
        let mut carriers = Self::default();
        for (network, codes) in operators.mobile_codes() {
            let Ok(network) = Network::parse(network) else { continue };
            for code in codes.iter().filter_map(|code| mcc_mnc(code)) {
                let shared = |held: &mut Option<Network>| *held = None;
                carriers.codes.entry(code).and_modify(shared).or_insert_with(|| Some(network.clone()));
            }
        }
        carriers
    }

    /// `name`: a source's id of a carrier, or `MCC-MNC`. It goes before what the manifests say.
    fn name(&mut self, name: &str, network: Network) {
        match mcc_mnc(name) {
            Some(code) => drop(self.codes.insert(code, Some(network))),
            None => drop(self.spids.insert(name.to_owned(), network)),
        }
    }

    fn meaning(&self, carrier: &Carrier) -> Portability {
        let by_spid = carrier.spid.as_ref().and_then(|spid| self.spids.get(spid));
        let by_code = || carrier.mcc_mnc.and_then(|code| self.codes.get(&code)?.as_ref());
        Portability { network: by_spid.or_else(by_code).cloned(), ported: carrier.ported }
    }
}

/// `234-15`. Sources differ in the leading zeros of an MNC, so it is compared as a number.
fn mcc_mnc(text: &str) -> Option<(u16, u16)> {
    let (mcc, mnc) = text.split_once('-')?;
    codes(mcc, mnc)
}

/// A mobile country code of three digits, a network code of one to three.
fn codes(mcc: &str, mnc: &str) -> Option<(u16, u16)> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let good = mcc.len() == 3 && (1..=3).contains(&mnc.len()) && digits(mcc) && digits(mnc);
    if good { Some((mcc.parse().ok()?, mnc.parse().ok()?)) } else { None }
}

#[cfg(test)]
#[path = "lookup/tests.rs"]
mod tests;
