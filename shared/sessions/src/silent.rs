//! The rules of the silent attempt: one a session, one exchange an attempt, one "true" an exchange.

use serde::{Deserialize, Serialize};

use crate::{
    Proof, Reason, Refusal, Session,
    secrets::{equal, hash},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub(crate) enum Silent {
    Idle,
    /// The handset was sent to the operator.
    Arrived {
        since: u64,
    },
    /// Its return was claimed; the operator is being asked.
    Exchanging {
        since: u64,
    },
    Ended {
        since: u64,
        reason: Reason,
        proof: Option<String>,
    },
}

impl Silent {
    pub(crate) fn since(&self) -> Option<u64> {
        match self {
            Self::Idle => None,
            Self::Arrived { since } | Self::Exchanging { since } | Self::Ended { since, .. } => Some(*since),
        }
    }

    pub(crate) fn ended(&self) -> Option<Reason> {
        match self {
            Self::Ended { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

impl Session {
    /// The handset opened the link: the one silent attempt of this session begins.
    pub fn arrive(&mut self, now: u64) -> Result<(), Refusal> {
        if self.answered || self.silent != Silent::Idle {
            return Err(Refusal::Used);
        }
        self.silent = Silent::Arrived { since: now };
        Ok(())
    }

    /// The operator sent the handset back: claims the one exchange. `Ok(false)`: `state` was tampered with.
    pub fn begin_exchange(&mut self, state: &str) -> Result<bool, Refusal> {
        match self.silent {
            Silent::Arrived { since } if !self.answered => {
                self.silent = Silent::Exchanging { since };
                Ok(equal(state, &self.handshake.state))
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    /// The attempt has ended. A match leaves with a `proof`; anything else has none.
    pub fn record(&mut self, reason: Reason, proof: Option<&Proof>) -> Result<(), Refusal> {
        match self.silent {
            Silent::Arrived { since } | Silent::Exchanging { since } => {
                let proof = proof.filter(|_| reason == Reason::Match).map(Proof::hash);
                self.silent = Silent::Ended { since, reason, proof };
                Ok(())
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    /// The customer shows the proof: `Match`, once.
    pub fn answer(&mut self, proof: &str) -> Result<(), Refusal> {
        if self.answered {
            return Err(Refusal::Used);
        }
        match &self.silent {
            Silent::Ended { reason: Reason::Match, proof: Some(kept), .. } if equal(&hash(proof), kept) => {
                self.answered = true;
                Ok(())
            }
            _ => Err(Refusal::WrongProof),
        }
    }
}
