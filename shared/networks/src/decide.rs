//! The decision, as one pure function: which network holds the number, and can its operator recognise the handset?

use std::fmt;

use sna_numbers::{Holder, Network, Portability};
use sna_operators::{MobileIp, Table};

use crate::{Address, Looked, Reason, Reasons};

/// All that a decision depends on.
pub struct Facts<'a> {
    /// Who was given the number's range.
    pub holder: Option<Holder>,
    /// What a lookup said; `None` where nobody was asked.
    pub portability: Option<Looked>,
    /// Was that said earlier?
    pub is_cached: bool,
    pub address: Address<'a>,
    /// The customer's policy: is an attempt made where the address is no mobile network's, or nobody knows?
    pub tries: bool,
    pub table: &'a Table,
    /// How much the operator that serves a network for this customer needs mobile data; `None`: nobody serves it.
    pub needs: &'a dyn Fn(&str) -> Option<MobileIp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub network: Option<Network>,
    pub by: By,
    /// The reason against a silent attempt.
    pub silent: Result<(), Reason>,
    pub reasons: Reasons,
    pub confidence: Confidence,
}

/// Who said the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Portability,
    Cache,
    Range,
    None,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portability => "portability",
            Self::Cache => "cache",
            Self::Range => "range",
            Self::None => "none",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    High,
    /// The range was given to this network, but the number may have left it.
    Low,
}

/// A lookup outranks the range's holder, who is a guess. The address only ever speaks against an attempt.
pub fn decide(facts: Facts<'_>) -> Decision {
    let Facts { holder, portability, is_cached, address, tries, table, needs } = facts;
    let mut reasons = Reasons::default();
    let held_by_filtered = holder.as_ref().is_some_and(|holder| holder.is_filtered);
    let mut is_virtual = holder.as_ref().is_some_and(|holder| holder.is_mvno);
    let mut is_filtered = held_by_filtered;
    let held = holder.and_then(|holder| holder.network);
    let (network, by) = match portability {
        Some(Looked::Found(Portability { network, ported })) => {
            let by = if is_cached { By::Cache } else { By::Portability };
            reasons.add(if is_cached { Reason::LookupWasCached } else { Reason::LookupSays });
            // A lookup may say the host where the number never left its virtual operator.
            let same = match (&network, &held) {
                (Some(network), Some(held)) => table.same_network(network.as_str(), held.as_str()),
                _ => false,
            };
            let stayed = !ported && same;
            (is_virtual, is_filtered) = (is_virtual && stayed, is_filtered && stayed);
            if ported {
                reasons.add(Reason::Ported);
            }
            (network, by)
        }
        Some(Looked::Unknown) => {
            reasons.add(if is_cached { Reason::LookupWasCached } else { Reason::LookupSays });
            reasons.add(Reason::NoSuchSubscriber);
            (None, By::None)
        }
        Some(Looked::Unavailable) | None => {
            if portability.is_some() {
                reasons.add(Reason::LookupUnavailable);
            }
            let by = if held.is_some() { By::Range } else { By::None };
            if held.is_some() {
                reasons.add(Reason::RangeHolder);
            }
            (held, by)
        }
    };
    let confidence = match by {
        By::Portability | By::Cache => Confidence::High,
        By::Range | By::None => Confidence::Low,
    };
    if let Some((_, filtered)) = network.as_ref().and_then(|network| table.mvno(network.as_str())) {
        (is_virtual, is_filtered) = (true, is_filtered || filtered);
    }
    let silent = match &network {
        None if reasons.has(Reason::NoSuchSubscriber) => Err(Reason::NoSuchSubscriber),
        None => Err(Reason::NetworkUnknown),
        Some(network) => {
            if is_virtual {
                reasons.add(Reason::VirtualOperator);
            }
            match needs(network.as_str()) {
                _ if is_filtered => Err(Reason::FilteredByHost),
                None => Err(Reason::NobodyServes),
                Some(needs) => reachable(network.as_str(), needs, address, tries, table, &mut reasons),
            }
        }
    };
    if let Err(reason) = silent {
        reasons.add(reason);
    }
    Decision { network, by, silent, reasons, confidence }
}

/// Does the address leave hope that the operator sees the handset?
fn reachable(
    network: &str,
    needs: MobileIp,
    address: Address<'_>,
    tries: bool,
    table: &Table,
    reasons: &mut Reasons,
) -> Result<(), Reason> {
    let seen = seen(network, needs, address, table);
    reasons.add(seen);
    match seen {
        Reason::AnotherMobileNetwork => Err(seen),
        // The customer's backend may have seen the handset on Wi-Fi, and the attempt will come over mobile data.
        Reason::FixedLine | Reason::AddressUnknown if !tries => Err(Reason::PolicySkips),
        Reason::FixedLine | Reason::AddressUnknown => {
            reasons.add(Reason::PolicyTries);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What an operator can make of a handset at this address.
fn seen(network: &str, needs: MobileIp, address: Address<'_>, table: &Table) -> Reason {
    match address {
        _ if needs == MobileIp::Never => Reason::AddressDoesNotMatter,
        Address::Mobile(found) if table.same_network(found, network) => Reason::SameNetwork,
        Address::Mobile(_) => Reason::AnotherMobileNetwork,
        Address::Fixed => Reason::FixedLine,
        Address::Unknown => Reason::AddressUnknown,
    }
}

/// The same when the handset itself has come, from `address`: no policy and no hope of another one.
///
/// # Errors
/// On another network's mobile data, and on a fixed line where only mobile data will do.
pub fn check_arrival(network: &str, needs: MobileIp, address: Address<'_>, table: &Table) -> Result<(), Reason> {
    match seen(network, needs, address, table) {
        Reason::AnotherMobileNetwork => Err(Reason::AnotherMobileNetwork),
        Reason::FixedLine if needs == MobileIp::Require => Err(Reason::FixedLine),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
