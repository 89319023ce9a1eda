//! An adapter that misbehaves as the operator table's `config.fault` says, so that the tests see what the
//! host makes of it. Faults of an author are in `author`, faults of the C ABI in `abi`, and what has none in `honest`.

mod abi;
mod author;
mod honest;

use std::ffi::c_void;

use sna_adapter::{AdapterV1, Bytes, Write, enter};

extern "C" fn step(call: Bytes, write: Write, out: *mut c_void) -> i32 {
    // SAFETY: the host lends `call` until this returns.
    let bytes = unsafe { call.borrow() };
    abi::misbehave(bytes, write, out).unwrap_or_else(|| enter(&author::Rogue, call, write, out))
}

#[unsafe(no_mangle)]
pub static SNA_ADAPTER_V1: AdapterV1 = AdapterV1::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), step);
