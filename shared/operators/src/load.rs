//! Loads an adapter and calls it. Its bytes are mapped from a sealed memory file: so nothing can change between check
//! and load, and a file that is truncated or swapped under the running gateway cannot reach code that is in use (a
//! truncated mapping is a SIGBUS).

use std::{error::Error as _, ffi::c_void, fs::File, io::Write as _, os::fd::AsRawFd, sync::Arc};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create},
    io::Errno,
};
use sna_adapter::{
    ADAPTER_MAGIC, AdapterV1, Bytes, Call, Manifest, NOT_UNDERSTOOD, PANICKED, REPLIED, Reply, SYMBOL, Step,
};

use crate::LoadError;

/// A reply larger than this is a fault of the adapter.
const MAX_REPLY: usize = 1024 * 1024;

/// How often a file is tried to be sealed: the kernel refuses as long as it has one of its pages in hand itself, which
/// happens on a busy machine. Each try waits for that within the kernel.
const TRIES: u32 = 5;

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

/// A loaded adapter: stays for the life of the process.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub step: Step,
    pub manifest: Arc<Manifest>,
}

/// A memory file that holds `bytes` and can never change again.
fn sealed(bytes: &[u8]) -> std::io::Result<File> {
    let mut file = File::from(memfd_create("adapter", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(bytes)?;
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    let mut tries = 1;
    while let Err(error) = fcntl_add_seals(&file, seals) {
        if error != Errno::BUSY || tries == TRIES {
            return Err(error.into());
        }
        tries += 1;
    }
    Ok(file)
}

/// Loads an adapter's file for good, and checks that it is what `manifest` says.
pub fn open(bytes: &[u8], manifest: Arc<Manifest>) -> Result<Adapter, LoadError> {
    let file = sealed(bytes).map_err(|error| LoadError::File(error.kind()))?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: initialisers of the file run here; its hash said that it is the one we built.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| LoadError::Loader(words(&error).replace(&path, &manifest.id)))?;
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
    let (step, version) = unsafe {
        if descriptor.is_null()
            || !descriptor.is_aligned()
            || (*descriptor).magic != ADAPTER_MAGIC
            || ((*descriptor).size as usize) < size_of::<AdapterV1>()
            || (*descriptor).name.borrow() != manifest.id.as_bytes()
        {
            return Err(LoadError::Descriptor);
        }
        ((&raw const (*descriptor).step).cast::<Option<Step>>().read(), (*descriptor).version.borrow())
    };
    if manifest.built.as_ref().is_none_or(|built| built.version.as_bytes() != version) {
        return Err(LoadError::Version);
    }
    step.map(|step| Adapter { step, manifest }).ok_or(LoadError::Descriptor)
}

/// The loader's own words, which stand behind the error that brings them.
fn words(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// What a step made of a call, before anything of it is believed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// What the step returned; 0, 1 and 2 are known.
    pub code: i32,
    /// How often it wrote.
    pub times: u32,
    /// What it wrote first; empty where that was too large.
    pub reply: Vec<u8>,
    /// Did it write more than 1 MiB?
    pub too_large: bool,
}

extern "C" fn write(out: *mut c_void, reply: Bytes) {
    // SAFETY: `out` is the `Answered` of the running step, which nobody else uses until the step returns.
    let out = unsafe { &mut *out.cast::<Answered>() };
    out.times = out.times.saturating_add(1);
    out.too_large |= reply.len > MAX_REPLY;
    if out.times == 1 && !out.too_large {
        // SAFETY: `reply` is lent for this call, and its length is one that a slice may have.
        out.reply = unsafe { reply.borrow() }.to_vec();
    }
}

impl Adapter {
    /// One step. Runs on the caller's thread and takes microseconds.
    pub fn step(&self, call: &Call) -> Result<Reply, StepError> {
        let call = serde_json::to_vec(call).map_err(|_| StepError::Abi("the call cannot be encoded"))?;
        let answered = self.call(&call);
        match (answered.code, answered.times) {
            (PANICKED, _) => Err(StepError::Panicked),
            (REPLIED | NOT_UNDERSTOOD, 1) if answered.too_large => Err(StepError::Abi("its reply is over one MiB")),
            (REPLIED, 1) => {
                serde_json::from_slice(&answered.reply).map_err(|_| StepError::Abi("the reply is not a known one"))
            }
            (NOT_UNDERSTOOD, 1) => {
                let message = String::from_utf8_lossy(&answered.reply).chars().take(200).collect();
                Err(StepError::NotUnderstood(message))
            }
            (_, 0) => Err(StepError::Abi("it wrote no reply")),
            (_, 1) => Err(StepError::Abi("it returned an unknown code")),
            _ => Err(StepError::Abi("it wrote more than once")),
        }
    }

    /// Any bytes as a call, for the conformance kit.
    pub fn call(&self, call: &[u8]) -> Answered {
        let mut answered = Answered::default();
        let code = (self.step)(Bytes::lend(call), write, (&raw mut answered).cast());
        Answered { code, ..answered }
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
