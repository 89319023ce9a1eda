//! A step is a pure function of its call: the gateway runs it again with each answer, and believes the last reply.

use sna_adapter::{Answer, Ask, Entry, Reply, Verdict};
use sna_operators::Adapter;

use crate::{
    Subject,
    walk::{Made, every_call, make},
};

/// The same call gives the same bytes, and an answer to another ask is never used.
pub(crate) fn replay(subject: &Subject) -> Vec<String> {
    every_call(subject, |adapter, made| {
        if make(adapter, made.call.clone()).answered != made.answered {
            return Err("the same call has another reply".into());
        }
        let own = matches!(&made.reply, Some(Reply::Failed { detail, .. }) if detail.contains("not deterministic"));
        if own {
            return Err("it asks something else in the next round".into());
        }
        foreign_asks(adapter, made)?;
        unread_answer(adapter, made)
    })
}

/// Each ask of the journal in turn is another.
fn foreign_asks(adapter: &Adapter, made: &Made) -> Result<(), String> {
    for at in 0..made.call.journal.len() {
        let mut call = made.call.clone();
        call.journal[at].ask = Ask::Mac { text: "nobody asked this".into() };
        match make(adapter, call).reply {
            Some(Reply::Failed { verdict, .. }) if verdict != Verdict::Match => {}
            _ => return Err(format!("it takes an answer to another ask, the {at}.")),
        }
    }
    Ok(())
}

/// One answer more than it asked for.
fn unread_answer(adapter: &Adapter, made: &Made) -> Result<(), String> {
    if !matches!(&made.reply, Some(Reply::Done { .. })) {
        return Ok(());
    }
    let mut call = made.call.clone();
    let ask = Ask::Mac { text: "nobody asked this".into() };
    call.journal.push(Entry { ask, answer: Answer::Rejected });
    match make(adapter, call).reply {
        Some(Reply::Failed { verdict, .. }) if verdict != Verdict::Match => Ok(()),
        _ => Err("it does not see that an answer was left unread".into()),
    }
}
