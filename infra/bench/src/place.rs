//! Where the things are that are measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Error;

/// What `cargo xtask bench` has built, and what was asked of it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
    /// Compare with other people's programs too.
    pub peers: bool,
    /// What is deployed, or the developer's build.
    pub release: bool,
}

impl Place {
    /// The repository that this was built from.
    pub fn here(peers: bool) -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.ancestors().nth(2).unwrap_or(own).to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
        Self { root, target, peers, release: true }
    }

    /// The same with what `cargo build --workspace` and `cargo xtask layer` have made.
    #[must_use]
    pub fn debug(self) -> Self {
        Self { release: false, ..self }
    }

    /// The functions' names, in alphabetical order.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn functions(&self) -> Result<Vec<String>, Error> {
        let folder = self.root.join("functions");
        let entries = fs::read_dir(&folder).map_err(Error::file(&folder))?;
        let mut names: Vec<_> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// A function's program: as it is deployed, or of the developer's build.
    pub fn built(&self, name: &str) -> PathBuf {
        if self.release {
            self.target.join("package/current").join(name).join("bootstrap")
        } else {
            self.target.join("debug").join(name)
        }
    }

    /// The adapters with their manifest, likewise.
    pub fn adapters(&self) -> PathBuf {
        self.target.join(if self.release { "package/current/layer/adapters" } else { "local/adapters" })
    }
}
