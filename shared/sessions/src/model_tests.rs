//! The session against a model of it: whatever is done in whatever order, and with the store's JSON between any two acts, each
//! act comes to what the contract says. So a "true" needs a recorded match and its proof, or the last code in its time.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    Guess, Proof, Reason, Refusal, SendClaim, Service, Session, Way,
    tests::{ATTEMPTS, LIMITS, NOW, session_by},
};

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Arrive,
    Exchange(bool),
    Enrich(bool),
    Enriched(Reason),
    ComeBack([bool; 3]),
    Payload,
    AnswerPayload(Reason),
    Record(Reason),
    Answer(bool),
    Send,
    GiveBack,
    Guess(Word),
}

#[derive(Clone, Copy, Debug)]
enum Word {
    Last,
    Older,
    Wrong,
}

fn act() -> impl Strategy<Value = Act> {
    let reasons = || {
        prop::sample::select(vec![Reason::Match, Reason::Mismatch, Reason::OperatorTimeout, Reason::ProtocolViolation])
    };
    prop_oneof![
        2 => (0..120_000_u64).prop_map(Act::Wait),
        1 => Just(Act::Arrive),
        1 => any::<bool>().prop_map(Act::Exchange),
        1 => any::<bool>().prop_map(Act::Enrich),
        1 => reasons().prop_map(Act::Enriched),
        1 => any::<[bool; 3]>().prop_map(Act::ComeBack),
        1 => Just(Act::Payload),
        1 => reasons().prop_map(Act::AnswerPayload),
        1 => reasons().prop_map(Act::Record),
        1 => any::<bool>().prop_map(Act::Answer),
        2 => Just(Act::Send),
        1 => Just(Act::GiveBack),
        4 => prop::sample::select(vec![Word::Last, Word::Older, Word::Wrong, Word::Wrong]).prop_map(Act::Guess),
    ]
}

#[derive(Clone, Copy)]
struct Code {
    number: u32,
    expires: u64,
    attempts: u32,
}

#[derive(Default)]
struct Model {
    way: Way,
    answered: bool,
    arrived: Option<u64>,
    exchanged: bool,
    /// What the header was found to say; taken by the handset that comes back.
    enriched: Option<Reason>,
    ended: Option<Reason>,
    left_proof: bool,
    sends: u32,
    last_send: Option<u64>,
    code: Option<Code>,
}

impl Model {
    fn arrive(&mut self, now: u64) -> Result<(), Refusal> {
        match self.arrived {
            None if !self.answered && !self.exchanged && self.ended.is_none() => {}
            _ => return Err(Refusal::Used),
        }
        if self.way == Way::Direct {
            return Err(Refusal::NotUnderWay);
        }
        self.arrived = Some(now);
        Ok(())
    }

    fn exchange(&mut self, way: Way, good: bool) -> Result<bool, Refusal> {
        let under_way = self.arrived.is_some() && !self.exchanged && self.ended.is_none() && !self.answered;
        if under_way && self.way == way {
            self.exchanged = true;
            Ok(good)
        } else {
            Err(Refusal::NotUnderWay)
        }
    }

    fn enrich(&mut self, good: bool) -> Result<(), Refusal> {
        if good { self.exchange(Way::Enrichment, true).map(|_| ()) } else { Err(Refusal::WrongProof) }
    }

    /// Is the operator being asked?
    fn is_asked(&self) -> bool {
        self.exchanged && self.enriched.is_none() && self.ended.is_none()
    }

    fn enriched(&mut self, reason: Reason) -> Result<(), Refusal> {
        if self.way != Way::Enrichment || !self.is_asked() {
            return Err(Refusal::NotUnderWay);
        }
        self.enriched = Some(reason);
        Ok(())
    }

    fn come_back(&mut self, [state, cookie, ticket]: [bool; 3]) -> Result<Reason, Refusal> {
        if !state {
            return Err(Refusal::WrongProof);
        }
        let found = self.enriched.filter(|_| !self.answered).ok_or(Refusal::NotUnderWay)?;
        self.enriched = None;
        Ok(if cookie && ticket { found } else { Reason::ProtocolViolation })
    }

