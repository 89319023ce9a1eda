//! Calls over the border without a file, so that Miri can watch the memory: `cargo +nightly miri test -p sna-operators load`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ptr::{self, NonNull};

use serde_json::json;
use sna_adapter::{
    Arrival, Arrived, Authorize, Context, HttpRequest, Io, MAX_KEPT, Operation, Outcome, Stop, Verdict, Write, enter,
};

use super::*;

fn call(kept: &str) -> Call {
    let context = Context { msisdn: "+447700900601".into(), kept: kept.into(), ..Context::default() };
    Call { operation: Operation::Plan, context, journal: Vec::new() }
}

fn step(step: Step) -> Result<Reply, StepError> {
    let manifest = json!({
        "abi": 1, "id": "x", "name": "X", "family": "other", "countries": ["GB"], "mcc_mnc": [], "request_type": "GET",
        "ajax": false, "supports_callback": true, "needs_mobile_ip": "require", "number_form": "plain",
    });
    let manifest = Arc::new(serde_json::from_value(manifest).unwrap());
    Adapter { step, manifest }.step(&call("kept"))
}

fn told(reply: Result<Reply, StepError>) -> String {
    reply.err().unwrap().to_string()
}

/// The reply that the call itself carries as `kept`, or a panic.
struct Honest;

impl sna_adapter::Adapter for Honest {
    fn plan(&self, cx: &Context, kept: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        assert_ne!(cx.kept, "panic");
        kept.push_str(" and more");
        Ok(Authorize::default())
    }

    fn arrive(&self, _: &Context, _: &Arrival, _: &mut String, io: &mut Io) -> Result<Arrived, Stop> {
        io.send(HttpRequest::default()).map(|_| Arrived::Verdict(Verdict::Match))
    }
}

extern "C" fn honest(call: Bytes, write: Write, out: *mut c_void) -> i32 {
    enter(&Honest, call, write, out)
}

extern "C" fn panics(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    let call = serde_json::to_vec(&call("panic")).unwrap();
    enter(&Honest, Bytes::lend(&call), write, out)
}

extern "C" fn not_a_call(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    enter(&Honest, Bytes::lend(b"{"), write, out)
}

#[test]
fn a_step_goes_there_and_back() {
    let reply = step(honest).unwrap();
    assert!(matches!(reply, Reply::Done { outcome: Outcome::Authorize(_), kept } if kept == "kept and more"));
    assert_eq!(told(step(panics)), "it panicked");
    assert!(told(step(not_a_call)).contains("did not understand"));
}

/// Lent for one call, and gone at its end.
extern "C" fn of_the_heap(call: Bytes, write: Write, out: *mut c_void) -> i32 {
    // SAFETY: the host lends it.
    let text = unsafe { call.borrow() }.to_vec();
    write(out, Bytes::lend(&text));
    REPLIED
}

extern "C" fn silent(_: Bytes, _: Write, _: *mut c_void) -> i32 {
    REPLIED
}

extern "C" fn twice(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    write(out, Bytes::lend(b"{}"));
    write(out, Bytes::lend(&[b'x'; MAX_KEPT]));
    REPLIED
}

/// A length without the bytes: what is over the cap is not even looked at.
extern "C" fn of_100_mib(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    write(out, Bytes { ptr: NonNull::<u8>::dangling().as_ptr(), len: 100 << 20 });
    REPLIED
}

extern "C" fn of_all_memory(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    write(out, Bytes { ptr: NonNull::<u8>::dangling().as_ptr(), len: usize::MAX });
    NOT_UNDERSTOOD
}

extern "C" fn of_nothing(_: Bytes, write: Write, out: *mut c_void) -> i32 {
    write(out, Bytes { ptr: ptr::null(), len: 7 });
    REPLIED
}

#[test]
fn whatever_is_written_is_copied_up_to_the_cap_or_not_at_all() {
    for (adapter, cause) in [
        (of_the_heap as Step, "not a known one"),
        (silent, "wrote no reply"),
        (twice, "more than once"),
        (of_100_mib, "over one MiB"),
        (of_all_memory, "over one MiB"),
        (of_nothing, "not a known one"),
    ] {
        let told = told(step(adapter));
        assert!(told.contains(cause), "{told}");
    }
}
