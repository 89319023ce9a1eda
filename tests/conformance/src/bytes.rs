//! Bytes that are no call, or a damaged one.

use proptest::{prelude::*, sample::Index};
use serde_json::json;
use sna_adapter::{Call, NOT_UNDERSTOOD, Operation, PANICKED, REPLIED};
use sna_operators::Answered;

use crate::{Subject, walk};

#[derive(Debug, Clone)]
enum Bytes {
    Any(Vec<u8>),
    /// JSON, but no call.
    Nested(usize),
    /// A good call with one byte changed, and perhaps cut there.
    Damaged(Index, u8, bool),
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400).prop_map(Bytes::Any),
        (0_usize..200_000).prop_map(Bytes::Nested),
        any::<(Index, u8, bool)>().prop_map(|(at, byte, cut)| Bytes::Damaged(at, byte, cut)),
    ]
}

/// One reply or one message, whatever comes in.
pub(crate) fn garbage(subject: &Subject) -> Vec<String> {
    let call = json!(Call {
        operation: Operation::Callback { params: [("state".into(), "s".into()), ("code".into(), "c".into())].into() },
        context: subject.context(),
        journal: Vec::new(),
    });
    let good = call.to_string().into_bytes();
    walk::every(subject, bytes(), |adapter, bytes| {
        let bytes = match bytes {
            Bytes::Any(bytes) => bytes,
            Bytes::Nested(deep) => format!("{{\"operation\":{}", "[".repeat(deep)).into_bytes(),
            Bytes::Damaged(at, byte, cut) => {
                let (mut bytes, at) = (good.clone(), at.index(good.len()));
                bytes[at] = byte;
                bytes.truncate(if cut { at } else { usize::MAX });
                bytes
            }
        };
        match adapter.call(&bytes) {
            Answered { code: REPLIED | NOT_UNDERSTOOD, times: 1, .. } => Ok(()),
            Answered { code: PANICKED, .. } => Err("it panicked".into()),
            Answered { code, times, .. } => Err(format!("it returned {code} and wrote {times} times")),
        }
    })
}
