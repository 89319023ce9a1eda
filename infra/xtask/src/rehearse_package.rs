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
    steps::quietly,
    templates::Family,
};

const FUNCTIONS: [&str; 9] =
    ["token", "get-config", "authenticate", "callback", "enrich", "otp", "validate", "coverage", "keys"];
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
            let made = workspace.root.join("target/package/current");
            let run = Run::new(workspace, "cp").arg("-r").arg(&made).arg(&package.place);
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
    /// Writes the crate as README says, below `folder`, and builds it.
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
