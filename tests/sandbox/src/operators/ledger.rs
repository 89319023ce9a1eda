//! What the operators remember: transactions, each under one random handle that the next step uses up and replaces. So a
//! link that was followed, a code that was redeemed and a token that was spent are simply no longer there.

use std::collections::HashMap;

use serde_json::Value;

use crate::profiles::Network;
use crate::scenarios::Scenario;

use super::flow::Back;
use super::now;

/// Milliseconds: a step of the handset.
pub const STEP_LIFETIME: u64 = 300_000;
/// Milliseconds: a code (RFC 6749 4.1.2 allows ten minutes at most).
pub const CODE_LIFETIME: u64 = 60_000;

/// One attempt of a handset, from the authorize request to the resource. No `Debug`: the number is personal.
#[derive(Clone)]
pub struct Transaction {
    pub network: Network,
    /// That of the device which came to the authorize endpoint.
    pub scenario: Scenario,
    pub back: Back,
    /// OpenID Connect's, where the family has it.
    pub nonce: String,
    /// PKCE, S256 (RFC 7636), where the operator wants it.
    pub code_challenge: Option<String>,
    /// What else the family must find again at a later step.
    pub data: Value,
    /// The cookie that says that it is still the same browser.
    pub browser: String,
    /// The number that the network authenticated, in E.164.
    pub msisdn: Option<String>,
    /// How many of the network's further redirects the handset has followed.
    pub hops: usize,
    /// Unix milliseconds.
    pub started: u64,
}

impl Transaction {
    /// One that begins now.
    pub fn new(network: Network, scenario: Scenario, back: Back) -> Result<Transaction, getrandom::Error> {
        Ok(Transaction {
            network,
            scenario,
            back,
            nonce: String::new(),
            code_challenge: None,
            data: Value::Null,
            browser: random()?,
            msisdn: None,
            hops: 0,
            started: now(),
        })
    }
}

/// What a handle is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The plain-http hop.
    Seam,
    /// Back from the hop.
    Resume,
    /// The consent page.
    Consent,
    /// The authorization code.
    Code,
    /// The access token.
    Token,
}

#[derive(Default)]
pub struct Ledger {
    held: HashMap<(Step, String), (Transaction, u64)>,
    /// Code -> the token that it gave, until the token expires.
    redeemed: HashMap<String, (String, u64)>,
    /// `jti` of the client assertions that were used, until they expire.
    assertions: HashMap<String, u64>,
}

impl Ledger {
    /// Keeps the transaction for `lifetime` milliseconds. Returns the new handle.
    pub fn put(&mut self, step: Step, tx: Transaction, now: u64, lifetime: u64) -> Result<String, getrandom::Error> {
        self.forget(now);
        let handle = random()?;
        self.held.insert((step, handle.clone()), (tx, now + lifetime));
        Ok(handle)
    }

    /// Uses the handle up.
    pub fn take(&mut self, step: Step, network: &Network, handle: &str, now: u64) -> Option<Transaction> {
        self.forget(now);
        let key = (step, handle.to_owned());
        self.held.get(&key).filter(|(tx, _)| tx.network == *network)?;
        self.held.remove(&key).map(|(tx, _)| tx)
    }

    /// Looks without using up.
    pub fn peek(&mut self, step: Step, network: &Network, handle: &str, now: u64) -> Option<Transaction> {
        self.forget(now);
        let (tx, _) = self.held.get(&(step, handle.to_owned()))?;
        (tx.network == *network).then(|| tx.clone())
    }

    /// Uses the code up. A code that comes again takes with it the token that it gave (RFC 6749 4.1.2).
    pub fn take_code(&mut self, network: &Network, code: &str, now: u64) -> Option<Transaction> {
        if let Some((token, _)) = self.redeemed.remove(code) {
            self.held.remove(&(Step::Token, token));
        }
        self.take(Step::Code, network, code, now)
    }

    /// A new access token for the code.
    pub fn issue(&mut self, code: &str, tx: Transaction, now: u64, lifetime: u64) -> Result<String, getrandom::Error> {
        let token = self.put(Step::Token, tx, now, lifetime)?;
        self.redeemed.insert(code.to_owned(), (token.clone(), now + lifetime));
        Ok(token)
    }

    /// Remembers a `jti` until `expires` (Unix milliseconds); false if it was used before.
    pub fn first_use(&mut self, jti: &str, expires: u64, now: u64) -> bool {
        self.forget(now);
        self.assertions.insert(jti.to_owned(), expires).is_none()
    }

    fn forget(&mut self, now: u64) {
        self.held.retain(|_, (_, expires)| *expires > now);
        self.redeemed.retain(|_, (_, expires)| *expires > now);
        self.assertions.retain(|_, expires| *expires > now);
    }
}

/// 128 random bits in hexadecimal.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::profiles::tests::network;

    fn transaction() -> Transaction {
        let back = Back { redirect_uri: "http://127.0.0.1/".to_owned(), state: None, correlation_id: None, iss: None };
        Transaction::new(network("o2"), Scenario::OwnNumber, back).unwrap()
    }

    #[test]
    fn a_handle_is_good_until_its_lifetime_is_over() {
        let mut ledger = Ledger::default();
        let handle = ledger.put(Step::Token, transaction(), 1_000, 500).unwrap();
        assert!(ledger.peek(Step::Token, &network("o2"), &handle, 1_499).is_some());
        assert!(ledger.peek(Step::Token, &network("o2"), &handle, 1_500).is_none());
    }

    #[test]
    fn a_handle_is_good_for_one_step_of_one_operator_once() {
        let mut ledger = Ledger::default();
        let handle = ledger.put(Step::Code, transaction(), 0, 10).unwrap();
        assert!(ledger.take(Step::Token, &network("o2"), &handle, 1).is_none());
        assert!(ledger.take(Step::Code, &network("vodafone"), &handle, 1).is_none());
        assert!(ledger.take(Step::Code, &network("o2"), &handle, 1).is_some());
        assert!(ledger.take(Step::Code, &network("o2"), &handle, 1).is_none());
    }

    #[test]
    fn a_jti_is_remembered_until_its_assertion_expires() {
        let mut ledger = Ledger::default();
        assert!(ledger.first_use("j", 100, 0));
        assert!(!ledger.first_use("j", 100, 99));
        assert!(ledger.first_use("j", 300, 100));
    }
}
