//! Why a decision is what it is, for the log: words without the number.

use std::fmt;

/// One step on the way to a decision, in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    LookupSays,
    LookupWasCached,
    LookupUnavailable,
    Ported,
    NoSuchSubscriber,
    RangeHolder,
    NetworkUnknown,
    VirtualOperator,
    FilteredByHost,
    NobodyServes,
    AddressDoesNotMatter,
    SameNetwork,
    AnotherMobileNetwork,
    FixedLine,
    AddressUnknown,
    PolicyTries,
    PolicySkips,
}

use Reason::*;

const ALL: [(Reason, &str); 17] = [
    (LookupSays, "lookup"),
    (LookupWasCached, "cached"),
    (LookupUnavailable, "lookup_unavailable"),
    (Ported, "ported"),
    (NoSuchSubscriber, "no_such_subscriber"),
    (RangeHolder, "range_holder"),
    (NetworkUnknown, "network_unknown"),
    (VirtualOperator, "mvno"),
    (FilteredByHost, "filtered_by_host"),
    (NobodyServes, "nobody_serves"),
    (AddressDoesNotMatter, "address_does_not_matter"),
    (SameNetwork, "same_network"),
    (AnotherMobileNetwork, "another_mobile_network"),
    (FixedLine, "fixed_line"),
    (AddressUnknown, "address_unknown"),
    (PolicyTries, "policy_tries"),
    (PolicySkips, "policy_skips"),
];

/// All that led to a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u32);

impl Reasons {
    pub(crate) fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u32;
    }

    pub fn has(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u32) != 0
    }
}

/// `range_holder mvno same_network`.
impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for (_, word) in ALL.iter().filter(|(reason, _)| self.has(*reason)) {
            write!(f, "{gap}{word}")?;
            gap = " ";
        }
        Ok(())
    }
}
