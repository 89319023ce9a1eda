//! What can happen to a handset, by the last two digits of its number. A scenario belongs to the *device* that calls
//! (its source address), so that the operators know it without being told and the gateway cannot tell it from chance.

use std::net::IpAddr;

use serde::Serialize;

use crate::{gateway::OTP_ONLY, profiles::Network};

/// The last two digits of a number, and what the operator or the network does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scenario {
    OwnNumber = 20,
    OtherNumber = 21,
    WiFi = 22,
    OtherNetwork = 23,
    ConsentRequired = 24,
    ConsentRefused = 25,
    UnknownUser = 26,
    NotRegistered = 27,
    Mvno = 28,
    Busy = 29,
    AuthorizeDown = 30,
    TokenDown = 31,
    ResourceTimeout = 32,
    TokenSlow = 33,
    TokenHangs = 34,
    RateLimited = 35,
    GrantRefused = 36,
    ClientRefused = 37,
    NotByNetwork = 38,
    BadIdToken = 39,
    ForeignState = 40,
    ForeignIdentity = 41,
    RedirectLoop = 42,
    BadAnswer = 43,
    HugeAnswer = 44,
    PortedAway = 45,
    Tethered = 46,
    RecycledAddress = 47,
    OtpOnly = 48,
    Ported = 49,
    DrippingAnswer = 50,
    SymmetricIdToken = 51,
    ForeignIssuer = 52,
    ExpiredIdToken = 53,
    UnknownKey = 54,
    InwardRedirect = 55,
}

use Scenario::*;

/// Scenario, name, and the outcome that the gateway must come to where the family says nothing else.
const TABLE: [(Scenario, &str, &str); 36] = [
    (OwnNumber, "The device owns the number", "MATCH"),
    (OtherNumber, "Same network, another number in the device", "MISMATCH"),
    (WiFi, "On Wi-Fi, no mobile data", "NOT_MOBILE_NETWORK"),
    (OtherNetwork, "Mobile data of another network", "IP_NUMBER_NETWORK_MISMATCH"),
    (ConsentRequired, "The subscriber has not consented", "CONSENT_REQUIRED"),
    (ConsentRefused, "A consent page, and the user refuses", "USER_DENIED"),
    (UnknownUser, "The operator does not know the number", "SUBSCRIBER_UNKNOWN"),
    (NotRegistered, "The subscription lacks the service", "NETWORK_UNSUPPORTED"),
    (Mvno, "The line is another brand's on this network", "NETWORK_UNSUPPORTED"),
    (Busy, "Busy with another transaction; free at the next attempt", "OPERATOR_ERROR"),
    (AuthorizeDown, "The authorize endpoint is unavailable", "OPERATOR_ERROR"),
    (TokenDown, "The token endpoint answers 503", "OPERATOR_ERROR"),
    (ResourceTimeout, "The resource answers 504", "OPERATOR_TIMEOUT"),
    (TokenSlow, "The token endpoint is slow", "MATCH"),
    (TokenHangs, "The token endpoint never answers", "OPERATOR_TIMEOUT"),
    (RateLimited, "The resource answers 429", "OPERATOR_RATE_LIMITED"),
    (GrantRefused, "The code is refused", "CONFIG_ERROR"),
    (ClientRefused, "The gateway's credentials are refused", "CONFIG_ERROR"),
    (NotByNetwork, "The login was not by the mobile network", "NOT_MOBILE_NETWORK"),
    (BadIdToken, "Wrong nonce, wrong audience or no signature, in turn", "PROTOCOL_VIOLATION"),
    (ForeignState, "The callback has another state", "PROTOCOL_VIOLATION"),
    (ForeignIdentity, "The answer is about somebody else, or somebody else's", "PROTOCOL_VIOLATION"),
    // The handset gives up, so nobody ever tells the gateway how it ended.
    (RedirectLoop, "Redirects without end", "invalid_request"),
    (BadAnswer, "Broken JSON, a missing field, \"true\" as a string, in turn", "OPERATOR_ERROR"),
    (HugeAnswer, "10 MiB or a gzip bomb, in turn", "OPERATOR_ERROR"),
    (PortedAway, "The number has left this network", "SUBSCRIBER_UNKNOWN"),
    (Tethered, "A device behind the phone's hotspot", "NOT_MOBILE_NETWORK"),
    (RecycledAddress, "The address was another subscriber's a second ago", "MISMATCH"),
    (OtpOnly, "Nothing but a code by SMS", OTP_ONLY),
    (Ported, "The number was ported, and the device is on its new network", "MATCH"),
    (DrippingAnswer, "The resource drips a byte at a time, for ever", "OPERATOR_TIMEOUT"),
    (SymmetricIdToken, "HS256 with the public key as its secret", "PROTOCOL_VIOLATION"),
    (ForeignIssuer, "An id token of another issuer", "PROTOCOL_VIOLATION"),
    (ExpiredIdToken, "An id token that has expired", "PROTOCOL_VIOLATION"),
    (UnknownKey, "An id token under a key that is not published", "PROTOCOL_VIOLATION"),
    (InwardRedirect, "The resource redirects to an internal address", "OPERATOR_ERROR"),
];

