//! The file, its descriptor and its manifest, as they lie there.

use std::fs;

use serde_json::json;
use sna_operators::{Table, misfits};
use xtask::descriptor;

use crate::Subject;

/// The file by itself; none of its code runs.
pub(crate) fn file(subject: &Subject) -> Vec<String> {
    let read = fs::read(&subject.file).map_err(|error| error.to_string());
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(fault) => return vec![fault],
    };
    [descriptor::read(&bytes).map(drop), descriptor::fits_lambda(&bytes)].into_iter().filter_map(Result::err).collect()
}

/// The descriptor, and whether the gateway's own loader takes the file.
pub(crate) fn descriptor(subject: &Subject) -> Vec<String> {
    let read = fs::read(&subject.file).map_err(|error| error.to_string());
    let descriptor = match read.and_then(|bytes| descriptor::read(&bytes)) {
        Ok(descriptor) => descriptor,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    if descriptor.name != subject.id {
        faults.push(format!("it names itself {:?}, and its manifest {:?}", descriptor.name, subject.id));
    }
    if descriptor.version.is_empty() {
        faults.push("it has no version".into());
    }
    faults.extend(subject.adapter().err());
    faults
}

/// The manifest by itself and beside the operator-table entry.
pub(crate) fn manifest(subject: &Subject) -> Vec<String> {
    let mut faults = subject.manifest.faults();
    let table = json!({ &subject.network: subject.entry }).to_string();
    // What a secret is, is the deployment's; that each has a reference is the table's.
    match Table::parse(&table, |_| Some("00".repeat(32))) {
        Ok(table) => match table.get(&subject.network) {
            Some(operator) => faults.extend(misfits(operator, &subject.manifest)),
            None => faults.push("the entry is served by no adapter".into()),
        },
        Err(error) => faults.push(error.to_string()),
    }
    if subject.entry["origins"].as_array().is_none_or(Vec::is_empty) && subject.entry["enrichment"].is_null() {
        faults.push("the entry lists no origin".into());
    }
    faults
}
