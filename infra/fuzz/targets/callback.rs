//! What a handset brings to `/v1/callback/{vendor}`: by itself it never makes a match, and the operator is asked only when
//! the session's own state came.
#![no_main]

use std::collections::BTreeMap;

use fuzz::{STATE, context, families};
use libfuzzer_sys::fuzz_target;
use sna_adapter::{Call, Operation, Reply, Verdict, step};
use sna_sessions::Session;

fuzz_target!(|query: &[u8]| {
    let mut params: BTreeMap<String, String> = form_urlencoded::parse(query).into_owned().collect();
    for state in [params.get("state").cloned(), Some(STATE.to_owned())] {
        let state = state.unwrap_or_default();
        if let Some(id) = Session::id_in_state(&state) {
            assert!(state.starts_with(id) && id.len() == 36);
        }
        params.insert("state".into(), state.clone());
        for family in families() {
            let operation = Operation::Callback { params: params.clone() };
            match step(family, Call { operation, context: context(), journal: Vec::new() }) {
                Reply::Ask { .. } => assert_eq!(state, STATE),
                Reply::Failed { verdict, detail } => assert!(verdict != Verdict::Match && detail.len() < 200),
                Reply::Malformed { .. } => panic!("a callback is no payload"),
                Reply::Done { .. } => panic!("an answer without a question"),
            }
        }
    }
});
