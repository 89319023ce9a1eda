//! Access tokens whose signature held a moment ago. A customer shows one of them for an hour, and a signature is most of what
//! looking at it takes. Only the same text counts, to the last byte, and its times are looked at each time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{AccessToken, mint::Registered};

/// All are forgotten when there are more: 200 KB.
pub(crate) const MOST: usize = 256;

#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<String, (Registered, AccessToken)>>);

impl Kept {
    pub(crate) fn get(&self, token: &str) -> Option<(Registered, AccessToken)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// Of a token that verifies and nothing else: who has none can fill nothing.
    pub(crate) fn put(&self, token: &str, read: (Registered, AccessToken)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(token.to_owned(), read);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
