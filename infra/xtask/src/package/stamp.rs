//! What is known of a package beside its files: their hashes (`sha256.txt`, as `sha256sum -c` takes it), and in
//! `package.json` what it was built for and from. Sizes, and copies of the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::DeflateEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Error, Workspace, layer::place};

/// What functions and adapters are made of, and nothing else.
const SOURCES: [&str; 6] = [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "adapters", "functions", "shared"];
/// What functions alone are made of, beside other people's crates.
const FUNCTIONS: [&str; 4] = [".cargo/config.toml", "Cargo.toml", "functions", "shared"];
/// Lambda's limit for a function with its layers (Lambda quotas, "Deployment package size", unzipped).
const LIMIT: u64 = 250 * 1024 * 1024;

/// Path within a package -> SHA-256 in hex.
pub(super) type Sums = BTreeMap<String, String>;

/// `package.json`, which is written last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// As the template's parameter Architecture has it.
    pub arch: String,
    pub profile: String,
    /// May its operator table lead to this machine?
    pub sandbox: bool,
    /// [`sources`] when it was built; empty while it is not finished.
    pub sources: String,
    /// [`functions`] when the functions were built, which may have been before the layer.
    pub functions: String,
}

impl Stamp {
    /// # Errors
    /// When there is no package in the folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("package.json");
        let read = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let text = |name| read.as_ref()?[name].as_str().map(str::to_owned);
        let whole = || {
            let sandbox = read.as_ref()?["sandbox"].as_bool()?;
            let (sources, functions) = (text("sources")?, text("functions")?);
            Some(Self { arch: text("arch")?, profile: text("profile")?, sandbox, sources, functions })
        };
        whole().ok_or_else(|| {
            Error::failed(format!("{} holds no package: cargo xtask package --operators FILE", folder.display()))
        })
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let Self { arch, profile, sandbox, sources, functions } = self;
        let whole = json!({
            "arch": arch, "profile": profile, "sandbox": sandbox, "sources": sources, "functions": functions
        });
        place(&folder.join("package.json"), whole.to_string().as_bytes())
    }

    pub(super) fn remove(folder: &Path) {
        let _ = fs::remove_file(folder.join("package.json"));
    }
}

/// One hash of everything that functions and adapters are made of.
///
/// # Errors
/// What cannot be read.
pub(crate) fn sources(workspace: &Workspace) -> Result<String, Error> {
    hashed(workspace, &SOURCES).map(|whole| hex::encode(whole.finalize()))
}

/// One hash of what the functions are made of. Of `Cargo.lock` it has what comes from elsewhere: that one more adapter stands
/// there is no change of a function.
///
/// # Errors
/// What cannot be read.
pub(crate) fn functions(workspace: &Workspace) -> Result<String, Error> {
    let path = workspace.root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(Error::file(&path))?;
    let mut whole = hashed(workspace, &FUNCTIONS)?;
    let elsewhere = lock.split("[[package]]").map(str::trim).filter(|package| package.contains("\nsource = "));
    elsewhere.for_each(|package| whole.update(package));
    Ok(hex::encode(whole.finalize()))
}

fn hashed(workspace: &Workspace, names: &[&str]) -> Result<Sha256, Error> {
    let mut whole = Sha256::new();
    for path in names.iter().map(|name| workspace.root.join(name)) {
        for file in files(&path)? {
            let name = file.strip_prefix(&workspace.root).unwrap_or(&file).as_os_str().as_encoded_bytes();
            whole.update(name);
            whole.update(Sha256::digest(fs::read(&file).map_err(Error::file(&file))?));
        }
    }
    Ok(whole)
}

/// Copies the repository without what is built and what git keeps.
pub(super) fn copy_sources(from: &Path, to: &Path) -> Result<(), Error> {
    for file in files(from)? {
        let copy = to.join(file.strip_prefix(from).unwrap_or(&file));
        copy.parent().map_or(Ok(()), fs::create_dir_all).map_err(Error::file(&copy))?;
        fs::copy(&file, &copy).map_err(Error::file(&file))?;
    }
    Ok(())
}

