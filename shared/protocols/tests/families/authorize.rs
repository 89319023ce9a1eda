//! The authorize URL: read back as it was meant, by every parser, and without the number.

use proptest::prelude::*;
use sna_adapter::Context;
use url::Url;

use crate::bench::{CAMARA, FAMILIES, Family, MOBILE_CONNECT, NUMBER, OLD_CAMARA, context};

fn pairs(uri: &str) -> Vec<(String, String)> {
    Url::parse(uri).unwrap().query_pairs().into_owned().collect()
}

fn value(uri: &str, name: &str) -> Option<String> {
    let mut found = pairs(uri).into_iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    let first = found.next();
    assert_eq!(found.next(), None, "{name} once");
    first
}

#[test]
fn each_family_asks_in_its_own_words() {
    let uri = FAMILIES[0].authorize(context());
    assert_eq!(value(&uri, "scope").as_deref(), Some(MOBILE_CONNECT.scope));
    assert_eq!(value(&uri, "version").as_deref(), Some("mc_di_r2_v2.3"));
    assert_eq!(value(&uri, "acr_values").as_deref(), Some("2"));
    assert_eq!(value(&uri, "code_challenge"), None);

    let uri = FAMILIES[1].authorize(context());
    assert_eq!(value(&uri, "scope").as_deref(), Some(CAMARA.scope));
    assert_eq!(value(&uri, "prompt").as_deref(), Some("none"));
    assert_eq!(value(&uri, "code_challenge").as_deref(), Some("CHALLENGE"));
    assert_eq!(value(&uri, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(value(&uri, "acr_values"), None, "CAMARA: consumers SHOULD NOT send it");
    assert!(!uri.contains("VERIFIER"), "the verifier is for the token endpoint");
    for family in FAMILIES {
        let uri = family.authorize(context());
        for (name, expected) in [
            ("response_type", "code"),
            ("client_id", "client"),
            ("redirect_uri", "https://gateway.example/v1/callback/op"),
            ("state", "STATE"),
            ("nonce", "NONCE"),
        ] {
            assert_eq!(value(&uri, name).as_deref(), Some(expected), "{}", family.name);
        }
    }
}

#[test]
fn a_space_is_20_and_a_hash_is_23_and_the_number_is_nowhere() {
    let old = Family { name: "old camara", adapter: &OLD_CAMARA, field: "devicePhoneNumberVerified" };
    assert!(old.authorize(context()).contains("scope=dpv%3AFraudPreventionAndDetection%23number-verification"));
    for family in [FAMILIES[0], FAMILIES[1], old] {
        let uri = family.authorize(context());
        assert!(!uri.contains(['+', '#', ' ']), "{uri}");
        assert!(!uri.contains(&NUMBER[4..]), "{uri}");
    }
    assert!(FAMILIES[0].authorize(context()).contains("scope=openid%20mc_vm_match_hash&"));
}

#[test]
fn a_query_of_the_endpoint_stays() {
    let mut context = context();
    context.config["authorization_endpoint"] = "https://op.example/authorize?brand=x".into();
    let uri = FAMILIES[0].authorize(context);
    assert_eq!((value(&uri, "brand").as_deref(), value(&uri, "state").as_deref()), (Some("x"), Some("STATE")));
}

proptest! {
    #[test]
    fn whatever_the_texts_are_they_are_read_back(client in ".*", state in ".*", nonce in ".*", callback in ".*") {
        for family in FAMILIES {
            let mut context = Context {
                state: state.clone(), nonce: nonce.clone(), callback_uri: callback.clone(), ..context()
            };
            context.config["client_id"] = client.clone().into();
            let uri = family.authorize(context);
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()));
            for (name, expected) in
                [("client_id", &client), ("state", &state), ("nonce", &nonce), ("redirect_uri", &callback)]
            {
                let found = value(&uri, name);
                prop_assert_eq!(found.as_ref(), Some(expected));
            }
        }
    }
}
