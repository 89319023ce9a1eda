//! The contract between the gateway and an operator's adapter.
//!
//! An adapter is a pure function, bytes in and bytes out: no sockets, clock, randomness or secrets.
//! What only the host can do (HTTP, signing, checking a signature) it asks for, and is called again
//! with the answer in a journal; so an author writes the protocol top to bottom, without async.

mod abi;
mod io;
mod manifest;
mod messages;
mod step;

pub use abi::{ADAPTER_MAGIC, AdapterV1, Bytes, NOT_UNDERSTOOD, PANICKED, REPLIED, Step, Write, enter};
pub use io::{Io, Stop};
pub use manifest::{Built, Deadlines, Family, Manifest, MobileIp, NumberForm, is_id};
pub use messages::{
    Answer, Arrival, Ask, Auth, Authorize, Call, Context, Entry, HttpRequest, HttpResponse, Key, Operation, Outcome,
    Params, Reply, Unreachable, Verdict,
};
pub use step::{Adapter, Arrived, step};

/// The most asks that one step may make.
pub const MAX_ASKS: usize = 6;
/// The most bytes that an adapter may keep from one endpoint to the next.
pub const MAX_KEPT: usize = 4096;
/// What `credentials` of the operator table may hold.
pub const SECRETS: [&str; 4] = ["client_secret", "private_key", "api_key", "decryption_key"];
/// The only symbol of an adapter's file; its name is the major version of the ABI.
pub const SYMBOL: &str = "SNA_ADAPTER_V1";

/// Exports `$adapter` (an expression of a type that implements [`Adapter`]) as this file's adapter.
#[macro_export]
macro_rules! export_adapter {
    ($adapter:expr) => {
        extern "C" fn __sna_step(call: $crate::Bytes, write: $crate::Write, out: *mut ::core::ffi::c_void) -> i32 {
            $crate::enter(&$adapter, call, write, out)
        }
        // A static build holds many adapters, and no symbol may be there twice.
        #[cfg_attr(not(sna_static), unsafe(no_mangle))]
        pub static SNA_ADAPTER_V1: $crate::AdapterV1 =
            $crate::AdapterV1::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), __sna_step);
    };
}
