//! The exported step from the host's side: whatever bytes go in, an answer or a code comes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{ffi::c_void, panic::panic_any};

use proptest::prelude::*;
use serde_json::{Value, json};
use sna_adapter::{
    Adapter, Arrival, Arrived, Authorize, Bytes, Context, HttpRequest, Io, MAX_KEPT, NOT_UNDERSTOOD, PANICKED, Params,
    REPLIED, Stop, Verdict, enter,
};

/// Asks once at the callback; panics, keeps and answers otherwise as `config` says.
struct Obedient;

impl Adapter for Obedient {
    fn plan(&self, cx: &Context, kept: &mut String, _: &mut Io) -> Result<Authorize, Stop> {
        *kept = "k".repeat(cx.config()?);
        Ok(Authorize::default())
    }

    fn arrive(&self, cx: &Context, _: &Arrival, _: &mut String, _: &mut Io) -> Result<Arrived, Stop> {
        if cx.config == "bomb" {
            panic_any(Bomb);
        }
        panic!("{}", cx.msisdn)
    }

    fn callback(&self, _: &Context, _: &Params, _: &mut String, io: &mut Io) -> Result<Verdict, Stop> {
        let response = io.send(HttpRequest { method: "GET".into(), ..HttpRequest::default() })?;
        Ok(if response.status == 200 { Verdict::Match } else { Verdict::Mismatch })
    }
}

/// Panics when it is dropped, and so does what comes of that.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_any(Self);
    }
}

extern "C" fn collect(out: *mut c_void, reply: Bytes) {
    // SAFETY: `out` is the vector of the running `call`, and `reply` is lent for this call.
    let (out, reply) = unsafe { (&mut *out.cast::<Vec<Vec<u8>>>(), reply.borrow()) };
    out.push(reply.to_vec());
}

/// The code, and all that was written.
fn call(bytes: &[u8]) -> (i32, Vec<Vec<u8>>) {
    let mut written: Vec<Vec<u8>> = Vec::new();
    let code = enter(&Obedient, Bytes::lend(bytes), collect, (&raw mut written).cast());
    (code, written)
}

fn bytes(operation: &Value, config: &Value) -> Vec<u8> {
    json!({ "operation": operation, "context": {
        "msisdn": "+447700900620", "client_ip": "", "callback_uri": "", "state": "", "nonce": "", "verifier": "",
        "challenge": "", "now": 0, "config": config,
    } })
    .to_string()
    .into_bytes()
}

fn reply(operation: &Value, config: &Value) -> Value {
    let (code, written) = call(&bytes(operation, config));
    assert_eq!((code, written.len()), (REPLIED, 1));
    serde_json::from_slice(&written[0]).unwrap()
}

#[test]
fn optional_fields_may_be_missing_and_unknown_ones_are_passed_over() {
    let mut newer: Value =
        serde_json::from_slice(&bytes(&json!({ "type": "callback", "params": {}, "new": 1 }), &json!(0))).unwrap();
    newer["context"]["new"] = json!(1);
    let (code, written) = call(newer.to_string().as_bytes());
    assert_eq!(code, REPLIED);
    let ask = json!({
        "type": "http", "method": "GET", "url": "", "headers": {}, "body": "", "auth": { "type": "none" },
        "api_key_header": null,
    });
    assert_eq!(serde_json::from_slice::<Value>(&written[0]).unwrap(), json!({ "type": "ask", "ask": ask }));
}

#[test]
fn an_unknown_operation_is_not_understood_and_the_number_not_repeated() {
    for operation in [json!({ "type": "register" }), json!("plan"), json!(null), json!({ "type": "callback" })] {
        let (code, written) = call(&bytes(&operation, &json!(0)));
        assert_eq!((code, written.len()), (NOT_UNDERSTOOD, 1));
        let message = String::from_utf8(written[0].clone()).unwrap();
        assert!(message.contains("column") && !message.contains("7700900"), "{message}");
    }
}

#[test]
fn a_panic_is_a_code_and_nothing_is_written() {
    let arrive = json!({ "type": "arrive", "request": { "method": "GET" } });
    for config in [json!(0), json!("bomb")] {
        assert_eq!(call(&bytes(&arrive, &config)), (PANICKED, Vec::new()));
    }
    assert_eq!(reply(&json!({ "type": "plan" }), &json!(0))["type"], "done", "and the next step works");
}

#[test]
fn four_kib_may_be_kept_and_not_a_byte_more() {
    let plan = json!({ "type": "plan" });
    assert_eq!(reply(&plan, &json!(MAX_KEPT))["type"], "done");
    assert_eq!(reply(&plan, &json!(MAX_KEPT + 1))["verdict"], "CONFIG_ERROR");
    assert_eq!(reply(&plan, &json!("no number"))["verdict"], "CONFIG_ERROR", "a config of another type");
}

#[test]
fn what_an_adapter_does_not_implement_is_a_violation() {
    let validate = json!({ "type": "validate", "payload": { "session_id": "x" } });
    assert_eq!(reply(&validate, &json!(0))["verdict"], "PROTOCOL_VIOLATION");
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (code, written) = call(&bytes);
        prop_assert_eq!((code, written.len()), (NOT_UNDERSTOOD, 1));
    }

    #[test]
    fn a_damaged_call_gets_an_answer(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = bytes(&json!({ "type": "callback", "params": { "code": "x" } }), &json!(0));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        let (code, written) = call(&bytes);
        prop_assert!(matches!(code, REPLIED | NOT_UNDERSTOOD) && written.len() == 1);
        prop_assert!(!String::from_utf8_lossy(&written[0]).contains("MATCH"));
    }
}

#[test]
fn nesting_without_end_is_not_understood() {
    let deep = format!(r#"{{"operation":{}"#, "[".repeat(1 << 20));
    assert_eq!(call(deep.as_bytes()).0, NOT_UNDERSTOOD);
    assert_eq!(call(b"").0, NOT_UNDERSTOOD);
}
