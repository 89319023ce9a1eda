//! The rules of the silent attempt: one a session, one exchange an attempt, one "true" an exchange.
//! How the operator's answer comes to us ([`Way`]) decides which of them lead on.

use serde::{Deserialize, Serialize};

use crate::{
    Proof, Reason, Refusal, Service, Session,
    secrets::{equal, hash},
};

/// How the operator's answer comes to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The operator sends the handset back to the callback.
    #[default]
    Callback,
    /// A header that the operator's proxy adds to a plain-http request; then the handset comes to the callback.
    Enrichment,
    /// The customer hands over what the handset got after it had been at authenticate.
    Payload,
    /// The same, but the handset asks the operator itself: it never comes to us.
    Direct,
}

impl Way {
    /// Does the customer hand the operator's answer over?
    pub fn is_payload(self) -> bool {
        matches!(self, Self::Payload | Self::Direct)
    }
}

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
    /// The operator's header was judged over plain http. Nobody knows the reason before the handset has come back with
    /// its cookie and this ticket.
    Enriched {
        since: u64,
        reason: Reason,
        ticket: String,
    },
    Ended {
        since: u64,
        reason: Reason,
        #[serde(skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    },
}

impl Silent {
    pub(crate) fn since(&self) -> Option<u64> {
        match self {
            Self::Idle => None,
            Self::Arrived { since }
            | Self::Exchanging { since }
            | Self::Enriched { since, .. }
            | Self::Ended { since, .. } => Some(*since),
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
        if self.operator.is_none() || self.way == Way::Direct {
            return Err(Refusal::NotUnderWay);
        }
        self.silent = Silent::Arrived { since: now };
        Ok(())
    }

    /// The cookie that the arrived handset gets, which it must bring back over https.
    pub fn bind(&mut self, cookie: &Proof) {
        self.cookie = Some(cookie.hash());
    }

    /// The operator sent the handset back: claims the one exchange. `Ok(false)`: `state` was tampered with.
    pub fn begin_exchange(&mut self, state: &str) -> Result<bool, Refusal> {
        self.claim(Way::Callback)?;
        Ok(equal(state, &self.handshake.state))
    }

    /// The handset came over plain http, where anybody may come: with another `state` nothing changes.
    pub fn begin_enrichment(&mut self, state: &str) -> Result<(), Refusal> {
        if equal(state, &self.handshake.state) { self.claim(Way::Enrichment) } else { Err(Refusal::WrongProof) }
    }

    /// Is the operator being asked now?
    pub fn is_exchanging(&self) -> bool {
        matches!(self.silent, Silent::Exchanging { .. }) && !self.answered
    }

    /// The customer brought what the operator gave the handset: claims the one exchange.
    pub fn begin_payload(&mut self, now: u64) -> Result<(), Refusal> {
        match (self.way, &self.silent) {
            _ if self.answered => Err(Refusal::Used),
            (Way::Direct, Silent::Idle) => {
                self.silent = Silent::Exchanging { since: now };
                Ok(())
            }
            (Way::Payload, Silent::Arrived { .. }) => self.claim(Way::Payload),
            (_, Silent::Idle) => Err(Refusal::NotUnderWay),
            _ => Err(Refusal::Used),
        }
    }

    fn claim(&mut self, way: Way) -> Result<(), Refusal> {
        match self.silent {
            Silent::Arrived { since } if !self.answered && self.way == way => {
                self.silent = Silent::Exchanging { since };
                Ok(())
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    /// The header was judged. The reason is kept back until the handset returns with its cookie and `ticket`: whoever
    /// else was made to open the plain-http address has the ticket at most, and who made them the cookie at most.
    pub fn enriched(&mut self, reason: Reason, ticket: &Proof) -> Result<(), Refusal> {
        match self.silent {
            Silent::Exchanging { since } if self.way == Way::Enrichment => {
                self.silent = Silent::Enriched { since, reason, ticket: ticket.hash() };
                Ok(())
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    /// The handset is back from the plain-http address: what was found there, once, if it is the one that was sent, and a
    /// violation if it is not. With another `state` nothing changes.
    pub fn come_back(&mut self, state: &str, cookie: &str, ticket: &str) -> Result<Reason, Refusal> {
        match &self.silent {
            _ if !equal(state, &self.handshake.state) => Err(Refusal::WrongProof),
            Silent::Enriched { since, reason, ticket: kept } if !self.answered => {
                let has_cookie = self.cookie.as_ref().is_some_and(|kept| equal(&hash(cookie), kept));
                let is_ours = has_cookie && equal(&hash(ticket), kept);
                let reason = if is_ours { *reason } else { Reason::ProtocolViolation };
                self.silent = Silent::Exchanging { since: *since };
                Ok(reason)
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
                // A match is not over before its proof is shown: told now, it would pass for one without.
                self.ended = Some((Service::Authenticate, reason)).filter(|_| reason != Reason::Match);
                Ok(())
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    /// The operator's word on a payload, which is the customer's answer at once: no proof is needed, and none is left.
    pub fn answer_payload(&mut self, reason: Reason) -> Result<(), Refusal> {
        match self.silent {
            _ if self.answered => Err(Refusal::Used),
            Silent::Exchanging { since } if self.way.is_payload() => {
                self.silent = Silent::Ended { since, reason, proof: None };
                self.answered = reason == Reason::Match;
                self.ended = Some((Service::Authenticate, reason));
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
                self.ended = Some((Service::Authenticate, Reason::Match));
                Ok(())
            }
            _ => Err(Refusal::WrongProof),
        }
    }
}
