//! Where things are.

use std::path::{Path, PathBuf};

/// The repository, and what is written below its `target/`.
pub struct Workspace {
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
}

impl Workspace {
    /// The one that this xtask was built from.
    #[must_use]
    pub fn here() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.ancestors().nth(2).unwrap_or(own).to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
        Self { root, target }
    }

    /// A program that the dev profile built.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// What belongs to the local run. Not in Cargo's directory: scripts look here.
    pub(crate) fn local(&self) -> PathBuf {
        self.root.join("target/local")
    }

    /// The adapters of the local run and of the tests.
    pub(crate) fn adapters(&self) -> PathBuf {
        self.local().join("adapters")
    }

    /// The API reference, where the sandbox of the local run looks for it.
    pub(crate) fn docs(&self) -> PathBuf {
        self.local().join("docs")
    }

    /// Pinned tools that the machine did not have.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }

    /// What is deployed: a folder for each architecture, and `current`.
    pub(crate) fn package(&self, name: &str) -> PathBuf {
        self.root.join("target/package").join(name)
    }

    /// Outputs of steps, and the files of the system that the checks start.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.root.join("target/xtask")
    }
}
