//! A receipt, checked by whoever was shown it.

use std::{collections::BTreeMap, fs};

use gateway_tests::{
    Gateway,
    steps::{Customer, client, device, newest_code},
};
use serde_json::{Value, json};
use sna_tokens::SigningKey;

use crate::bed::{local, text, told};

const NUMBER: &str = "+447700900620";

/// The answer to a code that is right.
async fn answer(gateway: &Gateway) -> Value {
    let customer = Customer::sign_in(gateway).await;
    let started = customer.start(&device(gateway, NUMBER), &[("correlation_id", "order-1")]).await;
    started.send_otp().await;
    let code = newest_code(gateway, &started.device);
    customer.validate(&json!({ "id_token": started.id_token, "otp_code": code, "receipt": true })).await.1
}

async fn published(gateway: &Gateway) -> Value {
    let url = format!("{}/v1/.well-known/paseto-keys", gateway.url);
    client().get(url).send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_copy_of_the_keys_a_receipt_is_checked_after_the_gateway_is_gone() {
    let (gateway, files) = (Gateway::start().await, tempfile::tempdir().expect("a temporary folder"));
    let (answer, keys) = (answer(&gateway).await, files.path().join("keys.json"));
    fs::write(&keys, published(&gateway).await.to_string()).expect("a file");
    let keys = keys.display().to_string();
    drop(gateway);
    let (receipt, salt) = (text(&answer, "receipt"), text(&answer, "receipt_salt"));
    let verify = async |receipt: &str, more: &[&str]| {
        let words = [&["receipt", "verify", receipt, "--keys", &keys], more].concat();
        // Nothing of AWS is known here.
        told(words, BTreeMap::new(), 0).await
    };
    let (good, said) = verify(receipt, &[]).await.expect("a receipt");
    assert!(good && said["of_the_number"].is_null(), "{said}");
    let (_, said) = verify(receipt, &["--number", NUMBER, "--salt", salt]).await.expect("a receipt");
    let expected = [("verdict", "MATCH"), ("service", "otp"), ("correlation_id", "order-1"), ("customer", "demo-shop")];
    assert_eq!(expected.map(|(name, _)| (name, text(&said, name))), expected);
    assert_eq!(said["of_the_number"], true);
    assert!(!said.to_string().contains("7700900620"));

    let flipped = format!("{}{}", &receipt[..40], receipt[40..].replacen(|c| c != 'A', "A", 1));
    let other_salt = "0b".repeat(32);
    for (receipt, more, why) in [
        (receipt, vec!["--number", "+447700900621", "--salt", salt], "not of this number"),
        (receipt, vec!["--number", NUMBER, "--salt", &other_salt], "not of this number"),
        (receipt, vec!["--number", NUMBER, "--salt", "0b"], "64 hex digits"),
        (receipt, vec!["--number", "nobody", "--salt", salt], "--number"),
        (receipt, vec!["--number", NUMBER], "--salt"),
        (&flipped, vec![], "signature"),
        ("v4.public.x", vec![], "no v4.public token"),
    ] {
        let error = verify(receipt, &more).await.expect_err(why);
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_checked_by_the_deployments_own_keys_and_no_others() {
    let (gateway, files) = (Gateway::start().await, tempfile::tempdir().expect("a temporary folder"));
    let answer = answer(&gateway).await;
    let receipt = text(&answer, "receipt");
    let (_, said) = local(&gateway, &["receipt", "verify", receipt]).await.expect("a receipt");
    assert_eq!(text(&said, "verdict"), "MATCH");
    let url = format!("{}/v1/.well-known/paseto-keys", gateway.url);
    let words = vec!["receipt", "verify", receipt, "--keys", &url];
    assert_eq!(told(words, BTreeMap::new(), 0).await.expect("a receipt").1, said);
    // It is signed with one of these keys too.
    let token = Customer::sign_in(&gateway).await.token;
    let other = local(&gateway, &["receipt", "verify", &token]).await;
    assert!(other.as_ref().is_err_and(|error| error.contains("another token than a receipt")), "{other:?}");

    let path = files.path().join("keys.json");
    let keys = path.display().to_string();
    let mut later = published(&gateway).await;
    let key = SigningKey::generate().expect("a key");
    later["keys"] = json!([{ "kid": key.id(), "paserk": key.public_paserk().expect("its public key") }]);
    let mut foreign = published(&gateway).await;
    foreign["issuer"] = json!("https://other.example");
    for (document, why) in
        [(later, "retired"), (foreign, "another issuer"), (json!([]), "not an answer of paseto-keys")]
    {
        fs::write(&path, document.to_string()).expect("a file");
        let told = told(vec!["receipt", "verify", receipt, "--keys", &keys], BTreeMap::new(), 0).await;
        assert!(told.as_ref().is_err_and(|error| error.contains(why)), "{why}: {told:?}");
    }
    let absent = told(vec!["receipt", "verify", receipt, "--keys", "absent.json"], BTreeMap::new(), 0).await;
    assert!(absent.is_err_and(|error| error.contains("absent.json")));
}
