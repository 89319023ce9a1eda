//! The last requests that the operators received, for tests. Method and path only: queries and bodies hold
//! codes and numbers.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::profiles::Network;

use super::Operators;

/// How many are kept.
const KEPT: usize = 200;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Unix milliseconds.
    pub time: u64,
    pub operator: Network,
    pub method: String,
    /// Without the query.
    pub path: String,
    /// None while there is no answer, and for ever if the caller gave up.
    pub status: Option<u16>,
}

#[derive(Default)]
pub struct Log(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    seen: VecDeque<Seen>,
    /// How many were pushed out at the front: the index of an entry is its number less this.
    dropped: usize,
}

impl Log {
    pub fn list(&self) -> Vec<Seen> {
        self.kept().seen.iter().cloned().collect()
    }

    fn begin(&self, seen: Seen) -> usize {
        let mut kept = self.kept();
        kept.seen.push_back(seen);
        if kept.seen.len() > KEPT {
            kept.seen.pop_front();
            kept.dropped += 1;
        }
        kept.dropped + kept.seen.len() - 1
    }

    fn end(&self, number: usize, status: u16) {
        let mut kept = self.kept();
        let entry = number.checked_sub(kept.dropped).and_then(|at| kept.seen.get_mut(at));
        if let Some(entry) = entry {
            entry.status = Some(status);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Middleware of the routers.
pub async fn record(State(operators): State<Operators>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(operator) = path.split('/').nth(1).and_then(|id| operators.network(id)).cloned() else {
        return next.run(request).await;
    };
    let method = request.method().to_string();
    let number = operators.0.log.begin(Seen { time: super::now(), operator, method, path, status: None });
    let response = next.run(request).await;
    operators.0.log.end(number, response.status().as_u16());
    response
}