impl Scenario {
    /// The scenario with these last two digits.
    pub fn of(digits: u8) -> Option<Scenario> {
        TABLE.iter().map(|row| row.0).find(|scenario| *scenario as u8 == digits)
    }

    /// The outcome of a first attempt, where the family says nothing else.
    pub fn usual(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("MATCH", |row| row.2)
    }

    /// Is it the operator's doing, and so one that can be put on another device? Where a device calls from, and which
    /// network the gateway holds its number for, cannot.
    pub fn can_be_forced(self) -> bool {
        !matches!(self, WiFi | OtherNetwork | OtpOnly | Ported)
    }
}

/// A handset of the sandbox. No `Debug`: the number is personal.
#[derive(Clone, Serialize)]
pub struct Device {
    /// E.164.
    pub msisdn: String,
    /// The network of the number; that of the SIM may differ.
    pub network: Network,
    /// The last two digits of the number.
    pub scenario: u8,
    /// What happens, in a few words.
    pub name: &'static str,
    /// The outcome of a silent attempt: one of the gateway's closed set, such as `MATCH`, or its error.
    pub expected: &'static str,
    /// That of a later attempt, where it may differ.
    pub later: Option<&'static str>,
    /// May its scenario be put on another device of the network?
    pub forcible: bool,
    /// The loopback address from which the device calls.
    pub source_ip: IpAddr,
    /// The public address that the customer's backend sees and tells the gateway.
    pub client_ip: IpAddr,
    #[serde(skip)]
    pub(crate) kind: Scenario,
    /// Whose mobile data it uses.
    #[serde(skip)]
    pub(crate) visited: Network,
}

/// Every device: each network's scenarios. Numbers, source addresses and client addresses are unique.
pub fn devices(networks: &[Network]) -> Vec<Device> {
    // A device in another network is in the next one; where there is no other, nobody is.
    let next = networks.iter().cycle().skip(1);
    networks
        .iter()
        .zip(next)
        .flat_map(|(network, next)| {
            let own = TABLE.iter().filter_map(move |row| match row.0 {
                Ported => ported(network, network.taker(networks)?, row),
                _ => device(network, next, row),
            });
            own.collect::<Vec<_>>()
        })
        .collect()
}

fn device(network: &Network, next: &Network, (kind, name, _): &(Scenario, &'static str, &str)) -> Option<Device> {
    let (kind, digits) = (*kind, *kind as u8);
    let expected = match network.simulator().expected(kind)? {
        // As in a loop: nobody tells the gateway.
        _ if kind == AuthorizeDown && network.error_page => RedirectLoop.usual(),
        expected => expected,
    };
    let (source_ip, client_ip) = match kind {
        WiFi => network.wi_fi(digits),
        OtherNetwork if next == network => return None,
        // The customer saw it on Wi-Fi before: what it sees on the other network's mobile data would end it there.
        OtherNetwork => (next.cellular(100 + digits).0, network.wi_fi(digits).1),
        _ => network.cellular(digits),
    };
    let visited = if kind == OtherNetwork { next } else { network }.clone();
    let later = match kind {
        Busy | BadAnswer | RecycledAddress => Some("MATCH"),
        _ => None,
    };
    Some(Device {
        msisdn: network.number(digits),
        network: network.clone(),
        scenario: digits,
        name,
        expected,
        later,
        forcible: kind.can_be_forced(),
        source_ip,
        client_ip,
        kind,
        visited,
    })
}

/// A device whose number is of one network's block and that another one serves: it is like any other there.
fn ported(holder: &Network, taker: &Network, row: &(Scenario, &'static str, &str)) -> Option<Device> {
    let device = device(taker, taker, row)?;
    Some(Device { msisdn: holder.number(row.0 as u8), ..device })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::HashSet;

    use super::*;
    use crate::profiles::tests::networks;

    #[test]
    fn numbers_and_addresses_are_unique() {
        let devices = devices(&networks());
        assert!(!devices.is_empty());
        assert_eq!(devices.iter().map(|d| &d.msisdn).collect::<HashSet<_>>().len(), devices.len());
        assert_eq!(devices.iter().map(|d| d.source_ip).collect::<HashSet<_>>().len(), devices.len());
        assert_eq!(devices.iter().map(|d| d.client_ip).collect::<HashSet<_>>().len(), devices.len());
    }

    #[test]
    fn the_number_ends_in_the_scenario() {
        for device in devices(&networks()) {
            assert!(device.msisdn.ends_with(&device.scenario.to_string()));
            assert_eq!(Scenario::of(device.scenario), Some(device.kind));
        }
    }

    #[test]
    fn a_device_on_another_network_calls_from_there_and_alone_there_is_none() {
        let networks = networks();
        for device in devices(&networks).iter().filter(|device| device.kind == OtherNetwork) {
            assert_ne!(device.visited, device.network);
            assert!(device.source_ip.to_string().starts_with(&device.visited.cellular));
        }
        assert!(devices(&networks[..1]).iter().all(|device| device.kind != OtherNetwork));
    }
}
