//! What a customer and a script need to know of the running system: `gateway.json`.
//! One type for the writer (`serve`) and the readers (`demo`, the page), so that they cannot disagree.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::{profiles::Network, scenarios};

/// Expected of a device that the gateway offers nothing but a code by SMS.
pub const OTP_ONLY: &str = "OTP_ONLY";

/// The running system. No `Debug`: it holds the customer's secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Gateway {
    /// The gateway's public URL, without a slash at the end.
    pub url: String,
    /// The sandbox's page and inbox, without a slash at the end.
    pub sandbox: String,
    pub customer: Credentials,
    pub devices: Vec<Device>,
}

/// How the demo's customer signs in to the gateway.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
}

/// A handset that can be tried.
#[derive(Clone, Serialize, Deserialize)]
pub struct Device {
    /// E.164.
    pub msisdn: String,
    pub network: String,
    /// The last two digits of the number.
    pub scenario: u8,
    /// What happens to it, in a few words.
    pub name: String,
    /// The outcome of a silent attempt, as [`crate::flow::Verdict::outcome`] names it, or [`OTP_ONLY`].
    pub expected: String,
    /// That of a later attempt, where it may differ.
    #[serde(default)]
    pub later: Option<String>,
    /// May its scenario be put on another device of the network?
    #[serde(default)]
    pub forcible: bool,
    /// Where its requests come from: a loopback address.
    pub source_ip: IpAddr,
    /// What the customer tells the gateway.
    pub client_ip: IpAddr,
    /// The address of the phone's wallet, where its operator proves SIMs by digital credentials.
    #[serde(default)]
    pub wallet: Option<String>,
}

impl Device {
    /// May a silent attempt of this device end so?
    #[must_use]
    pub fn expects(&self, outcome: &str) -> bool {
        outcome == self.expected || self.later.as_deref() == Some(outcome)
    }
}

impl Gateway {
    /// The device with this number; the `+` may be missing.
    #[must_use]
    pub fn device(&self, msisdn: &str) -> Option<&Device> {
        let digits = msisdn.trim_start_matches('+');
        self.devices.iter().find(|device| device.msisdn.trim_start_matches('+') == digits)
    }
}

/// The devices of the operators at `operators`, and one whose number belongs to no network: for it there is only the SMS.
pub(crate) fn devices(networks: &[Network], operators: &str) -> Result<Vec<Device>, serde_json::Error> {
    let mut devices: Vec<Device> = serde_json::from_value(serde_json::to_value(scenarios::devices(networks))?)?;
    for network in networks.iter().filter(|network| network.simulator().has_wallet()) {
        for device in devices.iter_mut().filter(|device| device.network == network.network) {
            device.wallet = Some(format!("{operators}/{}/wallet", network.id));
        }
    }
    devices.push(Device {
        msisdn: "+447700900999".to_owned(),
        network: "unknown".to_owned(),
        scenario: 99,
        name: "No network is known for the number".to_owned(),
        expected: OTP_ONLY.to_owned(),
        later: None,
        forcible: false,
        source_ip: Ipv4Addr::new(127, 0, 9, 99).into(),
        client_ip: Ipv4Addr::new(81, 2, 69, 99).into(),
        wallet: None,
    });
    Ok(devices)
}
