//! The adapters' directory, which is also the Lambda layer: every adapter's file under its id, and one manifest
//! with the hash of each, which the host checks before it loads. Files are renamed into place, the manifest last.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Error, Workspace, command::cargo, descriptor, locate::Located, steps};

#[derive(Args)]
pub struct Options {
    /// Cargo's profile: dev for the local run, release for a deployment
    #[arg(long, default_value = "dev")]
    pub(crate) profile: String,
    /// The directory to fill; `adapters` of the local run if not given
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// A built adapter from outside this repository, to be added; its manifest is in its crate's folder
    #[arg(long, value_name = "FILE")]
    pub(crate) also: Vec<PathBuf>,
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
    let mut staged = stage(workspace, &built, &out)?;
    for file in &options.also {
        let located = Located::beside(workspace, file)?;
        if staged.contains(&located.id) {
            return Err(Error::failed(format!("{}: there is an adapter {} already", file.display(), located.id)));
        }
        add(&located.file, &located.manifest, &out)?;
        staged.push(located.id);
    }
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
        let own = workspace.root.join("adapters").join(id).join("manifest.json");
        manifest.insert(id.clone(), copy(&built.join(format!("lib{id}.so")), &own, id, out)?);
    }
    write(&manifest, out)?;
    Ok(ids)
}

/// Adds one adapter's file to what is in `out`.
///
/// # Errors
/// As [`layer`].
pub fn add(file: &Path, own_manifest: &Path, out: &Path) -> Result<(), Error> {
    fs::create_dir_all(out).map_err(Error::file(out))?;
    let known = out.join("manifest.json");
    let mut manifest = if known.exists() { object(&known)? } else { Map::new() };
    let id = object(own_manifest)?.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    manifest.insert(id.clone(), copy(file, own_manifest, &id, out)?);
    write(&manifest, out)
}

/// Puts the file under its id into `out`; its manifest, with the hash of those very bytes.
fn copy(path: &Path, own_manifest: &Path, id: &str, out: &Path) -> Result<Value, Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    let fault = |fault: &str| Error::failed(format!("{} {fault}", path.display()));
    let descriptor = descriptor::read(&bytes).map_err(|error| fault(&error))?;
    let mut manifest = object(own_manifest)?;
    if manifest.get("id").and_then(Value::as_str) != Some(id) {
        return Err(Error::failed(format!("{}: its id must be {id}, as its folder says", own_manifest.display())));
    }
    if descriptor.name != id {
        return Err(fault(&format!("is the adapter {}, and its manifest says {id}", descriptor.name)));
    }
    let file = format!("{id}.so");
    let sha256 = hex::encode(Sha256::digest(&bytes));
    manifest.insert("built".into(), json!({ "file": file, "sha256": sha256, "version": descriptor.version }));
    place(&out.join(file), &bytes)?;
    Ok(Value::Object(manifest))
}

fn write(manifest: &Map<String, Value>, out: &Path) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(manifest).map_err(|error| Error::Json(out.to_owned(), error))?;
    place(&out.join("manifest.json"), &text)
}

fn object(path: &Path) -> Result<Map<String, Value>, Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Json(path.to_owned(), error))
}

/// The directories of `adapters/` that have a manifest.
pub(crate) fn ids(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let directory = workspace.root.join("adapters");
    let entries = fs::read_dir(&directory).map_err(Error::file(&directory))?.flatten();
    let with_manifest = entries.filter(|entry| entry.path().join("manifest.json").is_file());
    let mut ids: Vec<String> = with_manifest.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    ids.sort();
    Ok(ids)
}

/// Whoever reads the file sees the old one or the new one, whole.
pub(crate) fn place(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&fresh, bytes).map_err(Error::file(&fresh))?;
    fs::rename(&fresh, path).map_err(Error::file(path))
}
