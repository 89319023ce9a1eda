//! Receipts of validate: what they say, to whom, and that they open nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gateway_tests::{Gateway, steps::claims};
use serde_json::{Value, json};
use sna_otp::Pepper;
use sna_tokens::{PublicKeys, Receipt, Verifier};

use crate::{
    limits::keyed,
    steps::{Answer, Customer, another, client, device, invalid, newest_code},
};

const VODAFONE: &str = "+447700900620";
/// Vodafone's too; the device holds another number.
const NOT_ITS_OWN: &str = "+447700900621";

/// What a receipt says to whoever has the public keys, and when.
fn read(gateway: &Gateway, answer: &Value) -> (Receipt, u64) {
    let env = gateway.world.env();
    let keys = PublicKeys::parse(&env["TOKEN_PUBLIC_KEYS"]).expect("keys");
    let token = answer["receipt"].as_str().unwrap_or_else(|| panic!("no receipt in {answer}"));
    Verifier::new(keys, &env["PUBLIC_URL"]).receipt(token, u64::MAX / 2).expect("a receipt")
}

fn hash(answer: &Value, number: &str) -> String {
    let salt = answer["receipt_salt"].as_str().expect("a salt");
    Pepper::parse(salt).expect("64 hex digits").hmac(number.as_bytes())
}

/// Without what belongs to a receipt.
fn without((status, mut json): Answer) -> Answer {
    let members = json.as_object_mut().expect("an object");
    assert!(members.remove("receipt").is_some() && members.remove("receipt_salt").is_some(), "{members:?}");
    (status, json)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_what_the_answer_says_and_the_number_only_to_who_has_the_salt() {
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs() as u128 * 1000;
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, VODAFONE), &[("correlation_id", "order-1")]).await;
    let payload = started.open(None).await.json();
    let proof = json!({ "id_token": started.id_token, "payload": payload, "receipt": "true" });
    let (status, silent) = customer.validate(&proof).await;
    let (receipt, at) = read(&gateway, &silent);
    let expected = Receipt {
        jti: claims(&started.id_token)["jti"].as_str().expect("a session").to_owned(),
        user_id: gateway.customer.client_id.clone(),
        correlation_id: Some("order-1".into()),
        msisdn_hash: hash(&silent, VODAFONE),
        service: "authenticate".into(),
        verdict: "MATCH".into(),
        network: Some("VODAFONE".into()),
    };
    assert_eq!(receipt, expected);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
    assert!((before..=now).contains(&u128::from(at)), "{at}");
    let said = claims(silent["receipt"].as_str().expect("a receipt")).to_string();
    assert!(!said.contains("7700900620") && !said.contains(silent["receipt_salt"].as_str().expect("a salt")));
    let plain = (200, json!({ "authenticated": "true", "correlation_id": "order-1", "service": "authenticate" }));
    assert_eq!(without((status, silent.clone())), plain);

    // Of another session of the same number nobody sees that it is the same.
    let again = customer.start(&device(&gateway, VODAFONE), &[]).await;
    again.send_otp().await;
    let code = newest_code(&gateway, &again.device);
    let guess =
        |code: &str, receipt: Value| json!({ "id_token": again.id_token, "otp_code": code, "receipt": receipt });
    let (_, wrong) = customer.validate(&guess(&another(&code), json!(true))).await;
    assert_eq!((read(&gateway, &wrong).0.verdict.as_str(), &wrong["authenticated"]), ("WRONG_CODE", &json!("false")));
    let (_, right) = customer.validate(&guess(&code, json!(true))).await;
    let (receipt, _) = read(&gateway, &right);
    assert_eq!((receipt.service.as_str(), receipt.verdict.as_str()), ("otp", "MATCH"));
    assert_eq!(receipt.msisdn_hash, hash(&right, VODAFONE));
    assert_ne!(receipt.msisdn_hash, hash(&right, NOT_ITS_OWN));
    assert_ne!(receipt.msisdn_hash, hash(&silent, VODAFONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_wish_there_is_none_and_another_wish_than_true_is_refused() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    let body = |receipt: Value| json!({ "id_token": started.id_token, "otp_code": "123456", "receipt": receipt });
    let plain =
        json!({ "authenticated": "false", "fallback_advised": "true", "reason": "NOT_ATTEMPTED", "service": "otp" });
    for none in [json!(null), json!(""), json!(false), json!("false")] {
        assert_eq!(customer.validate(&body(none)).await, (200, plain.clone()));
    }
    for malformed in [json!("yes"), json!(1), json!([true]), json!({})] {
        let refused = invalid("The required field is missing or it is invalid.");
        assert_eq!(customer.validate(&body(malformed)).await, refused);
    }
    assert_eq!(without(customer.validate(&body(json!("true"))).await), (200, plain));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_receipt_again_later() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let by_code = customer.start(&device(&gateway, VODAFONE), &[]).await;
    by_code.send_otp().await;
    let code = newest_code(&gateway, &by_code.device);
    let silent = customer.start(&device(&gateway, NOT_ITS_OWN), &[]).await;
    let payload = silent.open(None).await.json();
    for (key, body) in [
        ("a", json!({ "id_token": by_code.id_token, "otp_code": code, "receipt": true })),
        ("b", json!({ "id_token": silent.id_token, "payload": payload, "receipt": true })),
        ("c", json!({ "id_token": silent.id_token, "receipt": true })),
    ] {
        let first = keyed(&gateway, &customer, "/v1/validate", key, &body).await;
        gateway.advance(Duration::from_secs(7));
        assert_eq!(keyed(&gateway, &customer, "/v1/validate", key, &body).await, first, "{key}");
        read(&gateway, &first.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_no_credential_and_no_credential_is_a_receipt() {
    let gateway = Gateway::start().await;
    let customer = Customer::sign_in(&gateway).await;
    let started = customer.start(&device(&gateway, VODAFONE), &[]).await;
    let body = json!({ "id_token": started.id_token, "otp_code": "123456", "receipt": true });
    let (_, answer) = customer.validate(&body).await;
    let receipt = answer["receipt"].as_str().expect("a receipt");
    let verdict = customer.validate(&json!({ "id_token": receipt, "otp_code": "123456" })).await;
    assert_eq!(verdict, invalid("The provided token is invalid."));
    for path in ["authenticate", "authenticate/otp"] {
        let url = format!("{}/v1/{path}?id_token={receipt}", gateway.url);
        assert_eq!(client().get(url).send().await.expect("an answer").status(), 400, "{path}");
    }
    for path in ["validate", "get_config"] {
        let request = client().post(format!("{}/v1/{path}", gateway.url)).bearer_auth(receipt).json(&body);
        assert_eq!(request.send().await.expect("an answer").status(), 401, "{path}");
    }
    let env = gateway.world.env();
    let keys = PublicKeys::parse(&env["TOKEN_PUBLIC_KEYS"]).expect("keys");
    let verifier = Verifier::new(keys, &env["PUBLIC_URL"]);
    for credential in [&started.id_token, &customer.token] {
        assert!(verifier.receipt(credential, u64::MAX / 2).is_err());
    }
}
