//! Receipts of validate: what they say, to whom, and that they open nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gateway_tests::{Gateway, steps::claims};
use keys::Keys;
use serde_json::{Value, json};
use sna_config::Env;
use sna_otp::Pepper;
use sna_tokens::{AccessToken, IdToken, InvalidToken, Issuer, PublicKeys, Receipt, Scope, SigningKey, Verifier};
use validate::Validate;

use crate::{
    limits::keyed,
    steps::{Answer, Customer, another, client, device, invalid, newest_code},
};

const VODAFONE: &str = "+447700900620";
/// Vodafone's too; the device holds another number.
const NOT_ITS_OWN: &str = "+447700900621";

/// Unix milliseconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis() as u64
}

/// Whoever has these public keys of the gateway.
fn holder(gateway: &Gateway, keys: &str) -> Verifier {
    let env = gateway.world.env();
    Verifier::new(PublicKeys::parse(&env[keys]).expect("keys"), &env["PUBLIC_URL"])
}

/// What a receipt says to whoever has the public keys, and when.
fn read(gateway: &Gateway, answer: &Value) -> (Receipt, u64) {
    let token = answer["receipt"].as_str().unwrap_or_else(|| panic!("no receipt in {answer}"));
    holder(gateway, "STATEMENT_PUBLIC_KEYS").receipt(token, u64::MAX / 2).expect("a receipt")
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
    let before = now() / 1000 * 1000;
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
    assert!((before..=now()).contains(&at), "{at}");
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
    for credential in [&started.id_token, &customer.token] {
        let refused = holder(&gateway, "TOKEN_PUBLIC_KEYS").receipt(credential, u64::MAX / 2);
        assert_eq!(refused, Err(InvalidToken::Signature));
    }
}

/// What each kind of token is worth that this key has signed: the statuses of get_config, authenticate, otp,
/// validate, and validate with an access token that is good; and whether it is a receipt.
async fn worth(gateway: &Gateway, key: &str) -> ([u16; 5], bool) {
    let key = SigningKey::parse(&gateway.world.env()[key]).expect("a key");
    let (issuer, now) = (Issuer::new(key, &gateway.url), now());
    let customer = Customer::sign_in(gateway).await;
    let started = customer.start(&device(gateway, VODAFONE), &[]).await;
    let id_token: IdToken = serde_json::from_value(claims(&started.id_token)).expect("claims");
    let access = AccessToken { user_id: id_token.user_id.clone(), scope: Scope::Both, native: false };
    let access = issuer.access(&access, now, 300).expect("a token");
    let id = issuer.id(&id_token, now, 300).expect("a token");
    let at = |path: &str| format!("{}/v1/{path}", gateway.url);
    let config = [("msisdn", VODAFONE), ("client_ip", "148.252.128.20")];
    let guess = json!({ "id_token": id, "otp_code": "123456" });
    let mut statuses = Vec::new();
    for request in [
        client().post(at("get_config")).bearer_auth(&access).form(&config),
        client().get(at("authenticate")).query(&[("id_token", &id)]),
        client().get(at("authenticate/otp")).query(&[("id_token", &id)]),
        client().post(at("validate")).bearer_auth(&access).json(&guess),
        client().post(at("validate")).bearer_auth(&customer.token).json(&guess),
    ] {
        statuses.push(request.send().await.expect("an answer").status().as_u16());
        gateway.advance(Duration::from_secs(5));
    }
    let receipt = Receipt {
        jti: id_token.jti,
        user_id: id_token.user_id,
        correlation_id: None,
        msisdn_hash: "0b".repeat(32),
        service: "otp".into(),
        verdict: "MATCH".into(),
        network: None,
    };
    let receipt = issuer.receipt(&receipt, now).expect("a receipt");
    let is_receipt = holder(gateway, "STATEMENT_PUBLIC_KEYS").receipt(&receipt, now).is_ok();
    (statuses.try_into().expect("five"), is_receipt)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_statements_opens_nothing_and_that_of_tokens_states_nothing() {
    let gateway = Gateway::start().await;
    assert_eq!(worth(&gateway, "TOKEN_KEY").await, ([200, 302, 200, 200, 200], false));
    assert_eq!(worth(&gateway, "STATEMENT_KEY").await, ([401, 400, 400, 401, 400], true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_both_of_tokens_and_of_statements_is_a_bad_configuration() {
    let gateway = Gateway::start().await;
    let own = gateway.world.env().clone();
    let both = format!("{},{}", own["TOKEN_PUBLIC_KEYS"], own["STATEMENT_PUBLIC_KEYS"]);
    let key = SigningKey::parse(&own["STATEMENT_KEY"]).expect("a key").id().to_owned();
    let problems = |tokens: &str| {
        let read =
            |name: &str| if name == "TOKEN_PUBLIC_KEYS" { Some(tokens.to_owned()) } else { own.get(name).cloned() };
        let (mut published, mut signs) = (Env::from_fn(read), Env::from_fn(read));
        let (keys, validate) = (Keys::from_env(&mut published), Validate::from_env(&mut signs));
        let problems = [published.finish(keys).err(), signs.finish(validate).err()];
        problems.map(|problems| problems.map(|problems| problems.to_string()))
    };
    assert_eq!(problems(&own["TOKEN_PUBLIC_KEYS"]), [None, None]);
    let [published, signs] = problems(&both).map(Option::unwrap_or_default);
    assert_eq!(published, format!("STATEMENT_PUBLIC_KEYS has {key}, which is in TOKEN_PUBLIC_KEYS too"));
    assert!(signs.starts_with("STATEMENT_KEY is a key of TOKEN_PUBLIC_KEYS"), "{signs}");
}
