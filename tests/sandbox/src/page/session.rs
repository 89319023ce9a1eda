//! The phone of a browser that has the page open, and the shop's session on it. One browser is one phone, known by a
//! cookie, as a shop knows its visitors; only the shop's backend has what the session holds.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, header};
use serde_json::Value;
use uuid::Uuid;

use crate::{gateway::Device, handset::Handset};

/// Browsers remembered; the oldest go first.
const KEPT: usize = 50;
const COOKIE: &str = "sandbox=";

#[derive(Default)]
pub struct Sessions(Mutex<VecDeque<Arc<Session>>>);

pub struct Session {
    id: Uuid,
    visit: Mutex<Visit>,
}

/// What goes on in a browser.
#[derive(Clone)]
pub struct Visit {
    pub device: Device,
    pub handset: Arc<Handset>,
    /// Is the shop an app, or a page of the phone's browser?
    pub app: bool,
    pub correlation_id: String,
    /// The answer of `get_config`; null before it.
    pub config: Value,
}

impl Sessions {
    pub fn of(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let id = lines.flat_map(|line| line.split(';')).find_map(|cookie| cookie.trim().strip_prefix(COOKIE))?;
        let id: Uuid = id.parse().ok()?;
        self.kept().iter().find(|session| session.id == id).cloned()
    }

    /// A new one; its `Set-Cookie`.
    pub fn open(&self, visit: Visit) -> String {
        let session = Session { id: Uuid::new_v4(), visit: visit.into() };
        let cookie = format!("{COOKIE}{}; Path=/; HttpOnly; SameSite=Strict", session.id);
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(session));
        cookie
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// As it is now.
    pub fn visit(&self) -> Visit {
        self.locked().clone()
    }

    pub fn set(&self, visit: Visit) {
        *self.locked() = visit;
    }

    fn locked(&self) -> MutexGuard<'_, Visit> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
