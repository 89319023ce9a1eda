//! Makes a module of each folder of `adapters/` that has a manifest, and the list of them.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let adapters = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../adapters").canonicalize()?;
    println!("cargo::rerun-if-changed={}", adapters.display());
    // Tells `export_adapter!` to export no symbol: there would be one of a name for each adapter.
    println!("cargo::rustc-check-cfg=cfg(sna_static)");
    println!("cargo::rustc-cfg=sna_static");
    let mut ids = Vec::new();
    for entry in fs::read_dir(&adapters)? {
        let entry = entry?;
        if entry.path().join("manifest.json").is_file() {
            ids.push(entry.file_name().into_string().map_err(|name| format!("{name:?} is no id"))?);
        }
    }
    ids.sort();
    let (mut modules, mut list) = (String::new(), String::new());
    for id in &ids {
        let folder = adapters.join(id);
        writeln!(modules, "#[path = {:?}]\nmod {id};", folder.join("src/lib.rs"))?;
        let manifest = folder.join("manifest.json");
        writeln!(
            list,
            "Linked {{ id: {id:?}, descriptor: &{id}::SNA_ADAPTER_V1, manifest: include_str!({manifest:?}) }},"
        )?;
    }
    let text = format!("{modules}\n/// By their ids.\npub static ADAPTERS: &[Linked] = &[\n{list}];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("adapters.rs"), text)?;
    Ok(())
}
