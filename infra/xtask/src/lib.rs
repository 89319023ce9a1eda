//! The developer's commands behind `cargo xtask`: bring the whole system up on this machine, and check it.
//! Compiled before anything else on a fresh machine, hence few and small crates, no async runtime and no TLS.

pub mod adapter;
pub mod addresses;
pub mod bench;
pub mod check;
pub mod command;
mod contract;
pub mod costs;
mod curl;
pub mod demo;
pub mod deploy;
pub mod descriptor;
mod error;
mod events;
pub mod explain;
pub mod fuzz;
mod group;
pub mod growth;
pub mod interrupt;
pub mod layer;
mod leaks;
mod live;
pub mod locate;
mod ministack;
pub mod new_adapter;
mod newcomer;
mod numbers;
pub mod package;
pub mod plans;
mod ports;
pub mod rehearse;
mod rehearse_cloud;
mod rehearse_doctor;
mod rehearse_package;
mod routes;
pub mod steps;
mod system;
mod templates;
mod tools;
pub mod up;
mod workspace;

pub use error::Error;
pub use workspace::Workspace;
