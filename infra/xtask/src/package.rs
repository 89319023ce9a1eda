//! `cargo xtask package`: what a deployment uploads, in `target/package/<arch>`, as folders that `sam` zips: each function's
//! `bootstrap`, and the layer of adapters with the operator table. `target/package/current` is what was packaged last.

mod artifact;
mod build;
mod stamp;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;

#[cfg(test)]
pub(crate) use self::tests::write;
pub(crate) use self::{
    artifact::Arch,
    stamp::{Stamp, functions, intact, sources},
};
use self::{build::Tools, stamp::Sums};
use crate::{
    Error, Workspace,
    command::{Run, cargo},
    layer,
    steps::{quietly, step},
};

#[derive(Args)]
pub struct Options {
    /// What the functions run on; this machine's if not given
    #[arg(long, value_enum)]
    arch: Option<Arch>,
    /// Cargo's profile; dev takes what `cargo build` made for this machine, for the rehearsal and not for Lambda
    #[arg(long, default_value = "release")]
    profile: String,
    /// The deployment's operator table, which goes into the layer
    #[arg(long, value_name = "FILE", required_unless_present = "sandbox")]
    operators: Option<PathBuf>,
    /// The number lookup's configuration, likewise, as lookup.json
    #[arg(long, value_name = "FILE")]
    lookup: Option<PathBuf>,
    /// A built adapter from outside this repository, to be added; its manifest is in its crate's folder
    #[arg(long, value_name = "FILE")]
    also: Vec<PathBuf>,
    /// Leave the functions as they were packaged: for a new operator, or a change of the table
    #[arg(long)]
    layer_only: bool,
    /// Build a copy of the sources in another folder too, and compare
    #[arg(long, conflicts_with = "layer_only")]
    twice: bool,
    /// Take the local run's table, or one with addresses of this machine
    #[arg(long)]
    sandbox: bool,
}

impl Options {
    /// For this machine and the local run's table.
    pub(crate) fn of_the_sandbox() -> Self {
        Self {
            arch: None,
            profile: "release".to_owned(),
            operators: None,
            lookup: None,
            also: Vec::new(),
            layer_only: false,
            twice: false,
            sandbox: true,
        }
    }
}

/// Builds, checks and lays out a package, and says how large it is.
///
/// # Errors
/// What cannot be built, what would not run in Lambda, what is wrong with the table, or what differs the second time.
pub fn package(workspace: &Workspace, options: &Options) -> Result<(), Error> {
    let own_table = workspace.root.join("infra/operators.json");
    let table = options.operators.clone().unwrap_or(own_table);
    for file in [Some(&table), options.lookup.as_ref()].into_iter().flatten() {
        refuse_loopback(file, options.sandbox)?;
    }
    let arch = options.arch.unwrap_or(Arch::HERE);
    if options.profile == "dev" && (arch != Arch::HERE || options.twice) {
        return Err(Error::failed("the profile dev is for this machine, and not built to be the same twice"));
    }
    let tools = if options.profile == "dev" { None } else { Some(Tools::find(workspace, arch)?) };
    let job = Job { arch, options, table: &table, tools };
    let out = workspace.package(arch.name());
    let before = stamp::sums(&out).unwrap_or_default();
    // What is packaged is what was there when it began.
    let (sources, functions) = (sources(workspace)?, functions(workspace)?);
    // Half a package is none.
    match options.layer_only {
        true => Stamp { sources: String::new(), ..kept(&out, options, &before, &functions)? }.write(&out)?,
        false => Stamp::remove(&out),
    }
    job.assemble(workspace, &out)?;
    step("the operator table, as the functions read it", || job.check_table(workspace, &out.join("layer")))?;
    if options.twice {
        step("the same, from another folder", || job.again(workspace, &out))?;
    }
    stamp::print_sizes(&out, job.tools.is_some())?;
    stamp::print_changes(&before, &stamp::sums(&out)?);
    let (profile, sandbox) = (options.profile.clone(), options.sandbox);
    Stamp { arch: arch.name().to_owned(), profile, sandbox, sources, functions }.write(&out)?;
    let current = workspace.package("current");
    let fresh = current.with_extension("new");
    let _ = fs::remove_file(&fresh);
    symlink(arch.name(), &fresh).map_err(Error::file(&fresh))?;
    fs::rename(&fresh, &current).map_err(Error::file(&current))
}

/// The package whose functions stay: they must be what would be built now.
fn kept(out: &Path, options: &Options, before: &Sums, functions: &str) -> Result<Stamp, Error> {
    let once = |why: &str| Error::failed(format!("{why}: leave out --layer-only, once"));
    let old = Stamp::read(out).map_err(|_| once("the functions are not packaged yet"))?;
    if old.functions != functions {
        return Err(once("functions, shared or a dependency have changed since the functions were packaged"));
    }
    if old.profile != options.profile {
        return Err(once(&format!("the functions were packaged with the profile {}", old.profile)));
    }
    let now = stamp::found(out)?;
    if let Some(name) = stamp::differing(before, &now).into_iter().find(|name| !name.starts_with("layer/")) {
        return Err(once(&format!("{name} is not what was packaged")));
    }
    if before.contains_key("layer/lookup.json") && options.lookup.is_none() {
        return Err(Error::failed(
            "the layer has a lookup.json, which would be lost: give it again with --lookup FILE",
        ));
    }
    Ok(old)
}

struct Job<'a> {
    arch: Arch,
    options: &'a Options,
    table: &'a Path,
    /// None for the profile dev.
    tools: Option<Tools>,
}

