//! What adapters say of themselves beside their code: `manifest.json` of the adapters' directory.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use serde::Deserialize;
use serde_json::Value;
use sna_adapter::{Manifest, is_id};

use crate::LoadError;

type Known = HashMap<String, Result<Arc<Manifest>, LoadError>>;

/// The manifests of a directory, by the adapters' ids.
pub struct Manifests {
    directory: PathBuf,
    read: Mutex<Read>,
}

/// What stood in the file when it was read last.
#[derive(Default)]
struct Read {
    /// When the file had been written, and its length: reading it at each step would cost more than the step.
    at: Option<(SystemTime, u64)>,
    known: Known,
}

impl Manifests {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, read: Mutex::default() }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The manifest as the file has it now; it is read again only where the file has changed.
    pub fn get(&self, id: &str) -> Result<Arc<Manifest>, LoadError> {
        if !is_id(id) {
            return Err(LoadError::NotListed);
        }
        let unreadable = |error: std::io::Error| LoadError::Manifest(error.kind().to_string());
        let file = self.directory.join("manifest.json");
        let about = std::fs::metadata(&file).map_err(unreadable)?;
        let at = about.modified().ok().map(|written| (written, about.len()));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if at.is_none() || read.at != at {
            *read = Read { at, known: parse(&std::fs::read(&file).map_err(unreadable)?)? };
        }
        read.known.get(id).cloned().unwrap_or(Err(LoadError::NotListed))
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
