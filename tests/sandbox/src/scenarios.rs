//! What can happen to a handset, by the last two digits of its number. A scenario belongs to the *device* that calls
//! (its source address), so that the operators know it without being told and the gateway cannot tell it from chance.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::radio::Network;

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
    DrippingAnswer = 50,
    SymmetricIdToken = 51,
    ForeignIssuer = 52,
    ExpiredIdToken = 53,
    UnknownKey = 54,
    InwardRedirect = 55,
}

use Scenario::*;

/// Scenario, name, and the outcome that the gateway must come to.
const TABLE: [(Scenario, &str, &str); 33] = [
    (OwnNumber, "The device owns the number", "MATCH"),
    (OtherNumber, "Same network, another number in the device", "MISMATCH"),
    (WiFi, "On Wi-Fi, no mobile data", "NOT_MOBILE_NETWORK"),
    (OtherNetwork, "Mobile data of another network", "IP_NUMBER_NETWORK_MISMATCH"),
    (ConsentRequired, "The subscriber has not consented", "CONSENT_REQUIRED"),
    (ConsentRefused, "A consent page, and the user refuses", "USER_DENIED"),
    (UnknownUser, "The operator does not know the number", "SUBSCRIBER_UNKNOWN"),
    (NotRegistered, "The subscription lacks the service", "NETWORK_UNSUPPORTED"),
    (Mvno, "The line is another brand's on this network", "NETWORK_UNSUPPORTED"),
    (Busy, "The user is busy with another transaction", "OPERATOR_ERROR"),
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
    (ForeignIdentity, "Another subject (Vodafone) or issuer (O2)", "PROTOCOL_VIOLATION"),
    // The handset gives up, so nobody ever tells the gateway how it ended.
    (RedirectLoop, "Redirects without end", "invalid_request"),
    (BadAnswer, "Broken JSON or a missing field, in turn", "OPERATOR_ERROR"),
    (HugeAnswer, "10 MiB or a gzip bomb, in turn", "OPERATOR_ERROR"),
    (PortedAway, "The number has left this network", "SUBSCRIBER_UNKNOWN"),
    (Tethered, "A device behind the phone's hotspot", "NOT_MOBILE_NETWORK"),
    (DrippingAnswer, "The resource drips a byte at a time, for ever", "OPERATOR_TIMEOUT"),
    (SymmetricIdToken, "HS256 with the public key as its secret", "PROTOCOL_VIOLATION"),
    (ForeignIssuer, "An id token of another issuer", "PROTOCOL_VIOLATION"),
    (ExpiredIdToken, "An id token that has expired", "PROTOCOL_VIOLATION"),
    (UnknownKey, "An id token under a key that is not published", "PROTOCOL_VIOLATION"),
    (InwardRedirect, "The resource redirects to an internal address", "OPERATOR_ERROR"),
];

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
    /// The loopback address from which the device calls.
    pub source_ip: IpAddr,
    /// The public address that the customer's backend sees and tells the gateway.
    pub client_ip: IpAddr,
    #[serde(skip)]
    kind: Scenario,
}

impl Device {
    pub(crate) fn scenario(&self) -> Scenario {
        self.kind
    }
}

/// Every device: each scenario for each network. Numbers, source addresses and client addresses are unique.
pub fn devices() -> Vec<Device> {
    Network::ALL.into_iter().flat_map(|network| TABLE.map(|row| device(network, row))).collect()
}

/// The scenario of the device that calls from here. A stranger is treated honestly.
pub(crate) fn at(source: IpAddr) -> Scenario {
    devices().iter().find(|device| device.source_ip == source).map_or(OwnNumber, Device::scenario)
}

fn device(network: Network, (kind, name, expected): (Scenario, &'static str, &'static str)) -> Device {
    let digits = kind as u8;
    let (source_ip, client_ip) = match kind {
        WiFi if network == Network::Vodafone => wi_fi(digits),
        WiFi => wi_fi(100 + digits),
        OtherNetwork => cellular(network.other(), 100 + digits),
        _ => cellular(network, digits),
    };
    Device { msisdn: network.number(digits), network, scenario: digits, name, expected, source_ip, client_ip, kind }
}

/// Source and public address. The public ones lie in blocks that these networks announce.
fn cellular(network: Network, host: u8) -> (IpAddr, IpAddr) {
    match network {
        Network::Vodafone => (ip(127, 0, 2, host), ip(148, 252, 128, host)),
        Network::O2 => (ip(127, 0, 4, host), ip(82, 132, 128, host)),
    }
}

fn wi_fi(host: u8) -> (IpAddr, IpAddr) {
    (ip(127, 0, 9, host), ip(81, 2, 69, host))
}

fn ip(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    Ipv4Addr::new(a, b, c, d).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_and_addresses_are_unique() {
        let devices = devices();
        assert_eq!(devices.iter().map(|d| &d.msisdn).collect::<HashSet<_>>().len(), devices.len());
        assert_eq!(devices.iter().map(|d| d.source_ip).collect::<HashSet<_>>().len(), devices.len());
        assert_eq!(devices.iter().map(|d| d.client_ip).collect::<HashSet<_>>().len(), devices.len());
    }

    #[test]
    fn the_number_ends_in_the_scenario() {
        for device in devices() {
            assert!(device.msisdn.ends_with(&device.scenario.to_string()));
        }
    }

    #[test]
    fn a_device_on_the_other_network_calls_from_there() {
        let sources: Vec<_> = devices().iter().filter(|d| d.scenario == 23).map(|d| d.source_ip.to_string()).collect();
        assert_eq!(sources, ["127.0.4.123", "127.0.2.123"]);
    }
}
