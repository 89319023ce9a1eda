//! Finds an adapter: linked into the program, or in its directory. A file is read once, and the hash of those very
//! bytes is checked before they are loaded; after a failure the files are read again.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use sna_adapter::{Built, Manifest};

#[cfg(feature = "static")]
use crate::manifests::sound;
use crate::{
    elf,
    load::{self, Adapter},
    manifests::Manifests,
};

/// A larger file is no adapter; a release build has less than one megabyte.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Why an operator is unavailable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    #[error("the manifest is not sound: {0}")]
    Unsound(String),
    #[error("the manifest does not name it")]
    NotListed,
    #[error("the file cannot be read: {0}")]
    File(std::io::ErrorKind),
    #[error("the file's SHA-256 is not the manifest's")]
    Hash,
    #[error("the file is not a whole ELF file of 64 bits")]
    NotWhole,
    #[error("the file is an executable and not a library")]
    Executable,
    #[error("the file is built with panic = \"abort\": a panic of it would end the gateway")]
    Aborts,
    #[error("it cannot be loaded: {0}")]
    Loader(String),
    #[error("it is not an adapter of version 1 (magic, size or name)")]
    Descriptor,
    #[error("its version is not the manifest's")]
    Version,
}

/// The directory of adapters and what was loaded from it, and those that were linked into this program.
pub struct Adapters {
    manifests: Manifests,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    loaded: HashMap<String, Adapter>,
    /// Files that were mapped, which is for ever, and are none: once is enough.
    refused: HashMap<FileKey, LoadError>,
}

/// Id, SHA-256 and version.
type FileKey = [String; 3];

impl Adapters {
    pub fn new(directory: PathBuf) -> Self {
        Self { manifests: Manifests::new(directory), known: Mutex::default() }
    }

    /// What is said of the adapter beside its code. Nothing is loaded.
    pub fn manifest(&self, id: &str) -> Result<Arc<Manifest>, LoadError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.loaded.get(id) {
            Some(adapter) => Ok(Arc::clone(&adapter.manifest)),
            None => linked(id).map_or_else(|| self.manifests.get(id), |adapter| Ok(adapter?.manifest)),
        }
    }

    /// The adapter, loaded at first use. After a failure the files are read again next time.
    pub fn get(&self, id: &str) -> Result<Adapter, LoadError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adapter) = known.loaded.get(id) {
            return Ok(adapter.clone());
        }
        let adapter = linked(id).unwrap_or_else(|| self.load(id, &mut known.refused))?;
        known.loaded.insert(id.to_owned(), adapter.clone());
        Ok(adapter)
    }

    fn load(&self, id: &str, refused: &mut HashMap<FileKey, LoadError>) -> Result<Adapter, LoadError> {
        let manifest = self.manifests.get(id)?;
        let built = manifest.built.as_ref().ok_or(LoadError::NotListed)?;
        let bytes = read(self.manifests.directory(), built)?;
        let key = [id.to_owned(), built.sha256.clone(), built.version.clone()];
        if let Some(error) = refused.get(&key) {
            return Err(error.clone());
        }
        load::open(&bytes, Arc::clone(&manifest)).inspect_err(|error| {
            if matches!(error, LoadError::Descriptor | LoadError::Version) {
                refused.insert(key, error.clone());
            }
        })
    }
}

/// The adapter of this id that this program was linked with.
#[cfg(feature = "static")]
fn linked(id: &str) -> Option<Result<Adapter, LoadError>> {
    let linked = sna_linked::ADAPTERS.iter().find(|linked| linked.id == id)?;
    let manifest = serde_json::from_str(linked.manifest).map_err(|error| LoadError::Manifest(error.to_string()));
    let manifest = manifest.and_then(|manifest| sound(manifest, id));
    Some(manifest.map(|manifest| Adapter { step: linked.descriptor.step, manifest }))
}

#[cfg(not(feature = "static"))]
fn linked(_: &str) -> Option<Result<Adapter, LoadError>> {
    None
}

/// The bytes of the file that the manifest names, once they are what it says.
fn read(directory: &Path, built: &Built) -> Result<Vec<u8>, LoadError> {
    if built.file.contains('/') {
        return Err(LoadError::NotListed);
    }
    let bytes = regular(&directory.join(&built.file)).map_err(|error| LoadError::File(error.kind()))?;
    if hex::encode(Sha256::digest(&bytes)) != built.sha256 {
        Err(LoadError::Hash)
    } else if !elf::is_whole(&bytes) {
        Err(LoadError::NotWhole)
    } else if elf::is_executable(&bytes) {
        Err(LoadError::Executable)
    } else if elf::aborts_on_panic(&bytes) {
        Err(LoadError::Aborts)
    } else {
        Ok(bytes)
    }
}

/// A pipe would block for ever, a device never end.
fn regular(path: &Path) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_file() && metadata.len() <= MAX_FILE {
        std::fs::read(path)
    } else {
        Err(std::io::ErrorKind::InvalidInput.into())
    }
}
