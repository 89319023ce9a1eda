//! The rules of the one-time password. A send is claimed before it is made; a guess is counted before
//! it is judged (NIST SP 800-63B-4 3.1.3: at least six digits, accepted once, limited guesses).

use serde::{Deserialize, Serialize};

use crate::{
    Proof, Reason, Refusal, Service, Session, Way,
    secrets::{equal, hash},
};

/// A deployment's limits of sending.
#[derive(Clone, Copy, Debug)]
pub struct SendLimits {
    /// How long a code is good, in milliseconds.
    pub life_ms: u64,
    /// Sends a session.
    pub sends: u32,
    /// Between two sends, in milliseconds.
    pub gap_ms: u64,
    /// After a silent attempt began, in milliseconds.
    pub after_silent_ms: u64,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Otp {
    sends: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_send: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Sent>,
}

/// The code that was sent last; an older one is as good as expired.
#[derive(Clone, Serialize, Deserialize)]
struct Sent {
    number: u32,
    mac: String,
    proof: String,
    expires_at: u64,
    attempts: u32,
    /// The code of a test number, which was sent to nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_test: bool,
}

/// A claimed send. Its number binds the code's MAC to this very send.
pub struct SendClaim {
    pub number: u32,
    pub expires_at: u64,
    before: Otp,
}

/// What a guess came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    Right,
    Wrong,
    Expired,
    Exceeded,
    NotSent,
}

impl Session {
    /// Claims the next send; `mac` makes the MAC of its code from the send's number, `proof` is the
    /// `session_id` that the handset will be told.
    pub fn claim_send(
        &mut self,
        now: u64,
        limits: &SendLimits,
        proof: &Proof,
        mac: impl FnOnce(u32) -> String,
    ) -> Result<SendClaim, Refusal> {
        let wait = |since: Option<u64>, gap: u64| {
            let wait_ms = since.map_or(0, |at| (at + gap).saturating_sub(now));
            Some(wait_ms).filter(|ms| *ms > 0)
        };
        if self.answered {
            return Err(Refusal::Used);
        }
        // When a handset asks its operator itself we are not told, so there is nothing to wait for.
        let began = self.silent.since().filter(|_| self.way != Way::Direct);
        if let Some(wait_ms) = wait(began, limits.after_silent_ms) {
            return Err(Refusal::TooSoonAfterSilent { wait_ms });
        }
        if self.otp.sends >= limits.sends {
            return Err(Refusal::TooManySends);
        }
        if let Some(wait_ms) = wait(self.otp.last_send, limits.gap_ms) {
            return Err(Refusal::TooSoonAfterSend { wait_ms });
        }
        let before = self.otp.clone();
        let number = self.otp.sends + 1;
        let expires_at = (now + limits.life_ms).min(self.expires_at);
        let code =
            Some(Sent { number, mac: mac(number), proof: proof.hash(), expires_at, attempts: 0, is_test: false });
        self.otp = Otp { sends: number, last_send: Some(now), code };
        Ok(SendClaim { number, expires_at, before })
    }

    /// The send that was just claimed is of a test number: nothing leaves, so nothing was used.
    pub fn sends_to_nobody(&mut self) {
        if let Some(sent) = &mut self.otp.code {
            sent.is_test = true;
        }
    }

    pub(crate) fn is_test(&self) -> bool {
        self.otp.code.as_ref().is_some_and(|sent| sent.is_test)
    }

    /// Gives a send back that surely was not made. Guesses judged meanwhile stay counted.
    pub fn give_back(&mut self, claim: &SendClaim) {
        let Some(sent) = self.otp.code.as_ref().filter(|sent| sent.number == claim.number) else { return };
        let spent = sent.attempts;
        self.otp = claim.before.clone();
        if let Some(code) = &mut self.otp.code {
            code.attempts = code.attempts.saturating_add(spent);
        }
    }

    /// Is this the `session_id` of the last send?
    pub fn is_otp_proof(&self, proof: &str) -> bool {
        self.otp.code.as_ref().is_some_and(|sent| equal(&hash(proof), &sent.proof))
    }

    /// Judges a guess, at most `attempts` a code; `matches` compares it with the MAC of the send's number.
    ///
    /// The change must be written before the result leaves: that is what counts the guess.
    pub fn guess(
        &mut self,
        now: u64,
        attempts: u32,
        matches: impl FnOnce(u32, &str) -> bool,
    ) -> Result<Guess, Refusal> {
        if self.answered {
            return Err(Refusal::Used);
        }
        let Some(sent) = &mut self.otp.code else { return Ok(Guess::NotSent) };
        if sent.attempts >= attempts {
            return Ok(Guess::Exceeded);
        }
        if sent.expires_at <= now {
            return Ok(Guess::Expired);
        }
        sent.attempts += 1;
        if !matches(sent.number, &sent.mac) {
            let is_over = sent.attempts >= attempts;
            self.ended = is_over.then_some((Service::Otp, Reason::AttemptsExceeded));
            return Ok(Guess::Wrong);
        }
        self.answered = true;
        self.ended = Some((Service::Otp, Reason::Match));
        Ok(Guess::Right)
    }

    /// Sends that count, the time of the last one, and the guesses of its code.
    pub(crate) fn otp_spent(&self) -> (u32, Option<u64>, u32) {
        (self.otp.sends, self.otp.last_send, self.otp.code.as_ref().map_or(0, |sent| sent.attempts))
    }

    /// Sends that count.
    #[cfg(test)]
    pub(crate) fn otp_sends(&self) -> u32 {
        self.otp.sends
    }
}
