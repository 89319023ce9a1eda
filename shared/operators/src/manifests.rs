//! What adapters say of themselves beside their code: `manifest.json` of the adapters' directory.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::Value;
use sna_adapter::{Manifest, is_id};

use crate::LoadError;

type Known = HashMap<String, Result<Arc<Manifest>, LoadError>>;

/// The manifests of a directory, by the adapters' ids.
pub struct Manifests {
    directory: PathBuf,
    /// The file as it was read last, and what stood in it.
    read: Mutex<(Vec<u8>, Known)>,
}

impl Manifests {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, read: Mutex::default() }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The manifest as the file has it now; it is parsed again only where the file has changed.
    pub fn get(&self, id: &str) -> Result<Arc<Manifest>, LoadError> {
        if !is_id(id) {
            return Err(LoadError::NotListed);
        }
        let bytes = std::fs::read(self.directory.join("manifest.json"))
            .map_err(|error| LoadError::Manifest(error.kind().to_string()))?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.0 != bytes {
            let known = parse(&bytes)?;
            *read = (bytes, known);
        }
        read.1.get(id).cloned().unwrap_or(Err(LoadError::NotListed))
    }
}

/// A broken entry is its own operator's trouble only.
fn parse(bytes: &[u8]) -> Result<Known, LoadError> {
    let unreadable = |error: serde_json::Error| LoadError::Manifest(error.to_string());
    let entries: HashMap<String, Value> = serde_json::from_slice(bytes).map_err(unreadable)?;
    let one = |(id, entry): (String, Value)| {
        let manifest = Manifest::deserialize(entry).map_err(unreadable).and_then(|manifest| sound(manifest, &id));
        (id, manifest)
    };
    Ok(entries.into_iter().map(one).collect())
}

/// The manifest of `id`, if nothing is wrong with it by itself.
pub fn sound(manifest: Manifest, id: &str) -> Result<Arc<Manifest>, LoadError> {
    let mut faults = manifest.faults();
    if manifest.id != id {
        faults.push("it is another adapter's".into());
    }
    if faults.is_empty() { Ok(Arc::new(manifest)) } else { Err(LoadError::Unsound(faults.join("; "))) }
}
