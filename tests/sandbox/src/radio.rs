//! The mobile networks: which source address is which SIM. As in reality the address alone decides who calls; a handset
//! cannot say it in the request. The table is made of the devices of [`crate::scenarios`].

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::scenarios::{Device, Scenario};

/// The mobile gateways call the header-enrichment origin from here, and it believes nobody else.
pub const MOBILE_GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 99, 1));

/// A mobile network of the sandbox, and the operator of the same name that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Network {
    Vodafone,
    O2,
}

impl Network {
    pub const ALL: [Network; 2] = [Network::Vodafone, Network::O2];

    /// The name on the gateway's wire: `VODAFONE`, `O2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Network::Vodafone => "VODAFONE",
            Network::O2 => "O2",
        }
    }

    /// The first path segment of the operator's addresses: `vodafone`, `o2`.
    pub fn id(self) -> &'static str {
        match self {
            Network::Vodafone => "vodafone",
            Network::O2 => "o2",
        }
    }

    /// The reverse of [`Network::id`].
    pub fn of_id(id: &str) -> Option<Network> {
        Network::ALL.into_iter().find(|network| network.id() == id)
    }

    /// The number that ends in these two digits in the network's block, in E.164. The blocks lie in Ofcom's range for drama.
    pub fn number(self, last_two: u8) -> String {
        match self {
            Network::Vodafone => format!("+4477009006{last_two:02}"),
            Network::O2 => format!("+4477009009{last_two:02}"),
        }
    }

    pub(crate) fn other(self) -> Network {
        match self {
            Network::Vodafone => Network::O2,
            Network::O2 => Network::Vodafone,
        }
    }
}

/// The SIM that is in use at an address. No `Debug`: the number is personal.
pub struct Sim {
    /// E.164.
    pub msisdn: String,
    pub network: Network,
}

/// Source address -> SIM. An address that is absent is on no mobile network: Wi-Fi, or a fixed line.
pub struct Radio(HashMap<IpAddr, Sim>);

impl Radio {
    pub fn new(devices: &[Device]) -> Radio {
        let sims = devices.iter().filter_map(|device| Some((device.source_ip, sim_in(device)?)));
        Radio(sims.collect())
    }

    pub fn sim(&self, source: IpAddr) -> Option<&Sim> {
        self.0.get(&source)
    }
}

/// 19 and 18 are the last digits of numbers that no device has.
fn sim_in(device: &Device) -> Option<Sim> {
    let own = device.network;
    match device.scenario() {
        Scenario::WiFi => None,
        Scenario::OtherNumber => Some(Sim { msisdn: own.number(19), network: own }),
        Scenario::OtherNetwork => Some(Sim { msisdn: own.other().number(18), network: own.other() }),
        _ => Some(Sim { msisdn: device.msisdn.clone(), network: own }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::scenarios::devices;

    fn device(network: Network, scenario: u8) -> Device {
        devices().into_iter().find(|d| d.network == network && d.scenario == scenario).unwrap()
    }

    #[test]
    fn a_device_on_its_own_network_has_its_own_number() {
        let radio = Radio::new(&devices());
        let sim = radio.sim("127.0.2.20".parse().unwrap()).unwrap();
        assert!(sim.msisdn == "+447700900620" && sim.network == Network::Vodafone);
    }

    #[test]
    fn a_device_on_wi_fi_has_no_sim_there() {
        let radio = Radio::new(&devices());
        assert!(radio.sim(device(Network::Vodafone, 22).source_ip).is_none());
        assert!(radio.sim(device(Network::O2, 22).source_ip).is_none());
        assert!(radio.sim("127.0.0.1".parse().unwrap()).is_none());
    }

    #[test]
    fn the_sim_of_another_number_or_network_is_no_device() {
        let radio = Radio::new(&devices());
        let other_number = radio.sim(device(Network::O2, 21).source_ip).unwrap();
        assert!(other_number.network == Network::O2);
        let other_network = radio.sim(device(Network::O2, 23).source_ip).unwrap();
        assert!(other_network.network == Network::Vodafone);
        assert!(devices().iter().all(|d| d.msisdn != other_number.msisdn && d.msisdn != other_network.msisdn));
    }
}