impl Job<'_> {
    /// Fills `out`; what was there is replaced.
    fn assemble(&self, workspace: &Workspace, out: &Path) -> Result<(), Error> {
        if !self.options.layer_only {
            let _ = fs::remove_dir_all(out);
            let names = folders(workspace, "functions")?;
            let built = self.build(workspace, &names, "functions")?;
            for name in &names {
                // cargo-lambda moves a program to a folder of its own.
                let program = built.join(name);
                let file = if self.tools.is_some() { program.join("bootstrap") } else { program };
                self.check(workspace, &file)?;
                put_program(&file, &out.join(name))?;
            }
        }
        self.layer(workspace, &out.join("layer"))?;
        stamp::write_sums(out)
    }

    fn layer(&self, workspace: &Workspace, out: &Path) -> Result<(), Error> {
        let (ids, adapters) = (folders(workspace, "adapters")?, out.join("adapters"));
        let also = layer::outsiders(workspace, &self.options.also, &ids)?;
        let built = self.build(workspace, &ids, "adapters")?;
        let _ = fs::remove_dir_all(out);
        for id in &ids {
            self.check(workspace, &built.join(format!("lib{id}.so")))?;
        }
        layer::stage(workspace, &built, &adapters)?;
        for located in also {
            // Of whose folders its bytes tell is its builder's matter.
            artifact::check(&located.file, self.arch, &[]).map_err(Error::failed)?;
            layer::add(&located.file, &located.manifest, &adapters)?;
        }
        for (file, name) in [(Some(self.table), "operators.json"), (self.options.lookup.as_deref(), "lookup.json")] {
            if let Some(file) = file {
                fs::copy(file, out.join(name)).map_err(Error::file(file))?;
            }
        }
        Ok(())
    }

    /// Where what was built is.
    fn build(&self, workspace: &Workspace, packages: &[String], what: &str) -> Result<PathBuf, Error> {
        step(&format!("build {} {what} for {}", packages.len(), self.arch.name()), || match &self.tools {
            Some(tools) => tools.build(workspace, self.arch, &self.options.profile, packages, what),
            None => {
                // With the features of the whole workspace, as everything else for this machine is built.
                let run = cargo(workspace, "build --workspace --locked --color never");
                quietly("cargo build", run, &workspace.scratch().join("build.log"))?;
                Ok(workspace.target.join("debug"))
            }
        })
    }

    /// A file of the profile dev stays on this machine.
    fn check(&self, workspace: &Workspace, file: &Path) -> Result<(), Error> {
        let Some(tools) = &self.tools else { return Ok(()) };
        artifact::check(file, self.arch, &tools.folders(workspace)).map_err(Error::failed)
    }

    /// By shared/operators and shared/networks themselves; adapters for another machine are not loaded.
    fn check_table(&self, workspace: &Workspace, layer: &Path) -> Result<(), Error> {
        let build = cargo(workspace, "build --workspace --locked --color never --example check");
        quietly("cargo build", build, &workspace.scratch().join("check-table.log"))?;
        let file = |name| format!("file:{}", layer.join(name).display());
        let mut run = Run::new(workspace, workspace.built("examples/check")).env("OPERATORS", file("operators.json"));
        run = run.env("ADAPTERS", layer.join("adapters"));
        run.0.env_remove("LOOKUP");
        if self.options.lookup.is_some() {
            run = run.env("LOOKUP", file("lookup.json"));
        }
        if self.arch == Arch::HERE {
            run = run.arg("loads");
        }
        quietly("the operator table", run, &workspace.scratch().join("table.log"))
    }

    /// A second package, of a copy of the sources elsewhere; every hash must be the same.
    fn again(&self, workspace: &Workspace, out: &Path) -> Result<(), Error> {
        let home = workspace.package("again");
        let _ = fs::remove_dir_all(&home);
        let root = home.join("sources");
        stamp::copy_sources(&workspace.root, &root)?;
        let copy = Workspace { target: root.join("target"), root };
        let there = home.join("package");
        self.assemble(&copy, &there)?;
        let (first, second) = (stamp::sums(out)?, stamp::sums(&there)?);
        let differing: Vec<&str> = stamp::differing(&first, &second).into_iter().collect();
        if !differing.is_empty() {
            return Err(Error::failed(format!("not the same twice: {}", differing.join(", "))));
        }
        println!("    {} files, the same twice", first.len());
        Ok(())
    }
}

/// Lambda runs it as somebody else; `sam` lets others read what it uploads, and leaves it to us to let them run it.
fn put_program(file: &Path, folder: &Path) -> Result<(), Error> {
    let program = folder.join("bootstrap");
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    fs::copy(file, &program).map_err(Error::file(file))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(Error::file(&program))
}

/// The crates in a folder of the workspace.
fn folders(workspace: &Workspace, kind: &str) -> Result<Vec<String>, Error> {
    let place = workspace.root.join(kind);
    let entries = fs::read_dir(&place).map_err(Error::file(&place))?.flatten();
    let crates = entries.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<String> = crates.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Addresses of this machine would be Lambda's own there.
fn refuse_loopback(file: &Path, sandbox: bool) -> Result<(), Error> {
    let bytes = fs::read(file).map_err(Error::file(file))?;
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| Error::Json(file.to_owned(), error))?;
    let entries = json.as_object().into_iter().flatten().map(|(_, entry)| entry);
    if !sandbox && entries.chain([&json]).any(|entry| entry["allow_loopback"] == true) {
        let file = file.display();
        return Err(Error::failed(format!("{file} has allow_loopback: that is for the sandbox, and needs --sandbox")));
    }
    Ok(())
}

#[cfg(test)]
#[path = "package_tests.rs"]
mod tests;
