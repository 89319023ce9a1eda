//! The host side of the plug-in border: loads adapters, drives their steps, and does for them what
//! they may not do themselves: HTTP to listed origins, signing, checking signatures, credentials.
//!
//! An adapter is trusted code, hashed before it is loaded; this border keeps its faults apart, it is no sandbox.

mod address;
mod drive;
mod elf;
mod http;
mod jwt;
#[allow(unsafe_code, reason = "the one place where foreign code is loaded and called")]
mod load;
mod table;

pub use drive::{Done, Operators, Session};
pub use load::LoadError;
pub use sna_adapter::{Arrival, Authorize, Operation, Outcome, Params, Verdict};
pub use table::{Operator, Table, TableError};
