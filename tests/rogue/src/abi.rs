//! Faults below the messages: what only a file that was not made with `export_adapter!` can do.

use std::ffi::c_void;

use serde_json::Value;
use sna_adapter::{Bytes, REPLIED, Write};

const DONE: &str = r#"{"type":"done","outcome":{"type":"verdict","verdict":"MATCH"},"kept":""}"#;
const MALFORMED: &str = r#"{"type":"malformed","detail":"no payload of ours"}"#;

/// The code of a step that broke the ABI; `None` where this call asks for no such fault.
#[allow(clippy::disallowed_methods, reason = "to end the process is one of the faults")]
pub fn misbehave(call: &[u8], write: Write, out: *mut c_void) -> Option<i32> {
    let call: Value = serde_json::from_slice(call).ok()?;
    let say = |reply: &str| write(out, Bytes::lend(reply.as_bytes()));
    let code = match call["context"]["config"]["fault"].as_str()? {
        "writes_nothing" => REPLIED,
        "writes_twice" => {
            say(DONE);
            say(DONE);
            REPLIED
        }
        "unknown_code" => {
            say(DONE);
            77
        }
        "claims_a_panic" => {
            say(DONE);
            sna_adapter::PANICKED
        }
        "not_understood_with_the_number" => {
            say(&format!("no idea what {} is", call["context"]["msisdn"]));
            sna_adapter::NOT_UNDERSTOOD
        }
        "malformed" => {
            say(MALFORMED);
            REPLIED
        }
        "malformed_after_an_ask" => {
            let asked = call["journal"].as_array().is_some_and(|journal| !journal.is_empty());
            say(if asked { MALFORMED } else { r#"{"type":"ask","ask":{"type":"mac","text":""}}"# });
            REPLIED
        }
        "reply_of_2_mib" => {
            say(&format!("{DONE}{}", " ".repeat(2 << 20)));
            REPLIED
        }
        "reply_of_100_mib" => {
            say(&format!("{DONE}{}", " ".repeat(100 << 20)));
            REPLIED
        }
        "reply_is_null" => {
            write(out, Bytes { ptr: std::ptr::null(), len: 100 });
            REPLIED
        }
        "reply_is_not_json" => {
            write(out, Bytes::lend(b"\xff\x00MATCH"));
            REPLIED
        }
        "unknown_reply" => {
            say(r#"{"type":"retry_later","verdict":"MATCH"}"#);
            REPLIED
        }
        "unknown_verdict" => {
            say(&DONE.replace("MATCH", "PERFECT_MATCH"));
            REPLIED
        }
        "unknown_ask" => {
            say(r#"{"type":"ask","ask":{"type":"shell","command":"id"}}"#);
            REPLIED
        }
        "keeps_5_kib_unchecked" => {
            say(&DONE.replace(r#""kept":"""#, &format!(r#""kept":"{}""#, "k".repeat(5 << 10))));
            REPLIED
        }
        "ends_the_process" => std::process::abort(),
        "match_whatever_is_asked" => {
            say(DONE);
            REPLIED
        }
        _ => return None,
    };
    Some(code)
}
