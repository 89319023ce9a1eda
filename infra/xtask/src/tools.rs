//! Tools that the commands need, pinned. What the machine has in a usable version is used; the rest goes to
//! `target/tools`, where it is nobody else's business and `cargo clean` takes it away.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use crate::{
    Error, Workspace,
    command::{Run, cargo},
    steps::quietly,
};

/// Runs the functions on this machine. One binary in a Python package; its dependencies are for cross-compiling.
pub(crate) fn cargo_lambda(workspace: &Workspace) -> Result<PathBuf, Error> {
    Ok(python(workspace, "cargo-lambda", "1.9.2", &["--no-deps"])?.join("bin/cargo-lambda"))
}

/// C compiler and linker for every architecture and C library; the directory of its package.
pub(crate) fn zig(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "ziglang", "0.17.1", &["--no-deps"])
}

/// Checks CloudFormation and SAM templates; the directory of its packages.
pub(crate) fn cfn_lint(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "cfn-lint", "1.58.0", &[])
}

/// A PASETO implementation that is not ours; the directory of its packages.
pub(crate) fn pyseto(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "pyseto", "1.10.0", &[])
}

/// Draws requests from an OpenAPI description; the directory of its packages.
pub(crate) fn schemathesis(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "schemathesis", "4.32.5", &[])
}

/// A DynamoDB that is not ours, among many services; the directory of its packages.
pub(crate) fn ministack(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "ministack", "1.5.33", &[])
}

/// Packages and deploys templates; the directory of its packages, `samtranslator` among them.
pub(crate) fn sam(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "aws-sam-cli", "1.170.0", &[])
}

/// The real libphonenumber, in the release of our tables; the directory of its packages.
pub(crate) fn phonenumbers(workspace: &Workspace, release: &str) -> Result<PathBuf, Error> {
    python(workspace, "phonenumbers", release, &[])
}

/// HTTP for the Python client; the directory of its packages.
pub(crate) fn httpx(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "httpx", "0.28.1", &[])
}

/// Makes Python types of an OpenAPI description; the directory of its packages.
pub(crate) fn datamodel_codegen(workspace: &Workspace) -> Result<PathBuf, Error> {
    python(workspace, "datamodel-code-generator", "0.89.0", &[])
}

/// Draws the API reference; the directory of its packages.
pub(crate) fn redoc(workspace: &Workspace) -> Result<PathBuf, Error> {
    Ok(npm(workspace, &workspace.root.join("infra/xtask/npm/reference"))?.join("node_modules"))
}

/// Bruno and httpYac, which run collections of requests; the directory of their programs.
pub(crate) fn collections(workspace: &Workspace) -> Result<PathBuf, Error> {
    Ok(npm(workspace, &workspace.root.join("infra/xtask/npm/collections"))?.join("node_modules/.bin"))
}

/// Drives a browser, and axe, which judges a page; the directory that has their `node_modules`.
pub(crate) fn playwright(workspace: &Workspace) -> Result<PathBuf, Error> {
    npm(workspace, &workspace.root.join("infra/xtask/npm/browser"))
}

pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf, Error> {
    cargo_tool(workspace, "cargo-deny", "0.20.2", [0, 19, 0])
}

pub(crate) fn cargo_nextest(workspace: &Workspace) -> Result<PathBuf, Error> {
    cargo_tool(workspace, "cargo-nextest", "0.9.143", [0, 9, 100])
}

/// Drives libFuzzer, with the stable toolchain as long as no sanitizer is asked for.
pub(crate) fn cargo_fuzz(workspace: &Workspace) -> Result<PathBuf, Error> {
    cargo_tool(workspace, "cargo-fuzz", "0.13.2", [0, 13, 0])
}

