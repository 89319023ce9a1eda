//! The C ABI: one exported read-only descriptor, one function. What one side allocates the other
//! never frees, so nothing of Rust (allocator, unwinding, type layout) crosses the border.

use std::{
    cell::Cell,
    ffi::c_void,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    slice,
    sync::Once,
};

use crate::{Adapter, Call, step};

/// `"SNA1"`; read before any foreign code runs.
pub const ADAPTER_MAGIC: u32 = u32::from_be_bytes(*b"SNA1");

/// The step's reply was written.
pub const REPLIED: i32 = 0;
/// The call was not understood; a UTF-8 message was written.
pub const NOT_UNDERSTOOD: i32 = 1;
/// The adapter panicked; nothing was written.
pub const PANICKED: i32 = 2;

/// Bytes lent for the time of one call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub ptr: *const u8,
    pub len: usize,
}

impl Bytes {
    pub const fn lend(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() }
    }

    /// # Safety
    /// `ptr` is null, or `len` bytes from it are readable and unchanged for `'a`.
    pub unsafe fn borrow<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: the caller's promise.
        unsafe { slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// The host's; called once in a step with the reply.
pub type Write = extern "C" fn(out: *mut c_void, reply: Bytes);
pub type Step = extern "C" fn(call: Bytes, write: Write, out: *mut c_void) -> i32;

/// The descriptor behind [`crate::SYMBOL`]. Fields are only ever appended: `size` tells how many there are.
#[repr(C)]
pub struct AdapterV1 {
    pub magic: u32,
    pub size: u32,
    pub name: Bytes,
    pub version: Bytes,
    pub step: Step,
}

// SAFETY: immutable, and its pointers are to static text.
unsafe impl Sync for AdapterV1 {}

impl AdapterV1 {
    pub const fn new(name: &'static str, version: &'static str, step: Step) -> Self {
        Self {
            magic: ADAPTER_MAGIC,
            size: size_of::<Self>() as u32,
            name: Bytes::lend(name.as_bytes()),
            version: Bytes::lend(version.as_bytes()),
            step,
        }
    }
}

/// serde_json's own message may quote the call, and the call holds the number.
fn describe(error: serde_json::Error) -> String {
    format!("{:?} error at column {} of the call", error.classify(), error.column())
}

thread_local! {
    /// Does an adapter's code run on this thread? Where it is linked into its host, not every panic is an adapter's.
    static STEPPING: Cell<bool> = const { Cell::new(false) };
}

/// A panic's message may quote what it tripped over: only its place is printed.
fn print_panics_by_place() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hosts = take_hook();
        set_hook(Box::new(move |info| {
            if !STEPPING.get() {
                hosts(info);
            } else if let Some(place) = info.location() {
                // Unlike `eprintln!`, which panics where stderr is closed: a panic in here ends the process.
                let _ = writeln!(std::io::stderr(), "adapter panicked at {place}");
            }
        }));
    });
}

/// The body of an adapter's exported step: decodes, runs, encodes, and lets no panic across.
pub fn enter(adapter: &dyn Adapter, call: Bytes, write: Write, out: *mut c_void) -> i32 {
    print_panics_by_place();
    // SAFETY: the host lends `call` until this returns.
    let call = unsafe { call.borrow() };
    STEPPING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let call: Call = serde_json::from_slice(call).map_err(describe)?;
        serde_json::to_vec(&step(adapter, call)).map_err(describe)
    }));
    let code = match outcome {
        Ok(Ok(reply)) => {
            write(out, Bytes::lend(&reply));
            REPLIED
        }
        Ok(Err(message)) => {
            write(out, Bytes::lend(message.as_bytes()));
            NOT_UNDERSTOOD
        }
        Err(payload) => {
            // It may panic when it is dropped, and so may what comes of that: there it ends.
            if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(another);
            }
            PANICKED
        }
    };
    STEPPING.set(false);
    code
}