/// The hashes that were written, by path.
pub(super) fn sums(folder: &Path) -> Result<Sums, Error> {
    let path = folder.join("sha256.txt");
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    Ok(text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name.into(), sum.into())).collect())
}

pub(super) fn write_sums(folder: &Path) -> Result<(), Error> {
    let lines: String = found(folder)?.into_iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    place(&folder.join("sha256.txt"), lines.as_bytes())
}

/// Is the package as it was written?
///
/// # Errors
/// The first file that is not.
pub(crate) fn intact(folder: &Path) -> Result<(), Error> {
    let (written, found) = (sums(folder)?, found(folder)?);
    differing(&written, &found).first().map_or(Ok(()), |name| {
        let file = folder.join(name);
        Err(Error::failed(format!("{} is not what was packaged: package again", file.display())))
    })
}

/// What is not the same in both, or in one of them only.
pub(super) fn differing<'a>(one: &'a Sums, other: &'a Sums) -> BTreeSet<&'a str> {
    let names = one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name));
    names.map(String::as_str).collect()
}

/// The hashes as they are now.
pub(super) fn found(folder: &Path) -> Result<Sums, Error> {
    let mut sums = Sums::new();
    for file in files(folder)? {
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
        if name != "sha256.txt" && name != "package.json" {
            let bytes = fs::read(&file).map_err(Error::file(&file))?;
            sums.insert(name, hex::encode(Sha256::digest(bytes)));
        }
    }
    Ok(sums)
}

/// Each function's size and the layer's, as they are and as `sam` compresses them; the limit is Lambda's, where it is for that.
pub(super) fn print_sizes(folder: &Path, for_lambda: bool) -> Result<(), Error> {
    let mut parts: Vec<PathBuf> =
        fs::read_dir(folder).map_err(Error::file(folder))?.flatten().map(|e| e.path()).collect();
    parts.retain(|part| part.is_dir());
    parts.sort();
    let (mut largest, mut layer) = (0, 0);
    println!("    {:<16} {:>8} {:>8}", "", "MB", "zip MB");
    for part in parts {
        let (mut plain, mut zipped) = (0, 0);
        for file in files(&part)? {
            let bytes = fs::read(&file).map_err(Error::file(&file))?;
            plain += bytes.len() as u64;
            let mut encoder = DeflateEncoder::new(Count(0), Compression::default());
            zipped += encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(Error::file(&file))?.0;
        }
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        println!("    {name:<16} {:>8.1} {:>8.1}", plain as f64 / 1e6, zipped as f64 / 1e6);
        if name == "layer" { layer = plain } else { largest = largest.max(plain) }
    }
    if for_lambda && largest + layer > LIMIT {
        return Err(Error::failed("a function with its layer is over Lambda's 250 MB"));
    }
    Ok(())
}

pub(super) fn print_changes(before: &Sums, after: &Sums) {
    let changed: Vec<_> = after.iter().filter(|(name, sum)| before.get(*name) != Some(sum)).collect();
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    gone.for_each(|name| println!("    gone: {name}"));
    match changed.as_slice() {
        [] => println!("    {} files, as they were packaged before", after.len()),
        _ if before.is_empty() => println!("    {} files, packaged for the first time", after.len()),
        changed => changed.iter().for_each(|(name, sum)| println!("    changed: {name} {sum}")),
    }
}

/// Counts bytes, and keeps none.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file, or all below a folder in one order; not what is built, nor what git keeps.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::file(path))? {
        let entry = entry.map_err(Error::file(path))?;
        // A link to nowhere is an editor's lock.
        if entry.file_name() != "target" && entry.file_name() != ".git" && entry.path().exists() {
            found.extend(files(&entry.path())?);
        }
    }
    found.sort();
    Ok(found)
}
