//! Every adapter of this repository, compiled into the program instead of loaded by it: for those who want one file.
//! The same step is called with the same bytes; only how it is found differs.

use sna_adapter::AdapterV1;

/// An adapter as a file would bring it.
pub struct Linked {
    pub id: &'static str,
    /// Its `step` counts; its name and version are this crate's.
    pub descriptor: &'static AdapterV1,
    /// Its `manifest.json`.
    pub manifest: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/adapters.rs"));
