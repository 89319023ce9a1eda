//! The networks of the sandbox. Each is a profile, `sandbox.json` in the folder of its adapter, so that a new operator
//! of a known family adds a file and changes none.

use std::{
    collections::HashSet,
    fmt, fs,
    hash::{Hash, Hasher},
    io,
    net::{IpAddr, Ipv4Addr},
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};

use crate::operators::{Family, Simulator};

/// The profile's file in an adapter's folder.
const FILE: &str = "sandbox.json";
/// The adapter's own, beside it where the folder is the adapter's.
const MANIFEST: &str = "manifest.json";

/// What a profile takes from its adapter's manifest.
#[derive(Deserialize)]
struct Manifest {
    mcc_mnc: Vec<String>,
}

/// What a profile's file says.
#[derive(Deserialize)]
pub struct Profile {
    /// The name on the gateway's wire: `ORANGE_FR`.
    pub network: String,
    /// The adapter's id, and the first path segment of the operator's addresses: `orange_fr`.
    pub id: String,
    /// E.164 without the last two digits, which are the device's scenario.
    pub block: String,
    /// The first three octets of the network's mobile data: `127.0.N`, with N below 100.
    pub cellular: String,
    /// The first three octets of the public addresses of its devices: `92.184.100`.
    pub public: String,
    /// Where the number went that ends in 49: another profile's id.
    #[serde(default)]
    pub ported_to: Option<String>,
    /// Mobile country and network codes, as the adapter's manifest has them: `234-15`.
    #[serde(skip)]
    pub mcc_mnc: Vec<String>,
    /// Statuses of further redirects on the handset's way, such as 301 and 307.
    #[serde(default)]
    pub chain: Vec<u16>,
    /// In scenario 30 the authorize endpoint answers with a page, and the handset never returns.
    #[serde(default)]
    pub error_page: bool,
    /// What the operator speaks: `family` and its `settings`.
    #[serde(flatten)]
    pub family: Family,
}

/// A mobile network of the sandbox, and the operator of the same name that serves it. A clone is the same network.
#[derive(Clone)]
pub struct Network(Arc<Profile>);

/// Why the profiles cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("{0}: {1}")]
    Json(PathBuf, serde_json::Error),
    #[error("{0}: cellular and public must be the first three octets of an address, cellular 127.0.1 to 127.0.98")]
    Addresses(PathBuf),
    #[error("{0}: another profile has the same id, network, block, cellular or public")]
    Twice(PathBuf),
}

/// The profiles in these folders, in the order of their ids: each folder holds adapters, or is one's own.
///
/// # Errors
/// The first profile that cannot be used.
pub fn load(folders: &[PathBuf]) -> Result<Vec<Network>, ProfileError> {
    let mut files = Vec::new();
    for folder in folders {
        let own = folder.join(FILE);
        if own.is_file() {
            files.push(own);
            continue;
        }
        let entries = fs::read_dir(folder).map_err(|error| ProfileError::File(folder.clone(), error))?;
        files.extend(entries.flatten().map(|entry| entry.path().join(FILE)).filter(|file| file.is_file()));
    }
    let mut networks = Vec::new();
    let mut taken = HashSet::new();
    for file in files {
        let profile = read(&file)?;
        let Profile { network, id, block, cellular, public, .. } = &profile;
        if octets(public, 1).is_none() || !matches!(octets(cellular, 1), Some([127, 0, 1..=98, _])) {
            return Err(ProfileError::Addresses(file));
        }
        if ![network, id, block, cellular, public].into_iter().all(|name| taken.insert(name.clone())) {
            return Err(ProfileError::Twice(file));
        }
        networks.push(Network(Arc::new(profile)));
    }
    networks.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(networks)
}

fn read(file: &Path) -> Result<Profile, ProfileError> {
    let mut profile: Profile = parse(file)?;
    let manifest = file.with_file_name(MANIFEST);
    if manifest.is_file() {
        profile.mcc_mnc = parse::<Manifest>(&manifest)?.mcc_mnc;
    }
    Ok(profile)
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T, ProfileError> {
    let bytes = fs::read(file).map_err(|error| ProfileError::File(file.to_owned(), error))?;
    serde_json::from_slice(&bytes).map_err(|error| ProfileError::Json(file.to_owned(), error))
}

/// An address of its first three octets and its last.
fn octets(first: &str, last: u8) -> Option<[u8; 4]> {
    let address: Ipv4Addr = format!("{first}.{last}").parse().ok()?;
    Some(address.octets())
}

impl Network {
    /// The number that ends in these two digits in the network's block, in E.164.
    pub fn number(&self, last_two: u8) -> String {
        format!("{}{last_two:02}", self.block)
    }

    /// Is the number in the network's block?
    pub fn owns(&self, msisdn: &str) -> bool {
        msisdn.strip_prefix(&self.block).is_some_and(|rest| rest.len() == 2)
    }

    /// The network that took its number ending in 49, if that has left.
    pub fn taker<'a>(&self, networks: &'a [Network]) -> Option<&'a Network> {
        let taker = self.ported_to.as_ref()?;
        networks.iter().find(|network| network.id == *taker)
    }

    /// Its first mobile country and network code, as numbers; nothing where it has none.
    pub fn code(&self) -> (Option<u16>, Option<u16>) {
        let code = self.mcc_mnc.first().and_then(|code| code.split_once('-'));
        let number = |text: &str| text.parse().ok();
        (code.and_then(|(mcc, _)| number(mcc)), code.and_then(|(_, mnc)| number(mnc)))
    }

    /// Source and public address of a device on the network's mobile data.
    pub fn cellular(&self, host: u8) -> (IpAddr, IpAddr) {
        (address(&self.cellular, host), address(&self.public, host))
    }

    /// Source and public address of a device of the network that is on Wi-Fi.
    pub fn wi_fi(&self, host: u8) -> (IpAddr, IpAddr) {
        let [_, _, own, _] = octets(&self.cellular, host).unwrap_or_default();
        let block = own + 100;
        (Ipv4Addr::new(127, 0, block, host).into(), Ipv4Addr::new(81, 2, block, host).into())
    }

    /// The operator's part.
    pub fn simulator(&self) -> &dyn Simulator {
        self.family.simulator()
    }
}

/// Of a profile that was loaded, so that it is one.
fn address(first: &str, last: u8) -> IpAddr {
    Ipv4Addr::from(octets(first, last).unwrap_or_default()).into()
}

impl Deref for Network {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.0
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.network)
    }
}

impl PartialEq for Network {
    fn eq(&self, other: &Network) -> bool {
        self.id == other.id
    }
}

impl Eq for Network {}

impl Hash for Network {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.network)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The repository's own.
    pub fn networks() -> Vec<Network> {
        load(&[adapters()]).unwrap()
    }

    pub fn adapters() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../adapters")
    }

    pub fn network(id: &str) -> Network {
        networks().into_iter().find(|network| network.id == id).unwrap()
    }

    #[test]
    fn a_profile_is_found_in_a_folder_of_adapters_and_in_its_own() {
        let alone = load(&[adapters().join("o2")]).unwrap();
        assert_eq!(alone, [network("o2")]);
    }

    #[test]
    fn a_profile_that_is_there_twice_is_refused() {
        let twice = load(&[adapters(), adapters().join("o2")]);
        assert!(matches!(twice, Err(ProfileError::Twice(_))));
    }
}
