//! An endpoint whose secrets may change while it runs: they are read again when they are older than five minutes, and the
//! endpoint is built again if one of them is another.
//!
//! The request that finds them too old reads them before it is answered, for at most a second. Beside it or after it would
//! not do: Lambda freezes the process as soon as the answer has left, for hours perhaps, and the first request after that
//! would be judged by keys as old as the freeze. Then no wait would be long enough between publishing a key and signing
//! with it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use sna_config::{Env, Problems, Secrets, Values};
use tracing::Span;

use crate::{Answer, ApiError, Edge, Endpoint, Listener, Request};

/// The most that a secret's age comes to, in milliseconds, as long as it can be read.
pub const MAX_AGE_MS: u64 = 5 * 60 * 1000;

/// Between two tries while it cannot, in milliseconds. More than [`LONGEST`]: so there is one at a time.
const RETRY_MS: u64 = 30 * 1000;

/// What a request waits for it; and the start, for the store.
const LONGEST: Duration = Duration::from_secs(1);

/// What the start waits for it, of the 10 s that Lambda gives it (AWS Lambda, "Init phase").
const LONGEST_AT_START: Duration = Duration::from_secs(5);

/// A variable's value by its name.
type Read = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// An endpoint's `from_env`.
pub type Build<E> = fn(&mut Env<'_>) -> Option<E>;

/// An endpoint that follows its secrets.
pub struct Live<E> {
    read: Read,
    build: Build<E>,
    secrets: Option<Secrets>,
    edge: Edge,
    built: Mutex<Arc<Built<E>>>,
    /// When the secrets are read again, in Unix milliseconds. Whoever moves it on does it.
    due: AtomicU64,
}

struct Built<E> {
    endpoint: E,
    of: Arc<Values>,
}

impl<E> Live<E> {
    /// Configures an endpoint at `now` (Unix milliseconds): by `read`, and where that has nothing by the secrets that its
    /// `SECRETS` names.
    ///
    /// # Errors
    /// Everything that is wrong, a secret that cannot be read included.
    pub async fn start(
        read: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        build: Build<E>,
        now: u64,
    ) -> Result<Self, Problems> {
        let mut env = Env::from_fn(&read);
        let secrets = Secrets::from_env(&mut env);
        let mut of = Arc::default();
        if let Some(secrets) = &secrets {
            match secrets.read(LONGEST_AT_START).await {
                Ok(values) => of = Arc::new(values),
                Err(problems) => problems.iter().for_each(|what| env.problem("SECRETS", what)),
            }
        }
        env.fall_back_on(Arc::clone(&of));
        let (edge, endpoint) = (Edge::from_env(&mut env), build(&mut env));
        let endpoint = env.finish(endpoint)?;
        let (built, due) = (Mutex::new(Arc::new(Built { endpoint, of })), AtomicU64::new(now + MAX_AGE_MS));
        Ok(Self { read: Box::new(read), build, secrets, edge, built, due })
    }

    pub fn edge(&self) -> Edge {
        self.edge
    }

    /// The endpoint by secrets that are new enough, or by the old ones where they cannot be had.
    async fn current(&self, now: u64) -> Arc<Built<E>> {
        if let Some(secrets) = &self.secrets
            && self.is_mine_to_read(now)
        {
            match self.again(secrets).await {
                Ok(()) => self.due.store(now + MAX_AGE_MS, Ordering::Relaxed),
                Err(problems) => {
                    Span::current().record("secrets_stale", 1);
                    tracing::error!(problems, "the secrets could not be read again, the old ones stay");
                }
            }
        }
        self.built()
    }

    /// Are the secrets too old, and does nobody else read them now?
    fn is_mine_to_read(&self, now: u64) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        let next = now + RETRY_MS;
        now >= due && self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// What is built again begins with nothing: connections, operators' keys, adapters. An adapter is loaded once more on its
    /// first use and the old one never unloaded, so each change of a secret costs the memory of the adapters in use. That is
    /// once a rotation; secrets that are the same change nothing.
    async fn again(&self, secrets: &Secrets) -> Result<(), String> {
        let told = |problems: Vec<String>| format!("SECRETS {}", problems.join("\nSECRETS "));
        let of = Arc::new(secrets.read(LONGEST).await.map_err(told)?);
        if self.built().of == of {
            return Ok(());
        }
        let mut env = Env::from_fn(&self.read);
        env.fall_back_on(Arc::clone(&of));
        let endpoint = (self.build)(&mut env);
        let endpoint = env.finish(endpoint).map_err(|problems| problems.to_string())?;
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Built { endpoint, of });
        tracing::info!("a secret has changed");
        Ok(())
    }

    fn built(&self) -> Arc<Built<E>> {
        Arc::clone(&self.built.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<E: Endpoint> Endpoint for Live<E> {
    const PATH: &'static str = E::PATH;
    const METHODS: &'static [&'static str] = E::METHODS;

    /// For a second at most.
    async fn warm(&self) {
        let _ = tokio::time::timeout(LONGEST, self.built().endpoint.warm()).await;
    }

    async fn handle(&self, request: &Request, now: u64) -> Result<Answer, ApiError> {
        self.current(now).await.endpoint.handle(request, now).await
    }
}

impl<L: Listener> Listener for Live<L> {
    const NAME: &'static str = L::NAME;

    async fn hear(&self, event: &Value, now: u64) -> Result<Value, String> {
        self.current(now).await.endpoint.hear(event, now).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// Whose store never answers.
    struct Deaf;

    impl Endpoint for Deaf {
        const PATH: &'static str = "/deaf";
        const METHODS: &'static [&'static str] = &["GET"];

        async fn warm(&self) {
            std::future::pending::<()>().await;
        }

        async fn handle(&self, _: &Request, _: u64) -> Result<Answer, ApiError> {
            Answer::json(&())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_never_answers_keeps_the_start_for_a_second_and_no_longer() {
        let live = Live::start(|_| None, |_| Some(Deaf), 0).await.unwrap();
        let started = tokio::time::Instant::now();
        live.warm().await;
        assert_eq!(started.elapsed(), LONGEST);
    }
}
