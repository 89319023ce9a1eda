//! The SMS that were sent, and the faults that a test may order for a number.
//! One bounded queue for all numbers: an SMS gateway that runs for a week must not grow.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

/// Messages kept, over all numbers; the oldest go first.
const KEPT: usize = 1000;

/// One SMS as the handset shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    pub text: String,
    /// Unix milliseconds.
    pub at: u64,
    /// The sender's name, where the publisher asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

/// How publishing to one number goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 403 `AuthorizationError`; nothing is sent.
    Refuse,
    /// 400 `OptedOut`; nothing is sent.
    OptedOut,
    /// 400, the account has spent its month; nothing is sent.
    SpendLimit,
    /// 400, the account is in the SMS sandbox and the number is not verified; nothing is sent.
    Sandboxed,
    /// 400 `Throttling`; nothing is sent.
    Throttle,
    /// 500 `InternalFailure`; nothing is sent.
    Internal,
    /// 200 with a message id, and nothing is sent: what SNS does where it finds out too late that it must not.
    Lose,
    /// The SMS is sent, and the answer never comes.
    Hang,
    /// The SMS is sent, and the connection breaks before the answer.
    Drop,
}

/// Shared by the SNS endpoint, the page and the tests.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    messages: VecDeque<(String, Sms)>,
    faults: HashMap<String, Fault>,
    publishes: HashMap<String, u64>,
}

impl Inbox {
    /// The messages of one number (E.164), newest first.
    #[must_use]
    pub fn messages(&self, msisdn: &str) -> Vec<Sms> {
        let state = self.state();
        let its_own = state.messages.iter().rev().filter(|(to, _)| to == msisdn);
        its_own.map(|(_, sms)| sms.clone()).collect()
    }

    /// From now on publishing to this number fails so.
    pub fn fail(&self, msisdn: &str, fault: Fault) {
        self.state().faults.insert(msisdn.to_owned(), fault);
    }

    /// Publishing to this number works again.
    pub fn heal(&self, msisdn: &str) {
        self.state().faults.remove(msisdn);
    }

    /// How often a valid `Publish` for this number arrived, whatever became of it.
    #[must_use]
    pub fn publishes(&self, msisdn: &str) -> u64 {
        self.state().publishes.get(msisdn).copied().unwrap_or(0)
    }

    /// Takes note of a publish and says how it shall go.
    pub(crate) fn arrive(&self, msisdn: &str) -> Option<Fault> {
        let mut state = self.state();
        // The count is for tests and pages with a few dozen numbers; a flood of others only empties it.
        if state.publishes.len() >= KEPT {
            state.publishes.clear();
        }
        *state.publishes.entry(msisdn.to_owned()).or_default() += 1;
        state.faults.get(msisdn).copied()
    }

    pub(crate) fn deliver(&self, msisdn: &str, sms: Sms) {
        let mut state = self.state();
        if state.messages.len() >= KEPT {
            state.messages.pop_front();
        }
        state.messages.push_back((msisdn.to_owned(), sms));
    }

    /// A panic elsewhere leaves the queue usable: each change of it is one push or one insert.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbox, KEPT, Sms};

    fn sms(text: &str) -> Sms {
        Sms { text: text.into(), at: 1, sender: None }
    }

    #[test]
    fn a_number_sees_its_own_messages_newest_first() {
        let inbox = Inbox::default();
        inbox.deliver("+447700900620", sms("first"));
        inbox.deliver("+447700900920", sms("of another"));
        inbox.deliver("+447700900620", sms("second"));
        assert_eq!(inbox.messages("+447700900620"), [sms("second"), sms("first")]);
    }

    #[test]
    fn the_oldest_messages_go_when_the_queue_is_full() {
        let inbox = Inbox::default();
        for n in 0..=KEPT {
            inbox.deliver("+447700900620", sms(&n.to_string()));
        }
        let kept = inbox.messages("+447700900620");
        assert_eq!((kept.len(), kept.last()), (KEPT, Some(&sms("1"))));
    }
}
