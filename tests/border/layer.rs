//! A directory of adapters with its manifest, and where the files in it come from: cargo, or a C compiler.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// What cargo built. The tests find it beside themselves, as `target/<profile>/lib<name>.so`.
pub fn built(name: &str) -> Vec<u8> {
    let file = format!("lib{name}.so");
    let own = std::env::current_exe().unwrap();
    let found = own.ancestors().map(|directory| directory.join(&file)).find(|path| path.is_file());
    let found = found.unwrap_or_else(|| panic!("{file} is not built: run `cargo build --workspace`"));
    std::fs::read(found).unwrap()
}

/// `adapter.c` compiled with these definitions, e.g. `-DMAGIC=1`.
pub fn in_c(definitions: &[&str]) -> Vec<u8> {
    compiled(&[&["-shared", "-fPIC"], definitions].concat())
}

/// What `cc` makes of `adapter.c`.
pub fn compiled(arguments: &[&str]) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("border/adapter.c");
    let version = concat!("-DVERSION=\"", env!("CARGO_PKG_VERSION"), "\"");
    let done =
        Command::new("cc").arg(version).args(arguments).arg("-o").arg(&out).arg(source).output().expect("a C compiler");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(out).unwrap()
}

/// The manifest of an adapter that anything may be tried with; `change` replaces members of it.
pub fn manifest(id: &str, bytes: &[u8], change: &Value) -> Value {
    let built = json!({
        "file": format!("{id}.so"), "sha256": hex::encode(Sha256::digest(bytes)), "version": env!("CARGO_PKG_VERSION"),
    });
    let mut manifest = json!({
        "abi": 1, "id": id, "name": "an adapter under test", "family": "other", "countries": ["GB"], "mcc_mnc": [],
        "request_type": "GET", "ajax": false, "supports_callback": true, "needs_mobile_ip": "require",
        "number_form": "plain", "built": built,
    });
    manifest.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    manifest
}

/// What `rustc` makes of `plain.rs` with these arguments.
pub fn in_rust(arguments: &[&str]) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("border/plain.rs");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=cdylib"]).args(arguments).arg("-o").arg(&out).arg(source);
    let done = rustc.env("CARGO_PKG_VERSION", env!("CARGO_PKG_VERSION")).output().expect("rustc");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(out).unwrap()
}

pub struct Layer(TempDir);

impl Layer {
    pub fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With these adapters, each under its id and with its right hash.
    pub fn of(adapters: &[(&str, &[u8])]) -> Self {
        let layer = Self::empty();
        for (id, bytes) in adapters {
            layer.put(id, bytes);
        }
        layer
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, id: &str) -> PathBuf {
        self.path().join(format!("{id}.so"))
    }

    pub fn manifest(&self) -> PathBuf {
        self.path().join("manifest.json")
    }

    /// Writes the file and its entry in the manifest.
    pub fn put(&self, id: &str, bytes: &[u8]) {
        self.put_as(id, bytes, &json!({}));
    }

    /// The same, with `change` in the manifest.
    pub fn put_as(&self, id: &str, bytes: &[u8], change: &Value) {
        // A new file, as a deployment makes it.
        let _ = std::fs::remove_file(self.file(id));
        std::fs::write(self.file(id), bytes).unwrap();
        self.list(id, &manifest(id, bytes, change));
    }

    /// Writes the manifest's entry only.
    pub fn list(&self, id: &str, entry: &Value) {
        let known = std::fs::read(self.manifest()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut known: Map<String, Value> = known.unwrap_or_default();
        known.insert(id.to_owned(), entry.clone());
        std::fs::write(self.manifest(), serde_json::to_vec(&known).unwrap()).unwrap();
    }
}
