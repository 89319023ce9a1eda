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
    for located in outsiders(workspace, &options.also, &ids)? {
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

/// Adapters from outside this repository, with what belongs to each.
///
/// # Errors
/// What is not there, and an id that one of `ours` has, or another of them.
pub(crate) fn outsiders(workspace: &Workspace, files: &[PathBuf], ours: &[String]) -> Result<Vec<Located>, Error> {
    let mut found: Vec<Located> = Vec::new();
    for file in files {
        let located = Located::beside(workspace, file)?;
        let id = &located.id;
        if ours.contains(id) || found.iter().any(|other| other.id == *id) {
            return Err(Error::failed(format!("{}: there is an adapter {id} already", file.display())));
        }
        found.push(located);
    }
    Ok(found)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn no_two_adapters_have_one_id() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["here", "there"].map(|name| folder.path().join(name).join("libacme.so"));
        for file in &files {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
            fs::write(file.with_file_name("manifest.json"), r#"{ "id": "acme" }"#).unwrap();
        }
        let found = |files: &[PathBuf], ours: &[&str]| {
            let ours: Vec<String> = ours.iter().map(|&id| id.to_owned()).collect();
            let found = outsiders(&Workspace::here(), files, &ours);
            found.map(|all| all.len()).map_err(|error| error.to_string())
        };
        assert_eq!(found(&files[..1], &["o2"]), Ok(1));
        for refused in [found(&files, &["o2"]), found(&files[..1], &["acme"])] {
            assert!(refused.is_err_and(|error| error.contains("there is an adapter acme already")));
        }
    }
}
