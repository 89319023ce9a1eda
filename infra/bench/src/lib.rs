//! What the gateway costs, measured: a group of figures a file, each figure with its unit and, where one is set, its bar.
//! `cargo xtask bench` builds what is measured and runs the groups. Nothing of this is shipped.

mod adapters;
pub mod bars;
mod child;
mod crates;
mod delayed;
mod dev;
mod endpoints;
pub mod figure;
mod flood;
pub mod function;
pub mod gateway;
mod instructions;
mod picture;
pub mod place;
pub mod proxy;
pub mod request;
pub mod runtime;
mod sizes;
pub mod soak;
pub mod start;
pub mod tls;
mod tokens;
pub mod walk;
pub mod world;

pub use figure::{Bar, Figure, median};
pub use place::Place;

/// Why a group could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}: {1}")]
    File(std::path::PathBuf, std::io::Error),
    #[error("{0}")]
    Failed(String),
}

impl Error {
    pub fn failed(what: impl std::fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }

    /// For `map_err` on operations with a path.
    pub fn file(path: impl Into<std::path::PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File(path, error)
    }
}

/// The group that measures the programs of `cargo build`.
pub const IN_EACH_CHECK: &str = "dev";

/// Measures one group.
pub type Measure = fn(&Place) -> Result<Vec<Figure>, Error>;

/// Name and what measures it, in the order in which they run; [`IN_EACH_CHECK`] only if it is asked for.
pub const GROUPS: &[(&str, Measure)] = &[
    (IN_EACH_CHECK, dev::measure),
    ("start", start::measure),
    ("tls", tls::measure),
    ("adapters", adapters::measure),
    ("sizes", sizes::measure),
    ("crates", crates::measure),
    ("instructions", instructions::measure),
    ("endpoints", endpoints::endpoints),
    ("calls", endpoints::calls),
    ("tokens", tokens::tokens),
    ("delayed", delayed::measure),
];
