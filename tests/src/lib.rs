//! The nine functions in one process behind a real socket, beside the sandbox's world: what the flows
//! are tested against. The adapters are the real `.so` files; the clock is the test's.

pub mod account;
pub mod calls;
pub mod engine;
mod events;
pub mod faults;
mod gateway;
mod log;
pub mod rogue;
pub mod steps;
mod vault;

pub use events::Event;
pub use gateway::{Env, Functions, Gateway, OPERATORS, profiles, staged_adapters};
pub use log::Captured;
pub use vault::Vault;
