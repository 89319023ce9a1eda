//! The border in Rust without the contract's crate, whose step panics and tells it. Compiled by the tests in either way
//! that a panic can go.

use std::{ffi::c_void, panic::catch_unwind, ptr::null};

#[repr(C)]
pub struct Bytes {
    ptr: *const u8,
    len: usize,
}

#[repr(C)]
pub struct Descriptor {
    magic: u32,
    size: u32,
    name: Bytes,
    version: Bytes,
    step: extern "C" fn(Bytes, *const c_void, *mut c_void) -> i32,
}

// SAFETY: immutable, and its pointers are to static text.
unsafe impl Sync for Descriptor {}

const fn lend(text: &'static str) -> Bytes {
    Bytes { ptr: text.as_ptr(), len: text.len() }
}

extern "C" fn step(_: Bytes, _: *const c_void, _: *mut c_void) -> i32 {
    let nothing: *const u8 = null();
    if catch_unwind(|| assert!(!nothing.is_null())).is_err() { 2 } else { 0 }
}

#[unsafe(no_mangle)]
pub static SNA_ADAPTER_V1: Descriptor = Descriptor {
    magic: u32::from_be_bytes(*b"SNA1"),
    size: size_of::<Descriptor>() as u32,
    name: lend("plain"),
    version: lend(env!("CARGO_PKG_VERSION")),
    step,
};
