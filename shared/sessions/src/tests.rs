//! The rules as properties: whatever is done in whatever order, these hold.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use sna_numbers::{Msisdn, Network};

use crate::{Begin, CorrelationId, Guess, Proof, Reason, Refusal, SendLimits, Session, Way};

pub(crate) const NOW: u64 = 1_773_342_238_000;
pub(crate) const LIMITS: SendLimits = SendLimits { life_ms: 300_000, sends: 3, gap_ms: 30_000, after_silent_ms: 5_000 };
pub(crate) const ATTEMPTS: u32 = 5;

pub(crate) fn session() -> Session {
    let begin = Begin {
        customer: "shop".into(),
        correlation_id: None,
        msisdn: Msisdn::parse("+447700900620").unwrap(),
        client_ip: [127, 0, 0, 1].into(),
        network: Network::parse("VODAFONE").ok(),
        redirect_uri: None,
        native: false,
        wrong_codes_a_day: None,
        webhook: false,
    };
    let mut session = Session::begin(begin, NOW, 600).unwrap();
    session.operator = Some("vodafone".into());
    session
}

pub(crate) fn session_by(way: Way) -> Session {
    let mut session = session();
    session.way = way;
    session
}

/// A session whose handset was enriched with a match; its cookie and its ticket.
fn enriched() -> (Session, Proof, Proof) {
    let mut session = session_by(Way::Enrichment);
    let (cookie, ticket) = (Proof::generate().unwrap(), Proof::generate().unwrap());
    session.arrive(NOW).unwrap();
    session.bind(&cookie);
    let state = session.handshake.state.clone();
    assert_eq!(session.begin_enrichment("foreign"), Err(Refusal::WrongProof));
    assert_eq!(session.begin_enrichment(&state), Ok(()));
    session.enriched(Reason::Match, &ticket).unwrap();
    (session, cookie, ticket)
}

/// The MAC of a test is the send's number and the code.
fn send(session: &mut Session, now: u64, code: &str) -> Result<crate::SendClaim, Refusal> {
    session.claim_send(now, &LIMITS, &Proof::generate().unwrap(), |number| format!("{number}:{code}"))
}

fn guess(session: &mut Session, now: u64, code: &str) -> Result<Guess, Refusal> {
    session.guess(now, ATTEMPTS, |number, mac| mac == format!("{number}:{code}"))
}

fn matched(session: &mut Session) -> Proof {
    let proof = Proof::generate().unwrap();
    session.arrive(NOW).unwrap();
    let state = session.handshake.state.clone();
    assert_eq!(session.begin_exchange(&state), Ok(true));
    session.record(Reason::Match, Some(&proof)).unwrap();
    proof
}

#[test]
fn a_match_is_answered_once_and_only_with_its_proof() {
    let mut session = session();
    let proof = matched(&mut session);
    assert_eq!(session.answer("another"), Err(Refusal::WrongProof));
    assert_eq!(session.answer(proof.expose()), Ok(()));
    assert_eq!(session.answer(proof.expose()), Err(Refusal::Used));
    assert_eq!(guess(&mut session, NOW, "1"), Err(Refusal::Used));
}

#[test]
fn nothing_but_a_match_leaves_a_proof() {
    for reason in [Reason::Mismatch, Reason::NotMobileNetwork, Reason::OperatorError, Reason::ProtocolViolation] {
        let mut session = session();
        let proof = Proof::generate().unwrap();
        session.arrive(NOW).unwrap();
        session.record(reason, Some(&proof)).unwrap();
        assert_eq!(session.answer(proof.expose()), Err(Refusal::WrongProof));
        assert_eq!(session.silent_ended(), Some(reason));
    }
}

#[test]
fn there_is_one_attempt_and_one_exchange() {
    let mut session = session();
    let state = session.handshake.state.clone();
    assert_eq!(session.begin_exchange(&state), Err(Refusal::NotUnderWay));
    session.arrive(NOW).unwrap();
    assert_eq!(session.arrive(NOW), Err(Refusal::Used));
    assert_eq!(session.begin_exchange(&state), Ok(true));
    assert_eq!(session.begin_exchange(&state), Err(Refusal::NotUnderWay));
}

#[test]
fn a_foreign_state_uses_the_exchange_up() {
    let mut session = session();
    session.arrive(NOW).unwrap();
    assert_eq!(session.begin_exchange("foreign"), Ok(false));
    let state = session.handshake.state.clone();
    assert_eq!(session.begin_exchange(&state), Err(Refusal::NotUnderWay));
}

#[test]
fn a_session_that_no_operator_serves_has_no_attempt() {
    let mut session = session();
    session.operator = None;
    assert_eq!(session.arrive(NOW), Err(Refusal::NotUnderWay));
}

