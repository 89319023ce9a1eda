//! What a token must not survive.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use crate::{
    AccessToken, Event, IdToken, InvalidToken, Issuer, PublicKeys, Receipt, SKEW_MS, Scope, SigningKey, Verifier,
};

const URL: &str = "https://auth.example";
const NOW: u64 = 1_773_342_238_000;

fn pair() -> (Issuer, Verifier) {
    let key = SigningKey::generate().unwrap();
    let keys = PublicKeys::parse(&key.public_paserk().unwrap()).unwrap();
    (Issuer::new(key, URL), Verifier::new(keys, URL))
}

fn access() -> AccessToken {
    AccessToken { user_id: "shop".into(), scope: Scope::Both, native: false }
}

fn id() -> IdToken {
    IdToken {
        jti: "9a2d8e1c-0000-4000-8000-000000000000".into(),
        user_id: "shop".into(),
        scope: Scope::Otp,
        network: Some("O2".into()),
        vendor_type: None,
        redirect_uri: None,
    }
}

fn receipt() -> Receipt {
    Receipt {
        jti: id().jti,
        user_id: "shop".into(),
        correlation_id: Some("order-1".into()),
        msisdn_hash: "0b".repeat(32),
        service: "otp".into(),
        verdict: "MATCH".into(),
        network: None,
    }
}

fn event() -> Event {
    Event {
        jti: "7d1f7a4e-4f6c-4a0e-9f57-0d5d6f3f8f10".into(),
        user_id: "shop".into(),
        session: id().jti,
        correlation_id: None,
        service: "authenticate".into(),
        verdict: "MISMATCH".into(),
        network: Some("VODAFONE".into()),
    }
}

#[test]
fn what_is_minted_verifies() {
    let (issuer, verifier) = pair();
    assert_eq!(verifier.access(&issuer.access(&access(), NOW, 60).unwrap(), NOW), Ok(access()));
    assert_eq!(verifier.id(&issuer.id(&id(), NOW, 60).unwrap(), NOW), Ok(id()));
}

#[test]
fn one_kind_is_useless_as_the_other() {
    let (issuer, verifier) = pair();
    let token = issuer.access(&access(), NOW, 60).unwrap();
    assert_eq!(verifier.id(&token, NOW), Err(InvalidToken::Signature));
    let token = issuer.id(&id(), NOW, 60).unwrap();
    assert_eq!(verifier.access(&token, NOW), Err(InvalidToken::Signature));
    let others = [issuer.access(&access(), NOW, 60).unwrap(), token];
    assert_eq!(others.map(|token| verifier.receipt(&token, NOW)), [const { Err(InvalidToken::Signature) }; 2]);
    let token = issuer.receipt(&receipt(), NOW).unwrap();
    assert_eq!(verifier.access(&token, NOW), Err(InvalidToken::Signature));
    assert_eq!(verifier.id(&token, NOW), Err(InvalidToken::Signature));
}

proptest! {
    #[test]
    fn what_was_verified_before_changes_no_answer(
        shows in prop::collection::vec((any::<prop::sample::Index>(), NOW - SKEW_MS * 2..NOW + SKEW_MS * 3), 1..40),
    ) {
        let ((issuer, verifier), other) = (pair(), pair().0);
        let good = [0, SKEW_MS].map(|at| issuer.access(&access(), NOW + at, 60).unwrap());
        let changed = |at: usize| {
            let mut changed = good[0].clone().into_bytes();
            changed[at] ^= 1;
            String::from_utf8(changed).unwrap()
        };
        let tokens = [
            &good[..],
            &[issuer.id(&id(), NOW, 60).unwrap(), other.access(&access(), NOW, 60).unwrap(), String::new()],
            &[changed(20), changed(good[0].len() - 1), format!("{}A", good[0]), good[0][..40].to_owned()],
        ]
        .concat();
        for (token, now) in shows {
            let token = token.get(&tokens);
            let fresh = Verifier::new(PublicKeys::parse(&published(&verifier)).unwrap(), URL);
            prop_assert_eq!(verifier.access(token, now), fresh.access(token, now));
        }
    }
}

fn published(verifier: &Verifier) -> String {
    let keys = verifier.keys().published().unwrap();
    keys.into_iter().map(|(_, key)| key).collect::<Vec<_>>().join(",")
}

#[test]
fn only_so_many_tokens_are_remembered_and_none_that_does_not_hold() {
    let (issuer, verifier) = pair();
    for at in 0..crate::kept::MOST as u64 * 2 {
        let token = issuer.access(&access(), NOW + at, 60).unwrap();
        assert!(verifier.access(&token, NOW + at).is_ok());
        assert!(verifier.access(&token[..token.len() - 1], NOW + at).is_err());
        assert!((1..=crate::kept::MOST).contains(&verifier.kept()), "{at}");
    }
    assert_eq!(verifier.access(&issuer.access(&access(), NOW, 60).unwrap(), NOW + 60_000), Err(InvalidToken::Expired));
    assert_eq!(verifier.kept(), crate::kept::MOST);
}

