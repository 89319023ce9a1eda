//! TS.43: the wallet reads a request before it answers, and the token endpoint an assertion.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::ledger::{CODE_LIFETIME, Step, Transaction, random};
use super::super::{flow::Back, now};
use super::bed::{Bed, answer, client, device};
use crate::profiles::tests::network;
use crate::scenarios::Scenario;

const TELKOMSEL: &str = "telkomsel_id";
const NONCE: &str = "a-nonce-of-the-session";
/// RFC 7518 appendix C: Alice's key, and nobody here decrypts.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","use":"enc","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#;

/// What the gateway signs, with these claims changed.
fn authorization(bed: &Bed, typ: &str, changes: &Value) -> String {
    let consent = URL_SAFE_NO_PAD.encode(r#"{"consent_text":"Share?"}"#);
    let key: Value = serde_json::from_str(KEY).unwrap();
    let mut claims = json!({
        "iss": "gateway.example", "nonce": NONCE, "jwks": { "keys": [key] }, "consent_data": consent,
        "encrypted_response_enc_values_supported": ["A128GCM"],
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    bed.signed(&claims, typ)
}

fn request(jwt: &str) -> Value {
    let claim = |name: &str, value: &str| json!({ "path": [name], "values": [value] });
    json!({ "requests": [{ "protocol": "openid4vp-v1-unsigned", "data": {
        "response_type": "vp_token", "response_mode": "dc_api", "nonce": NONCE,
        "dcql_query": { "credentials": [{
            "id": "gateway", "format": "dc-authorization+sd-jwt",
            "meta": { "vct_values": ["number-verification/verify/ts43"], "credential_authorization_jwt": jwt },
            "claims": [claim("carrier_hint", "51010"), claim("phone_number_hint", "+6281112345620")],
        }] },
    } }] })
}

fn good(bed: &Bed) -> Value {
    request(&authorization(bed, "oauth-authz-req+jwt", &json!({})))
}

async fn present(bed: &Bed, source: IpAddr, request: &Value) -> Value {
    let url = format!("{}/telkomsel_id/wallet", bed.public);
    client(source).post(url).json(request).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_wallet_answers_a_request_that_the_gateway_signed() {
    let bed = Bed::start().await;
    let own = device(TELKOMSEL, 20).source_ip;
    let presented = present(&bed, own, &good(&bed)).await;
    let credential = presented["vp_token"]["gateway"][0].as_str().unwrap();
    let (issued, binding) = credential.split_once('~').unwrap();
    let header = |jwt: &str| jsonwebtoken::decode_header(jwt).unwrap().typ.unwrap();
    assert_eq!((header(issued), header(binding)), ("dc-authorization+sd-jwt".into(), "kb+jwt".into()));
    let wrong = |pointer: &str, value: Value| {
        let mut request = good(&bed);
        *request.pointer_mut(pointer).unwrap() = value;
        request
    };
    let credentials = "/requests/0/data/dcql_query/credentials/0";
    let signed = |typ: &str, changes: Value| request(&authorization(&bed, typ, &changes));
    let typ = "oauth-authz-req+jwt";
    for (request, error) in [
        (json!({}), "DataError"),
        (wrong("/requests/0/protocol", json!("openid4vp")), "DataError"),
        (wrong("/requests/0/data/response_mode", json!("direct_post")), "DataError"),
        (wrong("/requests/0/data/nonce", json!("another-nonce-of-a-session")), "DataError"),
        (wrong(&format!("{credentials}/format"), json!("mso_mdoc")), "DataError"),
        (wrong(&format!("{credentials}/meta/vct_values"), json!(["other"])), "NoCredentialException"),
        (wrong(&format!("{credentials}/claims/0/values"), json!(["51011"])), "NoCredentialException"),
        (wrong(&format!("{credentials}/claims/1/values"), json!(["+6281112345699"])), "NoCredentialException"),
        (signed("JWT", json!({})), "CERTIFICATION_FINGER_PRINT_MISMATCHED"),
        (signed(typ, json!({ "iss": "another.example" })), "CERTIFICATION_FINGER_PRINT_MISMATCHED"),
        (signed(typ, json!({ "nonce": "another" })), "DataError"),
        (signed(typ, json!({ "encrypted_response_enc_values_supported": ["A256GCM"] })), "DataError"),
        (signed(typ, json!({ "jwks": { "keys": [] } })), "DataError"),
        (signed(typ, json!({ "consent_data": "e30" })), "DataError"),
    ] {
        assert_eq!(present(&bed, own, &request).await, json!({ "error": error }), "{request}");
    }
}

#[tokio::test]
async fn a_phone_without_a_sim_of_the_network_has_no_credential() {
    let bed = Bed::start().await;
    for source in [device(TELKOMSEL, 23).source_ip, device("o2", 20).source_ip, IpAddr::from([127, 0, 0, 1])] {
        assert_eq!(present(&bed, source, &good(&bed)).await["error"], "NoCredentialException");
    }
}

/// An operator token of the device that owns its number.
fn operator_token(bed: &Bed) -> String {
    let mut tx = Transaction::new(network(TELKOMSEL), Scenario::OwnNumber, Back::nowhere()).unwrap();
    tx.msisdn = Some("+6281112345620".to_owned());
    bed.operators.ledger().put(Step::Code, tx, now(), CODE_LIFETIME).unwrap()
}

/// A good exchange, with these claims and parameters changed.
async fn exchange(bed: &Bed, typ: &str, changes: &Value, more: &[(&str, &str)]) -> (u16, Value) {
    let seconds = now() / 1000;
    let mut claims = json!({
        "iss": "gateway", "sub": format!("operatortoken:{}", operator_token(bed)),
        "aud": format!("{}/telkomsel_id/token", bed.public), "iat": seconds, "exp": seconds + 300,
        "jti": random().unwrap(), "scope": "dpv:FraudPreventionAndDetection number-verification:verify",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let assertion = bed.signed(&claims, typ);
    let mut form = vec![("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    form.extend_from_slice(more);
    answer(bed.http.post(format!("{}/telkomsel_id/token", bed.public)).form(&form)).await
}

#[tokio::test]
async fn an_operator_token_is_exchanged_once_by_a_fresh_assertion() {
    let bed = Bed::start().await;
    let (status, token) = exchange(&bed, "JWT", &json!({}), &[]).await;
    assert_eq!(status, 200, "{token}");
    let url = format!("{}/telkomsel_id/number-verification/v2/verify", bed.public);
    let verify = |token: &Value| {
        let body = json!({ "phoneNumber": "+6281112345620" });
        answer(bed.http.post(&url).bearer_auth(token["access_token"].as_str().unwrap()).json(&body))
    };
    assert_eq!(verify(&token).await, (200, json!({ "devicePhoneNumberVerified": true })));
    assert_eq!(verify(&token).await.0, 401);

    let (now, scope) = (now() / 1000, "number-verification:verify");
    let used = format!("operatortoken:{}", operator_token(&bed));
    assert_eq!(exchange(&bed, "JWT", &json!({ "sub": used }), &[]).await.0, 200);
    for (typ, changes, more, error) in [
        ("at+jwt", json!({}), &[] as &[(&str, &str)], "invalid_grant"),
        ("JWT", json!({ "sub": used }), &[], "invalid_grant"),
        ("JWT", json!({ "sub": "tel:+6281112345620" }), &[], "invalid_grant"),
        ("JWT", json!({ "iss": "another" }), &[], "invalid_client"),
        ("JWT", json!({ "aud": format!("{}/telkomsel_id", bed.public) }), &[], "invalid_request"),
        ("JWT", json!({ "exp": now - 1 }), &[], "invalid_request"),
        ("JWT", json!({ "iat": now, "exp": now + 301 }), &[], "invalid_request"),
        ("JWT", json!({ "jti": "" }), &[], "invalid_request"),
        ("JWT", json!({ "scope": scope }), &[], "invalid_scope"),
        ("JWT", json!({}), &[("scope", scope)], "invalid_request"),
    ] {
        let (status, refused) = exchange(&bed, typ, &changes, more).await;
        assert_eq!((refused["error"].as_str(), status / 100), (Some(error), 4), "{changes} {more:?}");
    }
    let once = json!({ "jti": "the same" });
    assert_eq!(exchange(&bed, "JWT", &once, &[]).await.0, 200);
    assert_eq!(exchange(&bed, "JWT", &once, &[]).await.1["error"], "invalid_request");
}
