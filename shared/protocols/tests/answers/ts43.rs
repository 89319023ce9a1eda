//! TS.43: what the phone is asked, and how the operator's token is exchanged and used.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sna_adapter::{Answer, Ask, Auth, Key, Operation, Outcome, Reply, Unreachable, Verdict::*};
use sna_protocols::{NumberForm, Ts43};

use crate::bench::{NOW, Step, arrive, context, http, text, transport, unreachable};

static ADAPTER: Ts43 =
    Ts43 { scope: "dpv:FraudPreventionAndDetection number-verification:verify", number_form: NumberForm::Plain };
pub const NUMBER: &str = "+6281112345620";

fn jwt(typ: &str) -> String {
    let header = json!({ "alg": "ES256", "typ": typ });
    format!("{}.cGF5bG9hZA.c2ln", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()))
}

pub fn issued() -> String {
    jwt("dc-authorization+sd-jwt")
}

pub fn binding() -> String {
    jwt("kb+jwt")
}

pub fn payload_of(credential: &str) -> Value {
    json!({ "vp_token": { "gateway": [credential] } })
}

pub fn hash(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// The claims of both JWTs, as the host read them.
pub fn claims() -> (Value, Value) {
    let issued_claims = json!({
        "iss": "https://op.example", "vct": "number-verification/verify/ts43", "cnf": { "jwk": { "kty": "EC" } },
        "iat": NOW - 10, "exp": NOW + 600,
    });
    let binding_claims = json!({
        "nonce": "NONCE", "aud": "web-origin:https://shop.example", "iat": NOW - 5, "sd_hash": hash(&format!("{}~", issued())),
        "encrypted_credential": "J.W.E", "carrier_hint": "51010", "subscription_hint": 1, "consent_data_hash": null,
    });
    (issued_claims, binding_claims)
}

pub fn validate(payload: Value, issued: Value, binding: Value) -> Step {
    let config = json!({
        "aggregator": "gateway.example",
        "certificates": ["MIIB"],
        "consent": { "consent_text": "Share?", "policy_link": "https://gateway.example/privacy", "policy_text": "Privacy" },
        "carriers": ["51010"],
        "issuer": "https://op.example",
        "jwks_uri": "https://op.example/jwks",
        "audiences": ["web-origin:https://shop.example"],
        "client_id": "client",
        "token_endpoint": "https://op.example/token",
        "resource_endpoint": "https://op.example/verify",
    });
    Step {
        adapter: &ADAPTER,
        operation: Operation::Validate { payload },
        context: context(NUMBER, config),
        answers: vec![
            Answer::Verified { claims: issued },
            Answer::Verified { claims: binding },
            Answer::Decrypted { text: json!({ "temp_token": "TT" }).to_string() },
            Answer::Signed { jwt: "A.B.C".into() },
            http(200, &json!({ "access_token": "AT", "token_type": "Bearer", "expires_in": 300 })),
            http(200, &json!({ "devicePhoneNumberVerified": true })),
        ],
    }
}

pub fn good() -> Step {
    let (issued_claims, binding_claims) = claims();
    validate(payload_of(&format!("{}~{}", issued(), binding())), issued_claims, binding_claims)
}

#[test]
fn the_phone_is_asked_for_one_credential_by_a_signed_request() {
    let step = Step {
        operation: arrive(),
        answers: vec![
            Answer::EncryptionKey { jwk: json!({ "kty": "EC", "use": "enc" }) },
            Answer::Signed { jwt: "A.B.C".into() },
        ],
        ..good()
    };
    let (journal, reply) = step.drive();
    let Ask::Sign { claims, key: Key::Private, typ: Some(typ), certificates } = &journal[1].ask else {
        panic!("signed")
    };
    assert_eq!(certificates[..], ["MIIB"]);
    assert_eq!(typ, "oauth-authz-req+jwt");
    assert_eq!((&claims["iss"], &claims["nonce"]), (&json!("gateway.example"), &json!("NONCE")));
    assert_eq!(claims["jwks"], json!({ "keys": [{ "kty": "EC", "use": "enc" }] }));
    assert_eq!(claims["encrypted_response_enc_values_supported"], json!(["A128GCM"]));
    let consent = BASE64_URL_SAFE_NO_PAD.decode(claims["consent_data"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&consent).unwrap()["consent_text"], "Share?");

    let Reply::Done { outcome: Outcome::Reply { json }, .. } = reply else { panic!("JSON for the handset") };
    let request: Value = serde_json::from_str(json["digital_request"].as_str().unwrap()).unwrap();
    assert_eq!(request["requests"][0]["protocol"], "openid4vp-v1-unsigned");
    let data = &request["requests"][0]["data"];
    assert_eq!((&data["response_mode"], &data["nonce"]), (&json!("dc_api"), &json!("NONCE")));
    let credential = &data["dcql_query"]["credentials"][0];
    assert_eq!(credential["format"], "dc-authorization+sd-jwt");
    assert_eq!(credential["meta"]["credential_authorization_jwt"], "A.B.C");
    assert_eq!(credential["meta"]["vct_values"], json!(["number-verification/verify/ts43"]));
    for (at, verdict) in [(0, ConfigError), (1, ConfigError)] {
        assert_eq!(step.with(at, unreachable(Unreachable::Forbidden)).verdict(), verdict);
    }
}

#[test]
fn the_token_is_exchanged_by_an_assertion_that_lives_two_minutes() {
    let asks = good().asks();
    let [_, _, _, Ask::Sign { claims, key, typ, certificates }, Ask::Http(token), Ask::Http(verify)] = &asks[..] else {
        panic!("six asks")
    };
    assert_eq!((key, typ, certificates.len()), (&Key::Private, &None, 0));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("operatortoken:TT")));
    assert_eq!((&claims["aud"], &claims["iat"]), (&json!("https://op.example/token"), &json!(NOW)));
    assert_eq!(claims["exp"], json!(NOW + 120));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 32);
    assert_eq!(claims["scope"], ADAPTER.scope);
    assert_eq!(token.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=A.B.C");
    assert_eq!(token.auth, Auth::None);
    assert_eq!(verify.headers["authorization"], "Bearer AT");
    assert_eq!(serde_json::from_str::<Value>(&verify.body).unwrap(), json!({ "phoneNumber": NUMBER }));
}