fn python(workspace: &Workspace, package: &str, version: &str, options: &[&str]) -> Result<PathBuf, Error> {
    let place = workspace.tools().join(format!("{package}-{version}"));
    if place.is_dir() {
        return Ok(place);
    }
    println!("    installing {package} {version} (pip, once)");
    let fresh = place.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    let mut run = Run::new(workspace, "python3").words("-m pip install --quiet --disable-pip-version-check --target");
    run = run.arg(&fresh).arg(format!("{package}=={version}"));
    run.0.args(options);
    quietly("pip", run, &workspace.scratch().join("pip.log")).map_err(|error| match error {
        Error::Interrupted => Error::Interrupted,
        error => Error::failed(format!(
            "{package} {version} cannot be installed; it takes Python 3 with pip and access to PyPI ({error})"
        )),
    })?;
    fs::rename(&fresh, &place).map_err(Error::file(&place))?;
    Ok(place)
}

/// What `package-lock.json` of `folder` pins; the directory that has it in `node_modules`. Scripts of packages do not run.
pub(crate) fn npm(workspace: &Workspace, folder: &Path) -> Result<PathBuf, Error> {
    let lock = folder.join("package-lock.json");
    let digest = Sha256::digest(fs::read(&lock).map_err(Error::file(&lock))?);
    let place = workspace.tools().join(format!("npm-{}", hex::encode(&digest[..8])));
    if place.is_dir() {
        return Ok(place);
    }
    println!("    installing what {} pins (npm, once)", lock.display());
    let fresh = place.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh).map_err(Error::file(&fresh))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(folder.join(name), fresh.join(name)).map_err(Error::file(folder.join(name)))?;
    }
    let run = Run::new(workspace, "npm").words("ci --ignore-scripts --no-audit --no-fund --prefix").arg(&fresh);
    quietly("npm", run, &workspace.scratch().join("npm.log")).map_err(|error| match error {
        Error::Interrupted => Error::Interrupted,
        error => Error::failed(format!(
            "{} cannot be installed; it takes Node 20 with npm and access to its registry ({error})",
            lock.display()
        )),
    })?;
    fs::rename(&fresh, &place).map_err(Error::file(&place))?;
    Ok(place)
}

/// `usable`: the oldest version that is taken from the PATH.
fn cargo_tool(workspace: &Workspace, name: &str, version: &str, usable: [u32; 3]) -> Result<PathBuf, Error> {
    let own = workspace.tools().join("bin").join(name);
    for candidate in [PathBuf::from(name), own.clone()] {
        if version_of(&candidate).is_some_and(|found| found >= usable) {
            return Ok(candidate);
        }
    }
    println!("    installing {name} {version} (cargo install, once, two to three minutes)");
    let words = "install --locked --debug --color never --version";
    let run = cargo(workspace, words).arg(version).arg("--root").arg(workspace.tools()).arg(name);
    let run = run.env("CARGO_TARGET_DIR", workspace.tools().join("build"));
    quietly("cargo install", run, &workspace.scratch().join(format!("{name}.log")))?;
    Ok(own)
}

/// What `<name> --version` says: `name 1.2.3 …`.
fn version_of(program: &PathBuf) -> Option<[u32; 3]> {
    let said = Command::new(program).arg("--version").output().ok().filter(|said| said.status.success())?;
    let text = String::from_utf8(said.stdout).ok()?;
    let mut parts = text.split_whitespace().nth(1)?.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// The browser of this machine, or the one that `CHROME` names; with none, a line that says so: what needs one is left out.
pub(crate) fn browser() -> Option<OsString> {
    let known = ["chromium", "chromium-browser", "google-chrome"].map(OsString::from);
    let found = env::var_os("CHROME").into_iter().chain(known).find(|program| is_installed(program));
    if found.is_none() {
        println!("    left out: there is no browser; install chromium or google-chrome, or say in CHROME where one is");
    }
    found
}

/// Is it there at all?
pub(crate) fn is_installed(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|said| said.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_second_word() {
        assert!(version_of(&PathBuf::from("cargo")).is_some_and(|version| version > [1, 90, 0]));
    }

    #[test]
    fn a_tool_that_is_not_there_has_no_version() {
        assert_eq!(version_of(&PathBuf::from("no-such-tool-of-ours")), None);
    }
}