#[test]
fn a_handset_that_asks_its_operator_itself_never_arrives_and_a_code_need_not_wait() {
    let mut session = session_by(Way::Direct);
    assert_eq!(session.arrive(NOW), Err(Refusal::NotUnderWay));
    assert_eq!(session.begin_payload(NOW), Ok(()));
    assert_eq!(session.begin_payload(NOW), Err(Refusal::Used));
    assert!(send(&mut session, NOW, "1").is_ok());
}

#[test]
fn a_payload_is_answered_once_and_only_after_it_was_claimed() {
    for reason in [Reason::Match, Reason::Mismatch] {
        let mut session = session_by(Way::Payload);
        assert_eq!(session.begin_payload(NOW), Err(Refusal::NotUnderWay));
        session.arrive(NOW).unwrap();
        assert_eq!(session.answer_payload(reason), Err(Refusal::NotUnderWay));
        session.begin_payload(NOW).unwrap();
        assert_eq!(session.answer_payload(reason), Ok(()));
        assert_eq!((session.is_answered(), session.silent_ended()), (reason == Reason::Match, Some(reason)));
        assert_eq!(session.begin_payload(NOW), Err(Refusal::Used));
    }
}

#[test]
fn a_payload_that_is_judged_while_the_code_is_given_is_not_a_second_true() {
    let mut session = session_by(Way::Direct);
    send(&mut session, NOW, "1").unwrap();
    session.begin_payload(NOW).unwrap();
    assert_eq!(guess(&mut session, NOW, "1"), Ok(Guess::Right));
    assert_eq!(session.answer_payload(Reason::Match), Err(Refusal::Used));
}

#[test]
fn an_enriched_handset_comes_back_with_its_cookie_and_its_ticket_or_not_at_all() {
    let (session, cookie, ticket) = enriched();
    let (cookie, ticket, state) = (cookie.expose(), ticket.expose(), session.handshake.state.as_str());
    assert_eq!(session.clone().come_back(state, cookie, ticket), Ok(Reason::Match));
    assert_eq!(session.clone().come_back("foreign", cookie, ticket), Err(Refusal::WrongProof));
    for (cookie, ticket) in [("", ticket), (ticket, ticket), (cookie, ""), (cookie, cookie)] {
        let mut session = session.clone();
        assert_eq!(session.come_back(state, cookie, ticket), Ok(Reason::ProtocolViolation));
        assert_eq!(session.come_back(state, cookie, ticket), Err(Refusal::NotUnderWay));
    }
    assert_eq!(session.silent_ended(), None);
}

#[test]
fn the_ways_are_not_mixed() {
    for (way, callback, enrichment, payload) in
        [(Way::Callback, true, false, false), (Way::Enrichment, false, true, false), (Way::Payload, false, false, true)]
    {
        let mut session = session_by(way);
        session.arrive(NOW).unwrap();
        let state = session.handshake.state.clone();
        assert_eq!(session.clone().begin_exchange(&state).is_ok(), callback, "{way:?}");
        assert_eq!(session.clone().begin_enrichment(&state).is_ok(), enrichment, "{way:?}");
        assert_eq!(session.clone().begin_payload(NOW).is_ok(), payload, "{way:?}");
    }
}

#[test]
fn a_session_is_found_by_its_state() {
    let session = session();
    assert_eq!(Session::id_in_state(&session.handshake.state), Some(session.id.as_str()));
    for foreign in ["", ".", "x.y", "no-dot", &"a".repeat(36)] {
        assert_eq!(Session::id_in_state(foreign), None, "{foreign}");
    }
}

#[test]
fn a_send_given_back_restores_the_older_code_and_keeps_its_guesses_counted() {
    let mut session = session();
    send(&mut session, NOW, "first").unwrap();
    assert_eq!(guess(&mut session, NOW, "x"), Ok(Guess::Wrong));
    let later = NOW + 30_000;
    let claim = send(&mut session, later, "second").unwrap();
    assert_eq!(guess(&mut session, later, "x"), Ok(Guess::Wrong));
    session.give_back(&claim);
    for _ in 0..3 {
        assert_eq!(guess(&mut session, later, "x"), Ok(Guess::Wrong));
    }
    assert_eq!(guess(&mut session, later, "first"), Ok(Guess::Exceeded));
}

#[test]
fn the_first_send_given_back_leaves_no_code_and_nothing_that_was_guessed_of_it() {
    let mut session = session();
    let claim = send(&mut session, NOW, "never sent").unwrap();
    assert_eq!(guess(&mut session, NOW, "x"), Ok(Guess::Wrong));
    session.give_back(&claim);
    assert_eq!(session.otp_spent(), (0, None, 0));
    assert_eq!(guess(&mut session, NOW, "never sent"), Ok(Guess::NotSent));
}

