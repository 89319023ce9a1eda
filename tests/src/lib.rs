//! The seven functions in one process behind a real socket, beside the sandbox's world: what the flows
//! are tested against. The adapters are the real `.so` files; the clock is the test's.

mod events;
mod gateway;

pub use events::Event;
pub use gateway::{Gateway, staged_adapters};
