//! An operator that answers anything: status, body and the claims of its id_token. No answer panics a protocol family, and
//! none but a plain `true` of the resource, after an id_token of this session, is a match.
#![no_main]

use std::collections::BTreeMap;

use fuzz::{NOW, STATE, context, families};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sna_adapter::{
    Answer, Ask, Call, Entry, HttpResponse, MAX_ASKS, Operation, Outcome, Reply, Unreachable, Verdict, step,
};

/// The honest answer to an ask, so that the fuzzer gets as far as the dishonest one.
fn honest(ask: &Ask) -> Value {
    match ask {
        Ask::Verify { .. } => json!({
            "iss": "https://op.example", "sub": "s", "aud": "gateway", "nonce": "nonce", "acr": "2",
            "amr": ["SEAM_OK"], "iat": NOW, "exp": NOW + 60,
        }),
        Ask::Http(request) if request.url.ends_with("/token") => json!({ "access_token": "a", "id_token": "t" }),
        _ => json!({ "sub": "s", "device_msisdn_verified": true, "devicePhoneNumberVerified": true }),
    }
}

fn answer(ask: &Ask, status: u16, text: Option<&str>) -> Answer {
    let body = text.map_or_else(|| honest(ask).to_string(), str::to_owned);
    match ask {
        Ask::Verify { .. } => {
            serde_json::from_str(&body).map_or(Answer::Rejected, |claims| Answer::Verified { claims })
        }
        Ask::Http(_) => Answer::Http(HttpResponse { status, headers: BTreeMap::new(), body }),
        // What needs a key of ours: no operator answers it.
        _ => Answer::Unreachable { reason: Unreachable::Forbidden },
    }
}

// The first byte says which asks are answered honestly, the second the status; a line is an answer.
fuzz_target!(|data: &[u8]| {
    let [honest, status, text @ ..] = data else { return };
    let text = String::from_utf8_lossy(text);
    let status = if *status < 128 { 200 } else { 300 + u16::from(*status) };
    for family in families() {
        let params = [("state", STATE), ("code", "c")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let operation = Operation::Callback { params: params.into() };
        let mut call = Call { operation, context: context(), journal: Vec::new() };
        let mut lines = text.lines();
        let mut forged = Vec::new();
        loop {
            assert!(call.journal.len() <= MAX_ASKS);
            match step(family, call.clone()) {
                Reply::Ask { ask } => {
                    let line = if honest >> call.journal.len() & 1 == 1 { None } else { lines.next() };
                    let answer = answer(&ask, if line.is_some() { status } else { 200 }, line);
                    if line.is_some() {
                        forged.push((ask.clone(), answer.clone()));
                    }
                    call.journal.push(Entry { ask, answer });
                }
                Reply::Done { outcome: Outcome::Verdict { verdict: Verdict::Match }, .. } => {
                    forged.iter().for_each(|(ask, answer)| assert_proves(ask, answer));
                    break;
                }
                Reply::Done { .. } => break,
                Reply::Malformed { .. } => panic!("a callback is no payload"),
                Reply::Failed { verdict, .. } => {
                    assert_ne!(verdict, Verdict::Match);
                    break;
                }
            }
        }
    }
});

/// After a match: does this answer say all that a match must rest on?
fn assert_proves(ask: &Ask, answer: &Answer) {
    match (ask, answer) {
        (Ask::Verify { .. }, Answer::Verified { claims }) => {
            assert!(claims["nonce"] == "nonce" && claims["iss"] == "https://op.example");
            assert!(claims["exp"].as_u64().is_some_and(|exp| exp + 60 > NOW));
        }
        (Ask::Http(request), Answer::Http(response)) => {
            assert_eq!(response.status, 200);
            assert!(request.url.ends_with("/token") || response.body.contains("true"));
        }
        _ => panic!("a match rests on an answer of another kind"),
    }
}
