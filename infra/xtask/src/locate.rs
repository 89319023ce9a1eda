//! The files that belong to a built adapter: its manifest, its sandbox profile and its operator-table entry, which lie
//! in its crate's folder. For an adapter of this repository the entry stands in the local run's table.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{Error, Workspace};

/// An adapter's file with what belongs to it.
pub struct Located {
    pub id: String,
    pub file: PathBuf,
    /// `manifest.json` of the crate.
    pub manifest: PathBuf,
}

impl Located {
    /// Looks beside `file`, then in the folders above it (`target/debug/lib<id>.so` lies in its crate's folder), and in
    /// their `adapters/<id>`; at last in this repository.
    ///
    /// # Errors
    /// When there is no such file, or no manifest of that id.
    pub fn beside(workspace: &Workspace, file: &Path) -> Result<Self, Error> {
        let file = fs::canonicalize(file).map_err(Error::file(file))?;
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let id = stem.strip_prefix("lib").unwrap_or(stem).to_owned();
        let above = file.ancestors().skip(1).flat_map(|folder| [folder.to_owned(), folder.join("adapters").join(&id)]);
        let mut folders = above.chain([workspace.root.join("adapters").join(&id)]);
        match folders.find(|folder| manifest_id(&folder.join("manifest.json")).as_deref() == Some(&id)) {
            Some(folder) => Ok(Self { id, file, manifest: folder.join("manifest.json") }),
            None => {
                Err(Error::failed(format!("there is no manifest.json of {id} beside {} or above it", file.display())))
            }
        }
    }

    /// With a manifest that lies elsewhere.
    ///
    /// # Errors
    /// When one of the files is not there, or the manifest has no id.
    pub fn with(file: &Path, manifest: &Path) -> Result<Self, Error> {
        let file = fs::canonicalize(file).map_err(Error::file(file))?;
        let manifest = fs::canonicalize(manifest).map_err(Error::file(manifest))?;
        match manifest_id(&manifest) {
            Some(id) => Ok(Self { id, file, manifest }),
            None => Err(Error::failed(format!("{} is no adapter's manifest", manifest.display()))),
        }
    }

    /// The sandbox profile.
    #[must_use]
    pub fn profile(&self) -> PathBuf {
        self.manifest.with_file_name("sandbox.json")
    }

    /// The operator table that has this adapter's entry: its own, else the local run's.
    #[must_use]
    pub fn table(&self, workspace: &Workspace) -> PathBuf {
        let own = self.manifest.with_file_name("operator.json");
        if own.is_file() { own } else { workspace.root.join("infra/operators.json") }
    }
}

fn manifest_id(path: &Path) -> Option<String> {
    let manifest: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    manifest["id"].as_str().map(str::to_owned)
}
