//! Would Lambda run this file, and is it what any other machine would have built? No code of it runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use memchr::memmem;
use object::{Architecture, Object};

use crate::descriptor;

/// What a panic says that was caught by the wrong language, in Rust's `panic_unwind`: a program that ends at a panic is
/// linked without that crate. Unlike the names of the unwinder's functions it is there when the unwinder is linked in.
const UNWINDS: &[u8] = b"Rust panics must be rethrown";

/// As Lambda and the template name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

impl Arch {
    pub(crate) const HERE: Self = if cfg!(target_arch = "aarch64") { Self::Arm64 } else { Self::X86_64 };

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// Rust's name.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    const fn of_object(self) -> Architecture {
        match self {
            Self::Arm64 => Architecture::Aarch64,
            Self::X86_64 => Architecture::X86_64,
        }
    }
}

/// # Errors
/// What is wrong with the file, with its path; `folders` are those of this machine that it must not tell of.
pub(crate) fn check(file: &Path, arch: Arch, folders: &[PathBuf]) -> Result<(), String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    fault(&bytes, arch, folders).map_err(|fault| format!("{} {fault}", file.display()))
}

fn fault(bytes: &[u8], arch: Arch, folders: &[PathBuf]) -> Result<(), String> {
    let object = object::File::parse(bytes).map_err(|error| format!("is no object file: {error}"))?;
    if object.architecture() != arch.of_object() {
        return Err(format!("is for {:?} and not for {}", object.architecture(), arch.name()));
    }
    descriptor::fits_lambda(bytes)?;
    if memmem::find(bytes, UNWINDS).is_none() {
        return Err("ends its process at a panic: its profile needs panic = \"unwind\"".into());
    }
    let told = folders.iter().find(|folder| memmem::find(bytes, folder.as_os_str().as_encoded_bytes()).is_some());
    told.map_or(Ok(()), |folder| {
        Err(format!("holds the path {}: elsewhere it would be another file", folder.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<u8> {
        std::env::current_exe().and_then(fs::read).unwrap_or_default()
    }

    #[test]
    fn a_test_of_this_machine_unwinds_and_is_not_for_another_architecture() {
        let own = own();
        assert!(memmem::find(&own, UNWINDS).is_some());
        let other = if Arch::HERE == Arch::Arm64 { Arch::X86_64 } else { Arch::Arm64 };
        assert!(fault(&own, other, &[]).is_err_and(|fault| fault.contains(other.name())));
    }

    #[test]
    fn a_path_of_this_machine_is_found_and_so_is_a_panic_that_aborts() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut own = own();
        assert!(fault(&own, Arch::HERE, &[root]).is_err_and(|fault| fault.contains("holds the path")));
        while let Some(at) = memmem::find(&own, UNWINDS) {
            own[at] = b'.';
        }
        assert!(fault(&own, Arch::HERE, &[]).is_err_and(|fault| fault.contains("panic = \"unwind\"")));
    }
}