#[test]
fn a_later_send_is_not_given_back_by_an_earlier_claim() {
    let mut session = session();
    let claim = send(&mut session, NOW, "first").unwrap();
    send(&mut session, NOW + 30_000, "second").unwrap();
    session.give_back(&claim);
    assert_eq!(guess(&mut session, NOW + 30_000, "second"), Ok(Guess::Right));
}

#[test]
fn a_reason_is_written_as_the_contract_names_it() {
    for (reason, name) in [
        (Reason::Match, "MATCH"),
        (Reason::IpNumberNetworkMismatch, "IP_NUMBER_NETWORK_MISMATCH"),
        (Reason::Replayed, "REPLAYED"),
        (Reason::AttemptsExceeded, "ATTEMPTS_EXCEEDED"),
    ] {
        assert_eq!(reason.to_string(), name);
        assert_eq!(serde_json::to_value(reason).unwrap(), name);
    }
}

#[test]
fn fallback_is_advised_but_after_a_match_a_violation_a_replay_or_too_many_guesses() {
    for reason in [Reason::Match, Reason::ProtocolViolation, Reason::Replayed, Reason::AttemptsExceeded] {
        assert!(!reason.fallback_advised(), "{reason}");
    }
    for reason in [Reason::Mismatch, Reason::OperatorTimeout, Reason::WrongCode, Reason::NotAttempted] {
        assert!(reason.fallback_advised(), "{reason}");
    }
}

#[test]
fn a_correlation_id_is_visible_ascii() {
    assert!(CorrelationId::parse("a!~").is_ok() && CorrelationId::parse(&"x".repeat(128)).is_ok());
    for bad in ["", "a b", "ä", "a\n", &"x".repeat(129)] {
        assert!(CorrelationId::parse(bad).is_err(), "{bad:?}");
    }
}

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Arrive,
    Exchange(bool),
    Record(bool),
    Answer(bool),
    Send,
    GiveBack,
    Guess(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..40_000_u64).prop_map(Act::Wait),
        Just(Act::Arrive),
        any::<bool>().prop_map(Act::Exchange),
        any::<bool>().prop_map(Act::Record),
        any::<bool>().prop_map(Act::Answer),
        Just(Act::Send),
        Just(Act::GiveBack),
        prop::bool::weighted(0.2).prop_map(Act::Guess),
    ]
}

proptest! {
    #[test]
    fn at_most_one_true_five_guesses_a_code_and_three_sends(acts in prop::collection::vec(act(), 1..80)) {
        let mut session = session();
        let (mut now, mut proof, mut claim) = (NOW, None, None);
        let (mut trues, mut sends, mut wrong) = (0, 0, 0);
        for act in acts {
            match act {
                Act::Wait(ms) => now += ms,
                Act::Arrive => { let _ = session.arrive(now); }
                Act::Exchange(good) => {
                    let state = if good { session.handshake.state.clone() } else { "x".into() };
                    let _ = session.begin_exchange(&state);
                }
                Act::Record(good) => {
                    let new = Proof::generate().unwrap();
                    let reason = if good { Reason::Match } else { Reason::Mismatch };
                    if session.record(reason, Some(&new)).is_ok() && good {
                        proof = Some(new);
                    }
                }
                Act::Answer(good) => {
                    let shown = proof.as_ref().filter(|_| good).map_or("x", Proof::expose);
                    if session.answer(shown).is_ok() {
                        prop_assert!(good && proof.is_some());
                        trues += 1;
                    }
                }
                Act::Send => {
                    if let Ok(new) = send(&mut session, now, "right") {
                        prop_assert_eq!(trues, 0);
                        (sends, wrong, claim) = (sends + 1, 0, Some(new));
                    }
                }
                Act::GiveBack => {
                    if let Some(claim) = claim.take() {
                        let counted = session.otp_sends();
                        session.give_back(&claim);
                        sends -= counted - session.otp_sends();
                        wrong = 0;
                    }
                }
                Act::Guess(good) => match guess(&mut session, now, if good { "right" } else { "wrong" }) {
                    Ok(Guess::Right) => {
                        prop_assert!(good && sends > 0);
                        trues += 1;
                    }
                    Ok(Guess::Wrong) => {
                        prop_assert!(!good);
                        wrong += 1;
                    }
                    _ => {}
                },
            }
            prop_assert!(trues <= 1 && wrong <= ATTEMPTS && sends <= LIMITS.sends);
        }
    }
}

#[test]
fn the_code_of_a_test_number_uses_nothing() {
    let mut session = session();
    let before = session.facts();
    send(&mut session, NOW, "1").unwrap();
    session.sends_to_nobody();
    assert!(session.earned(before, NOW).unwrap().is_none());
    let before = session.facts();
    assert_eq!(guess(&mut session, NOW, "1"), Ok(Guess::Right));
    assert!(session.earned(before, NOW).unwrap().is_none());
}
