//! Loads an adapter: reads the file once, checks the hash of those very bytes, and maps them from a
//! sealed memory file. So nothing can change between check and load, and a file that is truncated or
//! swapped under the running gateway cannot reach code that is in use (a truncated mapping is a SIGBUS).

use std::{
    collections::{HashMap, HashSet},
    ffi::c_void,
    fs::File,
    io::Write as _,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sna_adapter::{ADAPTER_MAGIC, AdapterV1, Bytes, Call, NOT_UNDERSTOOD, PANICKED, REPLIED, Reply, SYMBOL, Step};

use crate::{elf, table::is_adapter_id};

/// A reply larger than this is a fault of the adapter.
const MAX_REPLY: usize = 1024 * 1024;
/// A larger file is no adapter; a release build has less than one megabyte.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Why an operator is unavailable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    #[error("the manifest does not name it")]
    NotListed,
    #[error("the file cannot be read: {0}")]
    File(std::io::ErrorKind),
    #[error("the file's SHA-256 is not the manifest's")]
    Hash,
    #[error("the file is not a whole ELF file of 64 bits")]
    NotWhole,
    #[error("it cannot be loaded: {0}")]
    Loader(String),
    #[error("it is not an adapter of version 1 (magic, size or name)")]
    Descriptor,
}

/// Why a step gave no reply.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error("it panicked")]
    Panicked,
    #[error("it did not understand the call: {0}")]
    NotUnderstood(String),
    #[error("it broke the ABI: {0}")]
    Abi(&'static str),
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    sha256: String,
}

/// A loaded adapter: stays for the life of the process.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    step: Step,
}

/// The directory of adapters and what was loaded from it.
pub struct Adapters {
    directory: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    loaded: HashMap<String, Adapter>,
    /// Adapter and SHA-256 of files that were mapped, which is for ever, and are none: once is enough.
    refused: HashSet<(String, String)>,
}

impl Adapters {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, known: Mutex::default() }
    }

    /// The adapter, loaded at first use. After a failure the files are read again next time.
    pub fn get(&self, id: &str) -> Result<Adapter, LoadError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adapter) = known.loaded.get(id) {
            return Ok(*adapter);
        }
        let (sha256, bytes) = read(&self.directory, id)?;
        let key = (id.to_owned(), sha256);
        if known.refused.contains(&key) {
            return Err(LoadError::Descriptor);
        }
        let adapter = sealed(&bytes).map_err(|error| LoadError::File(error.kind())).and_then(|file| open(file, id));
        match &adapter {
            Ok(adapter) => drop(known.loaded.insert(key.0, *adapter)),
            Err(LoadError::Descriptor) => drop(known.refused.insert(key)),
            Err(_) => {}
        }
        adapter
    }
}

/// The file that the manifest names, with the hash that was checked.
fn read(directory: &Path, id: &str) -> Result<(String, Vec<u8>), LoadError> {
    if !is_adapter_id(id) {
        return Err(LoadError::NotListed);
    }
    let manifest = std::fs::read(directory.join("manifest.json"))
        .map_err(|error| LoadError::Manifest(error.kind().to_string()))?;
    let unreadable = |error: serde_json::Error| LoadError::Manifest(error.to_string());
    // A broken entry is its own operator's trouble only.
    let mut manifest: HashMap<String, Value> = serde_json::from_slice(&manifest).map_err(unreadable)?;
    let entry = manifest.remove(id).ok_or(LoadError::NotListed)?;
    let listed = Listed::deserialize(entry).map_err(unreadable)?;
    if listed.file.contains('/') {
        return Err(LoadError::NotListed);
    }
    let bytes = regular(&directory.join(&listed.file)).map_err(|error| LoadError::File(error.kind()))?;
    if hex::encode(Sha256::digest(&bytes)) != listed.sha256 {
        return Err(LoadError::Hash);
    }
    if elf::is_whole(&bytes) { Ok((listed.sha256, bytes)) } else { Err(LoadError::NotWhole) }
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

/// A memory file that holds `bytes` and can never change again.
fn sealed(bytes: &[u8]) -> std::io::Result<File> {
    let mut file = File::from(memfd_create("adapter", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(bytes)?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file)
}

fn open(file: File, id: &str) -> Result<Adapter, LoadError> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: initialisers of the file run here; its hash said that it is the one we built.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| LoadError::Loader(error.to_string().replace(&path, id)))?;
    // The loader knows a library by its path: the number must never come back for another file.
    std::mem::forget(file);
    // SAFETY: only the first two fields, which every version begins with, are read before they are checked.
    let descriptor: *const AdapterV1 = match unsafe { library.get::<*const AdapterV1>(SYMBOL.as_bytes()) } {
        Ok(symbol) => *symbol,
        Err(_) => {
            std::mem::forget(library);
            return Err(LoadError::Descriptor);
        }
    };
    // Never unloaded: thread-locals and destructors of foreign code make unloading unsound.
    std::mem::forget(library);
    // SAFETY: the symbol is data of at least eight bytes in a file of ours; magic and size are checked in that order.
    // `step` is read as what a file in C can hold: perhaps null.
    let step = unsafe {
        if descriptor.is_null()
            || !descriptor.is_aligned()
            || (*descriptor).magic != ADAPTER_MAGIC
            || ((*descriptor).size as usize) < size_of::<AdapterV1>()
            || (*descriptor).name.borrow() != id.as_bytes()
        {
            return Err(LoadError::Descriptor);
        }
        (&raw const (*descriptor).step).cast::<Option<Step>>().read()
    };
    step.map(|step| Adapter { step }).ok_or(LoadError::Descriptor)
}

#[derive(Default)]
struct Written {
    reply: Vec<u8>,
    times: u32,
}

extern "C" fn write(out: *mut c_void, reply: Bytes) {
    // SAFETY: `out` is the `Written` of the running step, and `reply` is lent for this call.
    let (out, reply) = unsafe { (&mut *out.cast::<Written>(), reply.borrow()) };
    out.times = out.times.saturating_add(1);
    if out.times == 1 && reply.len() <= MAX_REPLY {
        out.reply = reply.to_vec();
    }
}

impl Adapter {
    /// One step. Runs on the caller's thread and takes microseconds.
    pub fn step(&self, call: &Call) -> Result<Reply, StepError> {
        let call = serde_json::to_vec(call).map_err(|_| StepError::Abi("the call cannot be encoded"))?;
        let mut written = Written::default();
        let code = (self.step)(Bytes::lend(&call), write, (&raw mut written).cast());
        match (code, written.times) {
            (PANICKED, _) => Err(StepError::Panicked),
            (REPLIED, 1) => {
                serde_json::from_slice(&written.reply).map_err(|_| StepError::Abi("the reply is not a known one"))
            }
            (NOT_UNDERSTOOD, 1) => {
                let message = String::from_utf8_lossy(&written.reply).chars().take(200).collect();
                Err(StepError::NotUnderstood(message))
            }
            (_, 0) => Err(StepError::Abi("it wrote no reply")),
            (_, 1) => Err(StepError::Abi("it returned an unknown code")),
            _ => Err(StepError::Abi("it wrote more than once")),
        }
    }
}