    fn payload(&mut self) -> Result<(), Refusal> {
        let is_new = !self.exchanged && self.ended.is_none();
        let may = is_new && (self.way == Way::Direct || (self.way == Way::Payload && self.arrived.is_some()));
        if may && !self.answered {
            self.exchanged = true;
            return Ok(());
        }
        let untouched = is_new && self.arrived.is_none() && !self.answered;
        Err(if untouched { Refusal::NotUnderWay } else { Refusal::Used })
    }

    fn answer_payload(&mut self, reason: Reason) -> Result<(), Refusal> {
        match self.way {
            _ if self.answered => Err(Refusal::Used),
            Way::Payload | Way::Direct if self.is_asked() => {
                (self.ended, self.answered, self.left_proof) = (Some(reason), reason == Reason::Match, false);
                Ok(())
            }
            _ => Err(Refusal::NotUnderWay),
        }
    }

    fn record(&mut self, reason: Reason) -> Result<(), Refusal> {
        if (self.arrived.is_none() && !self.exchanged) || self.enriched.is_some() || self.ended.is_some() {
            return Err(Refusal::NotUnderWay);
        }
        (self.ended, self.left_proof) = (Some(reason), reason == Reason::Match);
        Ok(())
    }

    fn answer(&mut self, good: bool) -> Result<(), Refusal> {
        match (self.answered, self.ended) {
            (true, _) => Err(Refusal::Used),
            (false, Some(Reason::Match)) if good && self.left_proof => {
                self.answered = true;
                Ok(())
            }
            _ => Err(Refusal::WrongProof),
        }
    }

    /// May a code be sent now?
    fn may_send(&self, now: u64) -> bool {
        let over = |since: Option<u64>, gap: u64| since.is_none_or(|since| since + gap <= now);
        !self.answered
            && self.sends < LIMITS.sends
            && over(self.arrived, LIMITS.after_silent_ms)
            && over(self.last_send, LIMITS.gap_ms)
    }

    fn guess(&mut self, now: u64, right: bool) -> Result<Guess, Refusal> {
        if self.answered {
            return Err(Refusal::Used);
        }
        let Some(code) = &mut self.code else { return Ok(Guess::NotSent) };
        if code.attempts >= ATTEMPTS {
            return Ok(Guess::Exceeded);
        }
        if now >= code.expires {
            return Ok(Guess::Expired);
        }
        code.attempts += 1;
        self.answered = right;
        Ok(if right { Guess::Right } else { Guess::Wrong })
    }
}

/// The text of a code: every send has another.
fn text(number: u32) -> String {
    format!("code {number}")
}

