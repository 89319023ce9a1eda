//! The adapter under check, with what belongs to it, staged as a deployment stages it.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value};
use sna_adapter::{Context, Manifest};
use sna_operators::{Adapter, Adapters};
use tempfile::TempDir;
use url::Url;
use xtask::{layer, locate::Located};

/// An adapter's file and what is said of it. Nothing of it has run yet.
pub struct Subject {
    pub id: String,
    pub file: PathBuf,
    pub manifest_path: PathBuf,
    pub manifest: Manifest,
    /// Its sandbox profile.
    pub profile: PathBuf,
    /// The operator table that has its entry.
    pub table: Map<String, Value>,
    /// Its network and entry there.
    pub network: String,
    pub entry: Value,
    /// The device of the walks, E.164: the profile's scenario 20.
    msisdn: String,
}

impl Subject {
    /// Reads what lies beside the adapter.
    ///
    /// # Errors
    /// What is missing, or is not what it should be.
    pub fn new(located: Located, profile: PathBuf, table: &PathBuf) -> Result<Self, String> {
        let Located { id, file, manifest: manifest_path } = located;
        let manifest = serde_json::from_value(json(&manifest_path)?)
            .map_err(|error| format!("{}: {error}", manifest_path.display()))?;
        let block = json(&profile)?["block"].as_str().map(|block| format!("{block}20"));
        let msisdn = block.ok_or_else(|| format!("{}: there is no block", profile.display()))?;
        let entries = serde_json::from_value::<Map<_, _>>(json(table)?).unwrap_or_default();
        let own = entries.iter().find(|(_, entry)| entry["adapter"] == id.as_str());
        let (network, entry) = own.ok_or_else(|| format!("{}: there is no entry of {id}", table.display()))?;
        let (network, entry) = (network.clone(), entry.clone());
        Ok(Self { id, file, manifest_path, manifest, profile, table: entries, network, entry, msisdn })
    }

    /// A directory of adapters with this one alone.
    ///
    /// # Errors
    /// When it cannot be staged, because it is no adapter.
    pub fn staged(&self) -> Result<TempDir, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        layer::add(&self.file, &self.manifest_path, directory.path()).map_err(|error| error.to_string())?;
        Ok(directory)
    }

    /// Loads it as the gateway does.
    ///
    /// # Errors
    /// Why the gateway would not.
    pub fn adapter(&self) -> Result<Adapter, String> {
        let directory = self.staged()?;
        Adapters::new(directory.path().to_owned()).get(&self.id).map_err(|error| error.to_string())
    }

    /// A session of the profile's first device.
    #[must_use]
    pub fn context(&self) -> Context {
        Context {
            msisdn: self.msisdn.clone(),
            client_ip: "198.51.100.20".into(),
            source_ip: "198.51.100.20".into(),
            callback_uri: format!("https://gateway.example/v1/callback/{}", self.id),
            enrich_uri: self.enrich_uri(),
            state: "state-of-the-session".into(),
            nonce: "nonce-of-the-session".into(),
            verifier: "verifier-of-the-session".into(),
            challenge: "challenge-of-the-session".into(),
            now: 1_800_000_000,
            config: self.entry["config"].clone(),
            kept: String::new(),
        }
    }

    /// Our own plain-http address, where the entry has one.
    fn enrich_uri(&self) -> String {
        let uri = self.entry["enrichment"]["uri"].as_str();
        uri.map_or_else(String::new, |uri| format!("{uri}/v1/enrich/{}", self.id))
    }

    /// May the adapter call this URL, or send a handset there?
    #[must_use]
    pub fn lists(&self, url: &str) -> bool {
        let origins = self.entry["origins"].as_array().into_iter().flatten();
        let own = [&self.entry["enrichment"]["uri"]];
        let listed = origins.chain(own).filter_map(|origin| Url::parse(origin.as_str()?).ok());
        Url::parse(url).is_ok_and(|url| listed.into_iter().any(|listed| listed.origin() == url.origin()))
    }

    /// The first origin that the adapter may call.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.entry["origins"][0].as_str().unwrap_or_default()
    }
}

fn json(path: &PathBuf) -> Result<Value, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}
