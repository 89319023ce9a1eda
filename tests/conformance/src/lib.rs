//! The conformance kit: what every adapter must keep to, whoever wrote it and wherever it was built. Each check takes the
//! built file with its manifest, its sandbox profile and its operator-table entry, and tells what is wrong.
//!
//! The file is native code: a check runs it in a process that may die of it, and [`mod@table`] makes that a line.

mod answers;
mod bytes;
mod file;
mod promises;
mod replay;
mod scenarios;
mod subject;
pub mod table;
mod walk;

pub use subject::Subject;

/// One check.
pub struct Check {
    pub name: &'static str,
    /// What it holds the adapter to.
    pub promise: &'static str,
    /// Every fault that it found.
    pub run: fn(&Subject) -> Vec<String>,
}

/// All checks, the cheapest first.
pub const CHECKS: [Check; 11] = [
    Check { name: "file", promise: "a library that exports one symbol and loads in Lambda", run: file::file },
    Check { name: "descriptor", promise: "names the manifest's id, has a version, and loads", run: file::descriptor },
    Check { name: "manifest", promise: "has no faults and fits the operator-table entry", run: file::manifest },
    Check { name: "garbage", promise: "any bytes get one reply or one message", run: bytes::garbage },
    Check {
        name: "replies",
        promise: "each call gets one reply that answers it, never a panic",
        run: promises::replies,
    },
    Check { name: "limits", promise: "at most six asks a step and 4 KiB kept", run: promises::limits },
    Check { name: "hosts", promise: "every URL is on the entry's origins", run: promises::hosts },
    Check {
        name: "number",
        promise: "the number is in no URL (but by the manifest) and no log",
        run: promises::number,
    },
    Check { name: "replay", promise: "same call, same bytes; another journal fails", run: replay::replay },
    Check { name: "verdicts", promise: "no MATCH but by an operator's yes", run: promises::verdicts },
    Check {
        name: "scenarios",
        promise: "each device of the sandbox ends in its outcome, through the whole gateway, in time",
        run: scenarios::scenarios,
    },
];

/// The check of this name.
#[must_use]
pub fn check(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}