proptest! {
    #[test]
    fn every_act_comes_to_what_the_contract_says(
        way in prop::sample::select(vec![Way::Callback, Way::Enrichment, Way::Payload, Way::Direct]),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let (mut session, mut model, mut now) = (session_by(way), Model { way, ..Model::default() }, NOW);
        let (cookie, mut ticket) = (Proof::generate().unwrap(), Proof::generate().unwrap());
        session.bind(&cookie);
        let mut proof = Proof::generate().unwrap();
        let mut claim: Option<(SendClaim, Option<Code>, Option<u64>)> = None;
        let (mut texts, mut trues, mut by_code) = (0, 0, 0);
        let mut used: BTreeMap<String, i64> = BTreeMap::new();
        for act in acts {
            // As the store keeps it between two requests.
            session = serde_json::from_str::<Session>(&serde_json::to_string(&session).unwrap()).unwrap();
            let facts = session.facts();
            let before = (model.answered, model.ended);
            match act {
                Act::Wait(ms) => now += ms,
                Act::Arrive => prop_assert_eq!(session.arrive(now), model.arrive(now)),
                Act::Exchange(good) => {
                    let state = if good { session.handshake.state.clone() } else { "foreign".into() };
                    prop_assert_eq!(session.begin_exchange(&state), model.exchange(Way::Callback, good));
                }
                Act::Enrich(good) => {
                    let state = if good { session.handshake.state.clone() } else { "foreign".into() };
                    prop_assert_eq!(session.begin_enrichment(&state), model.enrich(good));
                }
                Act::Enriched(reason) => {
                    let new = Proof::generate().unwrap();
                    let judged = session.enriched(reason, &new);
                    prop_assert_eq!(judged, model.enriched(reason));
                    if judged.is_ok() {
                        ticket = new;
                    }
                }
                Act::ComeBack(good) => {
                    let [state, cookie, ticket] =
                        [session.handshake.state.as_str(), cookie.expose(), ticket.expose()].map(str::to_owned);
                    let shown = [state, cookie, ticket].into_iter().zip(good);
                    let shown: Vec<_> = shown.map(|(own, good)| if good { own } else { "foreign".into() }).collect();
                    let came = session.come_back(&shown[0], &shown[1], &shown[2]);
                    prop_assert_eq!(came, model.come_back(good));
                }
                Act::Payload => prop_assert_eq!(session.begin_payload(now), model.payload()),
                Act::AnswerPayload(reason) => {
                    let given = session.answer_payload(reason);
                    trues += u32::from(given.is_ok() && reason == Reason::Match);
                    prop_assert_eq!(given, model.answer_payload(reason));
                }
                Act::Record(reason) => {
                    let new = Proof::generate().unwrap();
                    let recorded = session.record(reason, Some(&new));
                    prop_assert_eq!(recorded, model.record(reason));
                    if recorded.is_ok() {
                        proof = new;
                    }
                }
                Act::Answer(good) => {
                    let given = session.answer(if good { proof.expose() } else { "foreign" });
                    trues += u32::from(given.is_ok());
                    prop_assert_eq!(given, model.answer(good));
                }
                Act::Send => {
                    let number = texts + 1;
                    let sent = session.claim_send(now, &LIMITS, &Proof::generate().unwrap(), |_| text(number));
                    prop_assert_eq!(sent.is_ok(), model.may_send(now));
                    if let Ok(sent) = sent {
                        texts = number;
                        claim = Some((sent, model.code, model.last_send));
                        let expires = (now + LIMITS.life_ms).min(session.expires_at);
                        (model.sends, model.last_send) = (model.sends + 1, Some(now));
                        model.code = Some(Code { number, expires, attempts: 0 });
                    }
                }
                Act::GiveBack => {
                    if let Some((sent, code, last_send)) = claim.take() {
                        session.give_back(&sent);
                        let spent = model.code.map_or(0, |code| code.attempts);
                        model.code = code.map(|code| Code { attempts: code.attempts + spent, ..code });
                        (model.sends, model.last_send) = (model.sends - 1, last_send);
                    }
                }
                Act::Guess(word) => {
                    let last = model.code.map_or(0, |code| code.number);
                    let typed = match word {
                        Word::Last => text(last),
                        Word::Older => text(last.saturating_sub(1)),
                        Word::Wrong => "wrong".into(),
                    };
                    let judged = session.guess(now, ATTEMPTS, |_, mac| mac == typed);
                    trues += u32::from(judged == Ok(Guess::Right));
                    by_code += i64::from(judged == Ok(Guess::Right));
                    prop_assert_eq!(judged, model.guess(now, matches!(word, Word::Last)));
                }
            }
            prop_assert_eq!(session.is_answered(), model.answered);
            prop_assert_eq!(session.silent_ended(), model.ended);
            prop_assert!(trues <= 1 && trues == u32::from(model.answered));
            // What is told of the act is what the model has ended by it.
            let told = session.ended.take();
            let is_answered = model.answered && !before.0;
            let has_failed = before.1.is_none() && model.ended.is_some_and(|reason| reason != Reason::Match);
            match told {
                Some((_, Reason::Match)) => prop_assert!(is_answered),
                Some((Service::Otp, reason)) => prop_assert_eq!(reason, Reason::AttemptsExceeded),
                Some((Service::Authenticate, reason)) => prop_assert!(has_failed && model.ended == Some(reason)),
                None => prop_assert!(!is_answered && !has_failed),
            }
            if let Some(earned) = session.earned(facts, now).unwrap() {
                *used.entry(earned.counter).or_default() += earned.by;
            }
            let of = |what: &str| used.get(&format!("{what}:VODAFONE")).copied().unwrap_or(0);
            let ended = |reasons: fn(Reason) -> bool| i64::from(model.ended.is_some_and(reasons));
            prop_assert_eq!(of("match"), ended(|reason| reason == Reason::Match));
            prop_assert_eq!(of("mismatch"), ended(|reason| reason == Reason::Mismatch));
            prop_assert_eq!(of("other"), ended(|reason| !matches!(reason, Reason::Match | Reason::Mismatch)));
            prop_assert_eq!((of("otp_sent"), of("otp_verified")), (i64::from(model.sends), by_code));
        }
    }
}