#[test]
fn an_event_is_nothing_else_and_nothing_else_is_an_event() {
    let (issuer, verifier) = pair();
    let token = issuer.event(&event(), NOW).unwrap();
    assert_eq!(verifier.event(&token, NOW), Ok((event(), NOW)));
    assert_eq!(issuer.event(&event(), NOW).unwrap(), token, "each time it is sent");
    assert_eq!(verifier.access(&token, NOW), Err(InvalidToken::Signature));
    assert_eq!(verifier.id(&token, NOW), Err(InvalidToken::Signature));
    assert_eq!(verifier.receipt(&token, NOW), Err(InvalidToken::Signature));
    let others = [
        issuer.access(&access(), NOW, 60).unwrap(),
        issuer.id(&id(), NOW, 60).unwrap(),
        issuer.receipt(&receipt(), NOW).unwrap(),
    ];
    assert_eq!(others.map(|token| verifier.event(&token, NOW)), [const { Err(InvalidToken::Signature) }; 3]);
}

#[test]
fn a_receipt_is_the_same_each_time_and_has_no_end() {
    let (issuer, verifier) = pair();
    let token = issuer.receipt(&receipt(), NOW).unwrap();
    assert_eq!(issuer.receipt(&receipt(), NOW).unwrap(), token);
    for now in [NOW - SKEW_MS, NOW + 20 * 365 * 86_400_000] {
        assert_eq!(verifier.receipt(&token, now), Ok((receipt(), NOW)));
    }
    assert_eq!(verifier.receipt(&token, NOW - SKEW_MS - 1), Err(InvalidToken::NotYetValid));
}

#[test]
fn a_receipt_is_of_one_issuer_and_one_key() {
    let key = SigningKey::generate().unwrap();
    let verifier = Verifier::new(PublicKeys::parse(&key.public_paserk().unwrap()).unwrap(), URL);
    let token = Issuer::new(key, "https://other.example").receipt(&receipt(), NOW).unwrap();
    assert_eq!(verifier.receipt(&token, NOW), Err(InvalidToken::Audience));
    let (stranger, _) = pair();
    assert_eq!(verifier.receipt(&stranger.receipt(&receipt(), NOW).unwrap(), NOW), Err(InvalidToken::Key));
}

#[test]
fn the_keys_of_tokens_and_of_statements_do_not_stand_in_for_each_other() {
    let ((tokens, opens), (statements, reads)) = (pair(), pair());
    let receipt_of = |issuer: &Issuer| issuer.receipt(&receipt(), NOW).unwrap();
    assert_eq!(reads.receipt(&receipt_of(&statements), NOW), Ok((receipt(), NOW)));
    assert_eq!(reads.receipt(&receipt_of(&tokens), NOW), Err(InvalidToken::Key));
    for token in [statements.access(&access(), NOW, 60).unwrap(), statements.id(&id(), NOW, 60).unwrap()] {
        assert_eq!(opens.access(&token, NOW), Err(InvalidToken::Key));
        assert_eq!(opens.id(&token, NOW), Err(InvalidToken::Key));
    }
}

#[test]
fn a_token_lives_from_its_start_less_the_skew_to_its_end() {
    let (issuer, verifier) = pair();
    let token = issuer.access(&access(), NOW, 60).unwrap();
    assert!(verifier.access(&token, NOW - SKEW_MS).is_ok());
    assert_eq!(verifier.access(&token, NOW - SKEW_MS - 1000), Err(InvalidToken::NotYetValid));
    assert!(verifier.access(&token, NOW + 59_999).is_ok());
    assert_eq!(verifier.access(&token, NOW + 60_000), Err(InvalidToken::Expired));
}

#[test]
fn another_issuers_token_is_refused_even_under_our_key() {
    let key = SigningKey::generate().unwrap();
    let verifier = Verifier::new(PublicKeys::parse(&key.public_paserk().unwrap()).unwrap(), URL);
    let token = Issuer::new(key, "https://other.example").access(&access(), NOW, 60).unwrap();
    assert_eq!(verifier.access(&token, NOW), Err(InvalidToken::Audience));
}

#[test]
fn an_unknown_key_is_refused_and_each_known_one_verifies() {
    let (old, new, stranger) =
        (SigningKey::generate().unwrap(), SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let listed = format!("{}, {}", old.public_paserk().unwrap(), new.public_paserk().unwrap());
    let verifier = Verifier::new(PublicKeys::parse(&listed).unwrap(), URL);
    for key in [old, new] {
        let token = Issuer::new(key, URL).access(&access(), NOW, 60).unwrap();
        assert!(verifier.access(&token, NOW).is_ok());
    }
    let token = Issuer::new(stranger, URL).access(&access(), NOW, 60).unwrap();
    assert_eq!(verifier.access(&token, NOW), Err(InvalidToken::Key));
}

#[test]
fn other_versions_and_shapes_are_refused() {
    let (issuer, verifier) = pair();
    let token = issuer.access(&access(), NOW, 60).unwrap();
    let (body, _footer) = token.rsplit_once('.').unwrap();
    for bad in [
        String::new(),
        "v4.public.".into(),
        body.to_owned(),
        format!("{body}."),
        format!("{token}.x"),
        token.replacen("v4", "v2", 1),
        token.replacen("public", "local", 1),
        format!("{body}.{}", "A".repeat(4096)),
        "x".repeat(100_000),
    ] {
        assert!(verifier.access(&bad, NOW).is_err(), "{bad}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let (issuer, verifier) = pair();
    let token = issuer.access(&access(), NOW, 60).unwrap();
    for index in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            assert!(verifier.access(&flipped, NOW).is_err(), "byte {index}, bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,300}") {
        let (_, verifier) = pair();
        prop_assert!(verifier.access(&text, NOW).is_err());
        let token = format!("v4.public.{text}");
        prop_assert!(verifier.access(&token, NOW).is_err());
    }
}
