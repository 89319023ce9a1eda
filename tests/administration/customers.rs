//! Customers that were written by `sna`, at the real endpoints.

use std::time::Duration;

use gateway_tests::{
    Gateway,
    faults::{Fault, Faults, Proxy},
    steps::{Customer, answer, client, device, newest_code},
};
use serde_json::{Value, json};

use crate::bed::{local, local_at, text};

const NUMBER: &str = "+447700900620";

/// What is taken from a customer is out after it.
const A_MINUTE: Duration = Duration::from_millis(sna_customers::MAX_AGE_MS);

fn add<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let usual = ["customers", "add", "--name", "Bank", "--scope", "authenticate,otp", "--country", "GB"];
    [&usual, more].concat()
}

async fn token(gateway: &Gateway, id: &str, secret: &str) -> u16 {
    let form = [("grant_type", "client_credentials"), ("scope", "otp")];
    let request = client().post(format!("{}/v1/oauth/token", gateway.url)).basic_auth(id, Some(secret)).form(&form);
    answer(request.send().await.expect("an answer")).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_customer_signs_in_and_authenticates_by_sms_as_it_was_set_up() {
    let gateway = Gateway::start().await;
    let template = "{code} for {name}, {minutes} min";
    let more = [
        "--otp-template",
        template,
        "--otp-domain",
        "bank.example",
        "--wire-types",
        "native",
        "--webhook-url",
        "https://bank.example/hook",
    ];
    let (_, added) = local(&gateway, &add(&more)).await.expect("a customer");
    let (id, secret) = (text(&added, "id"), text(&added, "secret"));
    let customer = Customer::sign_in_as(&gateway, id, secret, "authenticate otp").await;
    let device = device(&gateway, NUMBER);
    let started = customer.start(&device, &[]).await;
    assert_eq!(started.json["expires_in"], 600, "native types");
    assert_eq!(started.send_otp().await.0, 200);
    let code = newest_code(&gateway, &device);
    let sms = gateway.world.inbox().messages(NUMBER)[0].text.clone();
    assert_eq!(sms, format!("{code} for Bank, 5 min\n\n@bank.example #{code}"));
    assert_eq!(customer.guess(&started, &code).await.1["authenticated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_and_the_old_one_are_good_until_the_old_ones_time_is_over() {
    let gateway = Gateway::start().await;
    let (_, added) = local(&gateway, &add(&["--id", "bank"])).await.expect("a customer");
    let old = text(&added, "secret");
    let (_, rotated) =
        local(&gateway, &["customers", "rotate-secret", "bank", "--hours", "2"]).await.expect("a secret");
    let new = text(&rotated, "secret");
    assert!(text(&rotated, "old_secret_until").ends_with('Z'));
    assert_eq!((token(&gateway, "bank", old).await, token(&gateway, "bank", new).await), (200, 200));
    let third = local(&gateway, &["customers", "rotate-secret", "bank"]).await.expect_err("two are the most");
    assert!(third.contains("--now"), "{third}");
    gateway.advance(Duration::from_secs(2 * 3600));
    assert_eq!((token(&gateway, "bank", old).await, token(&gateway, "bank", new).await), (401, 200));
    // What is over makes room by itself.
    let again = local_at(&gateway, &[], &["customers", "rotate-secret", "bank"], 2 * 3_600_000).await;
    let (_, again) = again.expect("a secret");
    assert_eq!(token(&gateway, "bank", text(&again, "secret")).await, 200);
    assert_eq!(token(&gateway, "bank", new).await, 200);
    let (_, last) = local(&gateway, &["customers", "rotate-secret", "bank", "--now"]).await.expect("a secret");
    gateway.advance(A_MINUTE);
    assert_eq!(token(&gateway, "bank", new).await, 401);
    assert_eq!(token(&gateway, "bank", text(&last, "secret")).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_customer_is_refused_everything_until_it_is_enabled() {
    let gateway = Gateway::start().await;
    let (_, added) = local(&gateway, &add(&["--id", "bank"])).await.expect("a customer");
    let secret = text(&added, "secret");
    let customer = Customer::sign_in_as(&gateway, "bank", secret, "otp").await;
    let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20")];
    local(&gateway, &["customers", "disable", "bank"]).await.expect("disabled");
    gateway.advance(A_MINUTE);
    assert_eq!(token(&gateway, "bank", secret).await, 401);
    assert_eq!(customer.get_config(&form).await.0, 400, "its tokens are not usable either");
    local(&gateway, &["customers", "enable", "bank"]).await.expect("enabled");
    // At once.
    assert_eq!(token(&gateway, "bank", secret).await, 200);
    assert_eq!(customer.get_config(&form).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_functions_would_refuse_later_is_refused_now_all_at_once_and_nothing_is_written() {
    let gateway = Gateway::start().await;
    for (wrong, named) in [
        (vec!["--otp-template", "your code"], vec!["{code} exactly once"]),
        (vec!["--otp-template", "{code} {nmae}"], vec!["brace"]),
        (vec!["--otp-domain", "https://bank.example"], vec!["not a host name"]),
        (vec!["--webhook-url", "http://bank.example/hook"], vec!["webhook_url", "http"]),
        (vec!["--redirect-uri", "http://bank.example/"], vec!["redirect_uris", "http"]),
        (vec!["--country", "UK"], vec!["\"UK\""]),
        (vec!["--test-number", "+44770090062=123456"], vec!["no mobile number"]),
        (vec!["--test-number", "+447700900620=12345678"], vec!["6 digits"]),
        (
            vec!["--redirect-uri", "/x", "--country", "gb", "--otp-domain", "."],
            vec!["redirect_uris", "\"gb\"", "host name"],
        ),
    ] {
        let error = local(&gateway, &add(&[&["--id", "bank"], &wrong[..]].concat())).await.expect_err("refused");
        assert!(named.iter().all(|part| error.contains(part)), "{wrong:?}: {error}");
    }
    let long = "x".repeat(155) + "{code}";
    let error = local(&gateway, &add(&["--id", "bank", "--otp-template", &long])).await.expect_err("refused");
    assert!(error.contains("one message holds 160"), "{error}");
    let error = local(&gateway, &["customers", "show", "bank"]).await.expect_err("nobody");
    assert_eq!(error, "there is no customer bank");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_given_once_and_a_wrong_change_leaves_the_record_as_it_was() {
    let gateway = Gateway::start().await;
    let (_, added) = local(&gateway, &add(&["--id", "bank"])).await.expect("a customer");
    let again = local(&gateway, &add(&["--id", "bank"])).await.expect_err("taken");
    assert_eq!(again, "there is a customer bank already");
    assert_eq!(token(&gateway, "bank", text(&added, "secret")).await, 200);
    let show = async || local(&gateway, &["customers", "show", "bank"]).await.expect("a record").1;
    let before = show().await;
    local(&gateway, &["customers", "set", "bank", "--redirect-uri", "ftp://x"]).await.expect_err("refused");
    assert_eq!(show().await, before);
    let set = ["customers", "set", "bank", "--redirect-uri", "https://bank.example/a", "--sends-a-day", "3"];
    local(&gateway, &set).await.expect("changed");
    local(&gateway, &["customers", "set", "bank", "--country", "GB,IE"]).await.expect("changed");
    let after = show().await;
    assert_eq!(after["redirect_uris"], json!(["https://bank.example/a"]));
    assert_eq!((&after["limits"], &after["countries"]), (&json!({ "sends_a_day": 3 }), &json!(["GB", "IE"])));
    local(&gateway, &["customers", "set", "bank", "--clear", "limits,redirect-uris"]).await.expect("changed");
    assert_eq!(show().await["limits"], json!({}));
    assert_eq!(show().await["redirect_uris"], json!([]));
    // It would look as if they were good for longer now.
    let days = local(&gateway, &["customers", "set", "bank", "--test-days", "90"]).await.expect_err("of no number");
    assert!(days.contains("--test-number"), "{days}");
    for unknown in [["customers", "set", "nobody"], ["customers", "disable", "nobody"]] {
        assert_eq!(local(&gateway, &unknown).await.expect_err("nobody"), "there is no customer nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_records_show_no_hash_no_pepper_and_no_code() {
    let gateway = Gateway::start().await;
    let more = ["--id", "bank", "--test-number", "+447700900999=987654"];
    let (_, added) = local(&gateway, &add(&more)).await.expect("a customer");
    let (_, list) = local(&gateway, &["customers", "list"]).await.expect("customers");
    let (_, shown) = local(&gateway, &["customers", "show", "bank"]).await.expect("a record");
    let ids: Vec<&Value> = list.as_array().expect("rows").iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, ["bank", "demo-shop"]);
    let printed = format!("{list}{shown}");
    let pepper = &gateway.world.env()["CUSTOMER_PEPPER"];
    for secret in [text(&added, "secret"), pepper, "987654", "7700900999", "secret_hashes"] {
        assert!(!printed.contains(secret), "{secret}");
    }
    assert_eq!(shown["test_numbers"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_pepper_no_secret_is_made() {
    let gateway = Gateway::start().await;
    let error = local_at(&gateway, &[("CUSTOMER_PEPPER", "")], &add(&["--id", "bank"]), 0).await.expect_err("refused");
    assert!(error.contains("CUSTOMER_PEPPER is not set"), "{error}");
    local(&gateway, &["customers", "show", "bank"]).await.expect_err("nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_said_to_be_possible_with_what_to_do() {
    let (gateway, faults) = (Gateway::start().await, Faults::default());
    let proxy = Proxy::start(&gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"], &faults).await;
    faults.always("UpdateItem", Fault::LoseAnswer);
    let through = [("AWS_ENDPOINT_URL_DYNAMODB", proxy.url.as_str())];
    for (words, what_to_do) in [
        (add(&["--id", "bank"]), "`sna customers rotate-secret bank --now`"),
        (vec!["customers", "rotate-secret", "bank", "--hours", "2"], "with --now"),
        (vec!["customers", "disable", "bank"], "run this again"),
        (vec!["customers", "set", "bank", "--name", "Bank 2"], "run this again"),
    ] {
        let error = local_at(&gateway, &through, &words, 0).await.expect_err("no answer");
        let parts = ["it may have been written all the same", "`sna customers show bank`", what_to_do];
        assert!(parts.iter().all(|part| error.contains(part)), "{words:?}: {error}");
    }
    let (_, bank) = local(&gateway, &["customers", "show", "bank"]).await.expect("it was written");
    assert_eq!((text(&bank, "name"), &bank["enabled"]), ("Bank 2", &json!(false)));
    // What to do, done.
    let (_, rotated) = local(&gateway, &["customers", "rotate-secret", "bank", "--now"]).await.expect("a secret");
    local(&gateway, &["customers", "enable", "bank"]).await.expect("enabled");
    assert_eq!(token(&gateway, "bank", text(&rotated, "secret")).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_run_without_its_engine_does_not_go_to_aws() {
    let gateway = Gateway::start().await;
    let nowhere = [("AWS_ENDPOINT_URL_DYNAMODB", "")];
    let error = local_at(&gateway, &nowhere, &["customers", "list"], 0).await.expect_err("no engine");
    assert!(error.contains("AWS_ENDPOINT_URL_DYNAMODB is not set"), "{error}");
    // One address for everything is an address too.
    let url = gateway.world.env()["AWS_ENDPOINT_URL_DYNAMODB"].clone();
    let everywhere = [nowhere[0], ("AWS_ENDPOINT_URL", url.as_str())];
    local_at(&gateway, &everywhere, &["customers", "list"], 0).await.expect("customers");
}
