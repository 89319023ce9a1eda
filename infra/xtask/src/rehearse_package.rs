//! What is deployed in a rehearsal, laid out as `cargo xtask package` lays it out, beside a copy of the template; and an
//! operator whom nobody knew when the functions were built.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    layer,
    new_adapter::{NewAdapter, new_adapter},
    package::{Arch, Stamp},
    steps::quietly,
    templates::Family,
};

const FUNCTIONS: [&str; 10] =
    ["token", "get-config", "authenticate", "callback", "enrich", "otp", "validate", "coverage", "keys", "notify"];
/// The template, and the one that it nests.
const TEMPLATES: [&str; 2] = ["template.yaml", "infra/watch.yaml"];

/// Where the template looks for it.
pub(crate) struct Package {
    place: PathBuf,
}

/// An adapter's crate outside the repository.
pub(crate) struct Newcomer {
    pub(crate) home: PathBuf,
    file: PathBuf,
    /// Its entries of the operator table, by network.
    pub(crate) entries: Map<String, Value>,
}

impl Package {
    /// Copies what is built, without symbols: the dev profile's files are five times as large with them.
    pub(crate) fn lay_out(workspace: &Workspace, profile: &str, home: &Path) -> Result<Self, Error> {
        for name in TEMPLATES {
            copy(&workspace.root.join(name), &home.join(name))?;
        }
        let package = Self { place: home.join("target/package/current") };
        if profile != "dev" {
            let made = workspace.package("current");
            let (packaged, here) = (Stamp::read(&made)?.arch, Arch::HERE.name());
            if packaged != here {
                return Err(Error::failed(format!(
                    "what was packaged is for {packaged}: package again with --arch {here}"
                )));
            }
            // It is a link to the folder of its architecture.
            let run = Run::new(workspace, "cp").arg("-rL").arg(&made).arg(&package.place);
            make(package.place.parent().unwrap_or(home))?;
            quietly("cp", run, &home.join("cp.log"))?;
            return Ok(package);
        }
        let stripped = home.join("adapters");
        make(&stripped)?;
        for name in FUNCTIONS {
            make(&package.place.join(name))?;
            strip(workspace, &workspace.built(name), &package.place.join(name).join("bootstrap"))?;
        }
        for id in layer::ids(workspace)? {
            let name = format!("lib{id}.so");
            strip(workspace, &workspace.built(&name), &stripped.join(&name))?;
        }
        layer::stage(workspace, &stripped, &package.layer().join("adapters"))?;
        Ok(package)
    }

    fn layer(&self) -> PathBuf {
        self.place.join("layer")
    }

    /// The operators that the deployment knows.
    pub(crate) fn put(&self, name: &str, table: &Value) -> Result<(), Error> {
        let path = self.layer().join(name);
        let text = serde_json::to_vec_pretty(table).map_err(|error| Error::Json(path.clone(), error))?;
        layer::place(&path, &text)
    }

    /// Adds the newcomer's adapter to the layer; no function is built, or even looked at.
    pub(crate) fn add(&self, newcomer: &Newcomer) -> Result<(), Error> {
        layer::add(&newcomer.file, &newcomer.home.join("manifest.json"), &self.layer().join("adapters"))
    }
}

impl Newcomer {
    /// Writes the crate as the guide says, below `folder`, and builds it.
    pub(crate) fn build(workspace: &Workspace, folder: &Path) -> Result<Self, Error> {
        const ID: &str = "rehearsed";
        new_adapter(workspace, &NewAdapter::outside(ID, Family::Camara, folder))?;
        let (home, target) = (folder.join(ID), workspace.target.join("outside"));
        let mut run = cargo(workspace, "build --offline --color never").env("CARGO_TARGET_DIR", &target);
        run.0.current_dir(&home);
        quietly("cargo build", run, &workspace.scratch().join("rehearsed.log"))?;
        let entries = object(&home.join("operator.json"))?;
        Ok(Self { file: target.join(format!("debug/lib{ID}.so")), home, entries })
    }
}

/// A JSON file that holds an object.
pub(crate) fn object(path: &Path) -> Result<Map<String, Value>, Error> {
    let bytes = fs::read(path).map_err(Error::file(path))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Json(path.to_owned(), error))
}

fn strip(workspace: &Workspace, from: &Path, to: &Path) -> Result<(), Error> {
    let run = Run::new(workspace, "strip").arg("-o").arg(to).arg(from);
    quietly("strip", run, &workspace.scratch().join("strip.log"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    to.parent().map_or(Ok(()), make)?;
    fs::copy(from, to).map(drop).map_err(Error::file(from))
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::file(folder))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::os::unix::fs::symlink;

    use super::*;
    use crate::package::write;

    #[test]
    fn a_package_is_laid_out_with_its_files_though_current_is_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repository");
        for name in TEMPLATES {
            let file = root.join(name);
            make(file.parent().unwrap()).unwrap();
            fs::write(&file, name).unwrap();
        }
        let workspace = Workspace { target: root.join("target"), root };
        let (here, other) = match Arch::HERE {
            Arch::Arm64 => ("arm64", "x86_64"),
            Arch::X86_64 => ("x86_64", "arm64"),
        };
        let made = workspace.package(here);
        make(&made.join("token")).unwrap();
        fs::write(made.join("token/bootstrap"), "program").unwrap();
        symlink(here, workspace.package("current")).unwrap();
        write(&made, &Stamp::of(here));

        let home = folder.path().join("home");
        Package::lay_out(&workspace, "release", &home).unwrap();
        let place = home.join("target/package/current");
        assert_eq!(fs::read_to_string(place.join("token/bootstrap")).unwrap(), "program");
        assert!(!place.is_symlink());

        write(&made, &Stamp::of(other));
        let refusal = Package::lay_out(&workspace, "release", &folder.path().join("again")).err().unwrap();
        assert!(refusal.to_string().contains(&format!("package again with --arch {here}")), "{refusal}");
    }
}
