//! The mobile networks: which source address is which SIM. As in reality the address alone decides who calls; a handset
//! cannot say it in the request. The table is made of the devices of [`crate::scenarios`].

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    profiles::Network,
    scenarios::{Device, Scenario},
};

/// The mobile gateways call the header-enrichment origin from here, and it believes nobody else.
pub const MOBILE_GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 99, 1));

/// The SIM that is in use at an address. No `Debug`: the number is personal.
pub struct Sim {
    /// E.164.
    pub msisdn: String,
    pub network: Network,
}

/// Source address -> device. An address that is absent is on no mobile network: Wi-Fi, or a fixed line.
pub struct Radio {
    devices: HashMap<IpAddr, Device>,
    /// Scenarios that were put in the place of a device's own.
    forced: Mutex<HashMap<IpAddr, Scenario>>,
}

impl Radio {
    pub fn new(devices: Vec<Device>) -> Radio {
        let devices = devices.into_iter().map(|device| (device.source_ip, device)).collect();
        Radio { devices, forced: Mutex::default() }
    }

    /// What happens to the device that calls from here. A stranger is treated honestly.
    pub fn scenario(&self, source: IpAddr) -> Scenario {
        let own = || self.devices.get(&source).map_or(Scenario::OwnNumber, |device| device.kind);
        self.forced().get(&source).copied().unwrap_or_else(own)
    }

    /// Puts a scenario in the place of the device's own; none gives it back.
    pub fn force(&self, source: IpAddr, scenario: Option<Scenario>) {
        match scenario {
            Some(scenario) => self.forced().insert(source, scenario),
            None => self.forced().remove(&source),
        };
    }

    /// The device that calls from here.
    pub fn device(&self, source: IpAddr) -> Option<&Device> {
        self.devices.get(&source)
    }

    /// Where the device with this number calls from.
    pub fn source_of(&self, msisdn: &str) -> Option<IpAddr> {
        self.devices.values().find(|device| device.msisdn == msisdn).map(|device| device.source_ip)
    }

    /// 19 and 18 are the last digits of numbers that no device has.
    pub fn sim(&self, source: IpAddr) -> Option<Sim> {
        let device = self.devices.get(&source)?;
        let network = device.visited.clone();
        let msisdn = match device.kind {
            Scenario::WiFi => return None,
            Scenario::OtherNetwork => network.number(18),
            _ if self.scenario(source) == Scenario::OtherNumber => network.number(19),
            _ => device.msisdn.clone(),
        };
        Some(Sim { msisdn, network })
    }

    fn forced(&self) -> MutexGuard<'_, HashMap<IpAddr, Scenario>> {
        self.forced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{
        profiles::tests::{network, networks},
        scenarios::devices,
    };

    fn radio() -> Radio {
        Radio::new(devices(&networks()))
    }

    fn source(id: &str, scenario: u8) -> IpAddr {
        devices(&networks()).iter().find(|d| d.network.id == id && d.scenario == scenario).unwrap().source_ip
    }

    #[test]
    fn a_device_on_its_own_network_has_its_own_number() {
        let sim = radio().sim("127.0.2.20".parse().unwrap()).unwrap();
        assert!(sim.msisdn == "+447700900620" && sim.network == network("vodafone"));
    }

    #[test]
    fn a_device_on_wi_fi_has_no_sim_there() {
        for network in networks() {
            assert!(radio().sim(source(&network.id, 22)).is_none());
        }
        assert!(radio().sim("127.0.0.1".parse().unwrap()).is_none());
    }

    #[test]
    fn the_sim_of_another_number_or_network_is_no_device() {
        let other_number = radio().sim(source("o2", 21)).unwrap();
        assert!(other_number.network == network("o2"));
        let other_network = radio().sim(source("o2", 23)).unwrap();
        assert!(other_network.network != network("o2"));
        let devices = devices(&networks());
        assert!(devices.iter().all(|d| d.msisdn != other_number.msisdn && d.msisdn != other_network.msisdn));
    }

    #[test]
    fn a_forced_scenario_replaces_the_devices_own_until_it_is_taken_back() {
        let (radio, source) = (radio(), source("o2", 20));
        radio.force(source, Some(Scenario::OtherNumber));
        assert_eq!(radio.scenario(source), Scenario::OtherNumber);
        assert_eq!(radio.sim(source).unwrap().msisdn, network("o2").number(19));
        radio.force(source, None);
        assert_eq!(radio.scenario(source), Scenario::OwnNumber);
    }
}
