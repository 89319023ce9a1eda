//! The adapters' directory, which is also the Lambda layer: every adapter's file under its id, and one manifest
//! with the hash of each, which the host checks before it loads. Files are renamed into place, the manifest last.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Error, Workspace, command::cargo, steps, symbols};

#[derive(Args)]
pub struct Options {
    /// Cargo's profile: dev for the local run, release for a deployment
    #[arg(long, default_value = "dev")]
    profile: String,
    /// The directory to fill; `adapters` of the local run if not given
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Builds the adapters and stages them.
///
/// # Errors
/// What cannot be built, read or written, or an adapter that exports too much.
pub fn layer(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    let out = options.out.clone().unwrap_or_else(|| workspace.adapters());
    let ids = ids(workspace)?;
    steps::step(&format!("build {} adapters", ids.len()), || {
        let mut run = cargo(workspace, "build --locked --profile").arg(&options.profile);
        for id in &ids {
            run = run.arg("-p").arg(id);
        }
        steps::quietly("cargo build", run, &workspace.scratch().join("adapters.log"))
    })?;
    let built = workspace.target.join(if options.profile == "dev" { "debug" } else { &options.profile });
    let staged = stage(workspace, &built, &out)?;
    println!("{} in {}", staged.join(", "), out.display());
    Ok(())
}

/// Copies what is in `built` (such as `target/debug`) to `out` and returns the adapters' ids.
///
/// # Errors
/// As [`layer`].
pub fn stage(workspace: &Workspace, built: &Path, out: &Path) -> Result<Vec<String>, Error> {
    fs::create_dir_all(out).map_err(Error::file(out))?;
    let ids = ids(workspace)?;
    let mut manifest = Map::new();
    for id in &ids {
        let path = built.join(format!("lib{id}.so"));
        let bytes = fs::read(&path).map_err(Error::file(&path))?;
        symbols::check(&bytes).map_err(|fault| Error::failed(format!("{} {fault}", path.display())))?;
        let file = format!("{id}.so");
        let mut entry = own_manifest(workspace, id)?;
        entry.insert("file".into(), json!(file));
        entry.insert("sha256".into(), json!(hex::encode(Sha256::digest(&bytes))));
        // Adapters carry the workspace's version, as xtask does.
        entry.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
        manifest.insert(id.clone(), Value::Object(entry));
        place(&out.join(file), &bytes)?;
    }
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::Json(out.to_owned(), error))?;
    place(&out.join("manifest.json"), &text)?;
    Ok(ids)
}

/// The directories of `adapters/` that have a manifest.
fn ids(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let directory = workspace.root.join("adapters");
    let entries = fs::read_dir(&directory).map_err(Error::file(&directory))?.flatten();
    let with_manifest = entries.filter(|entry| entry.path().join("manifest.json").is_file());
    let mut ids: Vec<String> = with_manifest.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    ids.sort();
    Ok(ids)
}

fn own_manifest(workspace: &Workspace, id: &str) -> Result<Map<String, Value>, Error> {
    let path = workspace.root.join("adapters").join(id).join("manifest.json");
    let bytes = fs::read(&path).map_err(Error::file(&path))?;
    let manifest: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|error| Error::Json(path.clone(), error))?;
    if manifest.get("id").and_then(Value::as_str) == Some(id) {
        Ok(manifest)
    } else {
        Err(Error::failed(format!("{}: its id must be {id}, as its directory says", path.display())))
    }
}

/// Whoever reads the file sees the old one or the new one, whole.
fn place(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&fresh, bytes).map_err(Error::file(&fresh))?;
    fs::rename(&fresh, path).map_err(Error::file(path))
}
