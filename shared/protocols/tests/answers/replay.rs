//! The replay: the same journal gives the same ask, and an answer to another question proves nothing.

use serde_json::{Value, json};
use sna_adapter::{Ask, Entry, Reply, Verdict::Match};

use crate::{
    ajax_token,
    bench::{End, Step},
    fetched_token, header_enrichment, ts43,
};

fn steps() -> [Step; 4] {
    [ajax_token::good(), fetched_token::good(), header_enrichment::good(), ts43::good()]
}

fn as_json(reply: &Reply) -> Value {
    serde_json::to_value(reply).unwrap()
}

fn verdict(step: &Step, journal: &[Entry]) -> Value {
    let reply = as_json(&step.reply(journal));
    reply.get("verdict").or_else(|| reply.pointer("/outcome/verdict")).cloned().unwrap_or_default()
}

#[test]
fn every_beginning_of_a_journal_leads_to_its_next_ask_each_time() {
    for step in steps() {
        let (journal, _) = step.drive();
        assert_eq!(step.end(), End::Verdict(Match));
        for (read, entry) in journal.iter().enumerate() {
            for _ in 0..3 {
                assert_eq!(as_json(&step.reply(&journal[..read])), json!({ "type": "ask", "ask": entry.ask }));
            }
        }
    }
}

#[test]
fn a_journal_that_is_longer_shorter_turned_or_changed_is_no_match() {
    for step in steps() {
        let (journal, _) = step.drive();
        let longer: Vec<Entry> = journal.iter().chain(&journal[..1]).cloned().collect();
        let mut turned = journal.clone();
        turned.reverse();
        let mut wrong = vec![longer, journal[1..].to_vec()];
        wrong.extend((journal.len() > 1).then_some(turned));
        for at in 0..journal.len() {
            let mut changed = journal.clone();
            changed[at].ask = other(&journal[at].ask);
            assert_eq!(verdict(&step, &changed), "CONFIG_ERROR");
            wrong.push(changed);
        }
        for journal in wrong {
            assert_ne!(verdict(&step, &journal), "MATCH");
        }
    }
}

fn other(ask: &Ask) -> Ask {
    let mut ask = ask.clone();
    match &mut ask {
        Ask::Http(request) => request.body.push(' '),
        Ask::Sign { claims, .. } => claims["more"] = json!(1),
        Ask::Mac { text } => text.push('x'),
        Ask::Digest { after, .. } => after.push('x'),
        Ask::Verify { jwt, .. } | Ask::VerifyWith { jwt, .. } => jwt.push('x'),
        Ask::Decrypt { jwe } => jwe.push('x'),
        Ask::EncryptionKey => ask = Ask::Mac { text: String::new() },
    }
    ask
}
