//! The host side of the plug-in border: loads adapters, drives their steps, and does for them what
//! they may not do themselves: HTTP to listed origins, signing, checking signatures, credentials.
//!
//! An adapter is trusted code, hashed before it is loaded; this border keeps its faults apart, it is no sandbox.

mod adapters;
mod check;
mod coverage;
mod credentials;
mod drive;
mod elf;
mod enrichment;
mod entry;
mod fit;
mod http;
mod jwe;
mod jwt;
#[allow(unsafe_code, reason = "the one place where foreign code is loaded and called")]
mod load;
mod manifests;
mod number;
mod step;
mod table;

pub use adapters::{Adapters, LoadError};
pub use coverage::Coverage;
pub use drive::{Done, Operators, Session};
pub use enrichment::Enrichment;
pub use fit::faults as misfits;
pub use load::{Adapter, Answered, StepError};
pub use number::quotes;
pub use sna_adapter::{
    Arrival, Authorize, Family, Manifest, MobileIp, Operation, Outcome, Params, Unreachable, Verdict,
};
pub use table::{Operator, Table, TableError};
