//! What the operator is asked at the callback, and with which credentials.

use serde_json::{Value, json};
use sna_adapter::{Ask, Auth, HttpRequest, Verdict};

use crate::bench::{CAMARA, FAMILIES, Family, NUMBER, OLD_CAMARA, good};

/// SHA-256 of the number with its `+`, in lower-case hex.
const HASH: &str = "2048d41a103b5e7b";

fn asked(family: Family) -> Vec<Ask> {
    let (journal, verdict) = family.drive(&good(), &family.operator());
    assert_eq!(verdict, Verdict::Match, "{}", family.name);
    journal.into_iter().map(|entry| entry.ask).collect()
}

fn http(ask: &Ask) -> &HttpRequest {
    match ask {
        Ask::Http(request) => request,
        _ => panic!("no HTTP request"),
    }
}

fn body(ask: &Ask) -> Value {
    serde_json::from_str(&http(ask).body).unwrap()
}

#[test]
fn mobile_connect_redeems_checks_and_compares_a_hash() {
    let asked = asked(FAMILIES[0]);
    let [token, verify, resource] = &asked[..] else { panic!("three asks") };
    let fields =
        "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fgateway.example%2Fv1%2Fcallback%2Fop";
    assert_eq!(http(token).body, fields);
    assert_eq!(http(token).auth, Auth::ClientSecretBasic { client_id: "client".into() });
    assert!(matches!(verify, Ask::Verify { jwt, jwks_uri } if jwt == "J.W.T" && jwks_uri == "https://op.example/jwks"));
    assert_eq!(http(resource).headers["authorization"], "Bearer AT");
    assert_eq!(http(resource).auth, Auth::None);
    let hash = body(resource)["mc_claims"]["device_msisdn_hash"].as_str().unwrap().to_owned();
    assert!(hash.starts_with(HASH) && hash.len() == 64, "{hash}");
}

#[test]
fn camara_redeems_with_an_assertion_and_the_verifier_and_compares_the_number() {
    let asked = asked(FAMILIES[1]);
    let [token, _, resource] = &asked[..] else { panic!("three asks") };
    assert!(http(token).body.ends_with("&code_verifier=VERIFIER"));
    let audience = "https://op.example/token".to_owned();
    assert_eq!(http(token).auth, Auth::PrivateKeyJwt { client_id: "client".into(), audience });
    assert_eq!(body(resource), json!({ "phoneNumber": NUMBER }));
    let correlator = &http(resource).headers["x-correlator"];
    assert!(correlator.len() == 32 && correlator.bytes().all(|b| b.is_ascii_hexdigit()), "{correlator}");
}

#[test]
fn older_camara_has_neither_verifier_nor_id_token_and_a_hash() {
    let old = Family { name: "old camara", adapter: &OLD_CAMARA, ..FAMILIES[1] };
    let asked = asked(old);
    let [token, resource] = &asked[..] else { panic!("two asks") };
    assert!(!http(token).body.contains("verifier"));
    assert_eq!(http(token).auth, Auth::ClientSecretBasic { client_id: "client".into() });
    assert!(body(resource)["hashedPhoneNumber"].as_str().unwrap().starts_with(HASH));
}

#[test]
fn a_code_is_encoded_and_cannot_add_a_field() {
    let mut params = good();
    params.insert("code".into(), "a&code_verifier=b c+d%".into());
    let camara = Family { name: "camara", adapter: &CAMARA, ..FAMILIES[1] };
    let (journal, _) = camara.drive(&params, &camara.operator());
    assert!(http(&journal[0].ask).body.contains("&code=a%26code_verifier%3Db%20c%2Bd%25&"));
}