#[test]
fn the_resource_alone_says_match_or_mismatch() {
    for (answer, verdict) in [
        (json!(true), Match),
        (json!("true"), Match),
        (json!(false), Mismatch),
        (json!("yes"), OperatorError),
        (json!(null), OperatorError),
    ] {
        let answer = http(200, &json!({ "devicePhoneNumberVerified": answer }));
        assert_eq!(good().with(5, answer).verdict(), verdict);
    }
    for (answer, verdict) in transport() {
        assert_eq!(good().with(5, answer).verdict(), verdict);
    }
    let off_net = json!({ "code": "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK" });
    assert_eq!(good().with(5, http(403, &off_net)).verdict(), NotMobileNetwork);
}

#[test]
fn a_refused_token_is_stale_unless_consent_or_we_are_at_fault() {
    let error = |status, error: &str, text: &str| http(status, &json!({ "error": error, "error_description": text }));
    let mut rows = transport();
    rows.extend([
        (error(400, "invalid_grant", "operator token expired"), Expired),
        (error(400, "invalid_grant", "No Consent"), ConsentRequired),
        (error(400, "invalid_scope", ""), ConfigError),
        (error(401, "invalid_client", ""), ConfigError),
        (error(401, "invalid_grant", ""), ConfigError),
    ]);
    for (answer, verdict) in rows {
        assert_eq!(good().with(4, answer).verdict(), verdict);
    }
}

#[test]
fn what_the_host_cannot_do_or_read_ends_the_attempt() {
    for at in [0, 1] {
        assert_eq!(good().with(at, Answer::Rejected).verdict(), ProtocolViolation);
        assert_eq!(good().with(at, Answer::Verified { claims: json!({}) }).verdict(), ProtocolViolation);
        assert_eq!(good().with(at, unreachable(Unreachable::Timeout)).verdict(), OperatorTimeout);
    }
    assert_eq!(good().with(2, Answer::Rejected).verdict(), ProtocolViolation);
    assert_eq!(good().with(2, unreachable(Unreachable::Forbidden)).verdict(), ConfigError);
    assert_eq!(good().with(3, unreachable(Unreachable::Forbidden)).verdict(), ConfigError);
    for plain in ["", "TT", "{}", r#"{"temp_token":7}"#] {
        assert_eq!(good().with(2, Answer::Decrypted { text: plain.into() }).verdict(), ProtocolViolation, "{plain}");
    }
    assert_eq!(good().with(4, text(200, r#"{"token_type":"Bearer"}"#)).verdict(), OperatorError);
}
