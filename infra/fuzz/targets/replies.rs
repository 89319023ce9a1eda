//! Both directions of the plug-in border. The host reads any bytes as an adapter's reply, and an adapter any bytes as a call:
//! what is not understood is refused, and nothing panics.
#![no_main]

use std::ffi::c_void;

use fuzz::families;
use libfuzzer_sys::fuzz_target;
use sna_adapter::{Bytes, NOT_UNDERSTOOD, REPLIED, Reply, enter};

extern "C" fn ignore(_: *mut c_void, _: Bytes) {}

fuzz_target!(|data: &[u8]| {
    if let Ok(reply) = serde_json::from_slice::<Reply>(data) {
        let written = serde_json::to_vec(&reply).expect("a reply is JSON");
        let again: Reply = serde_json::from_slice(&written).expect("what we write we read");
        assert_eq!(serde_json::to_vec(&again).expect("JSON"), written);
    }
    for family in families() {
        let code = enter(family, Bytes::lend(data), ignore, std::ptr::null_mut());
        assert!(code == REPLIED || code == NOT_UNDERSTOOD, "{code}");
    }
});
