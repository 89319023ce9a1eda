//! What each reply of an adapter must keep to, at every call of a random session.

use serde_json::json;
use sna_adapter::{Ask, MAX_ASKS, MAX_KEPT, NOT_UNDERSTOOD, Operation, Outcome, PANICKED, REPLIED, Reply, Verdict};
use sna_operators::quotes;
use url::Url;

use crate::{
    Subject,
    walk::{Made, every_call},
};

/// One reply, known, and of the kind that the operation wants.
pub(crate) fn replies(subject: &Subject) -> Vec<String> {
    every_call(subject, |_, made| {
        match (made.answered.code, made.answered.times) {
            (REPLIED, 1) => {}
            (PANICKED, _) => return Err("it panicked".into()),
            (NOT_UNDERSTOOD, 1) => return Err("it does not understand a call of the gateway's".into()),
            (code, times) => return Err(format!("it returned {code} and wrote {times} times")),
        }
        match (&made.call.operation, made.reply.as_ref()) {
            (_, None) => Err("its reply is not a known one".into()),
            (_, Some(Reply::Ask { .. } | Reply::Failed { .. })) => Ok(()),
            (Operation::Validate { .. }, Some(Reply::Malformed { .. })) if made.call.journal.is_empty() => Ok(()),
            (_, Some(Reply::Malformed { .. })) => Err("only a payload can be malformed, before the first ask".into()),
            (operation, Some(Reply::Done { outcome, .. })) => match (operation, outcome) {
                (Operation::Plan, Outcome::Authorize(_)) => Ok(()),
                (Operation::Plan, _) => Err("a plan must end in what the handset is to do".into()),
                (_, Outcome::Verdict { .. }) => Ok(()),
                (Operation::Arrive { .. }, Outcome::Redirect { .. } | Outcome::Reply { .. }) => Ok(()),
                _ => Err("it answers another operation".into()),
            },
        }
    })
}

/// Six asks, and 4 KiB from step to step. `sna_adapter::step` would turn the second into a failure of its own.
pub(crate) fn limits(subject: &Subject) -> Vec<String> {
    every_call(subject, |_, made| match &made.reply {
        Some(Reply::Ask { .. }) if made.call.journal.len() >= MAX_ASKS => Err("it asks a seventh time".into()),
        Some(Reply::Done { kept, .. }) if kept.len() > MAX_KEPT => Err(format!("it keeps {} bytes", kept.len())),
        Some(Reply::Failed { detail, .. }) if detail.contains("keeps more than") => Err(detail.clone()),
        _ => Ok(()),
    })
}

/// The URLs in a reply: those that the gateway is to call, and those that a handset is to open.
fn urls(made: &Made) -> Vec<&str> {
    match &made.reply {
        Some(Reply::Ask { ask: Ask::Http(request) }) => vec![&request.url],
        Some(Reply::Ask { ask: Ask::Verify { jwks_uri, .. } }) => vec![jwks_uri],
        Some(Reply::Done { outcome: Outcome::Redirect { uri }, .. }) => vec![uri],
        Some(Reply::Done { outcome: Outcome::Authorize(authorize), .. }) => {
            authorize.uri.iter().map(|u| &**u).collect()
        }
        _ => Vec::new(),
    }
}

/// No URL of the adapter's own is anywhere but on the entry's origins. Where the operator itself named another one, the
/// gateway refuses it.
pub(crate) fn hosts(subject: &Subject) -> Vec<String> {
    every_call(subject, |_, made| {
        let own = |url: &&str| Url::parse(url).is_ok() && !subject.lists(url) && !named(&made.heard, url);
        match urls(made).into_iter().find(own) {
            Some(url) => Err(format!("{} is not on the entry's origins", url.split(['?', '#']).next().unwrap_or(url))),
            None => Ok(()),
        }
    })
}

/// Did the operator say the beginning of this URL, as it stands or as JSON writes it?
fn named(heard: &str, url: &str) -> bool {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let origin = &url[..end];
    heard.contains(origin) || heard.contains(json!(origin).to_string().trim_matches('"'))
}

/// The number is in no URL that the manifest does not say it is in, and in no text for the log.
pub(crate) fn number(subject: &Subject) -> Vec<String> {
    every_call(subject, |_, made| {
        let holds = |text: &str| quotes(text, &made.call.context.msisdn);
        match &made.reply {
            Some(Reply::Failed { detail, .. } | Reply::Malformed { detail }) if holds(detail) => {
                return Err("it writes the number into the log".into());
            }
            None if made.answered.code == NOT_UNDERSTOOD && holds(&String::from_utf8_lossy(&made.answered.reply)) => {
                return Err("it writes the number into the log".into());
            }
            _ => {}
        }
        if subject.manifest.number_in_url {
            return Ok(());
        }
        let mut texts = urls(made);
        if let Some(Reply::Done { outcome: Outcome::Authorize(authorize), .. }) = &made.reply
            && subject.manifest.request_type == "GET"
        {
            texts.extend(authorize.parameters.values().map(String::as_str));
        }
        match texts.into_iter().any(holds) {
            true => Err("the number is in a URL, and the manifest does not say so".into()),
            false => Ok(()),
        }
    })
}

/// Nobody said that the number is the session's, so it is no match.
pub(crate) fn verdicts(subject: &Subject) -> Vec<String> {
    every_call(subject, |_, made| match &made.reply {
        Some(Reply::Done { outcome: Outcome::Verdict { verdict: Verdict::Match }, .. }) => {
            Err("MATCH, though no operator said so".into())
        }
        Some(Reply::Failed { verdict: Verdict::Match, .. }) => Err("it fails with MATCH".into()),
        _ => Ok(()),
    })
}
