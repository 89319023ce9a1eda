//! `POST /v1/get_config`, for numbers that no operator is asked about.

use serde_json::json;

use crate::{
    answer::{Answer, field, invalid, refused, unauthorized},
    target::{Target, fresh, text},
};

const PATH: &str = "/v1/get_config";

async fn ask(target: &Target, access: &str, body: &str) -> Answer {
    target.post(PATH).bearer(access).form(body.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_access_token_nothing_is_told() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let body = format!("msisdn={}&client_ip=148.252.128.20", target.msisdn.replace('+', "%2B"));
    let id_token = text(&target.begin(&access, "").await["id_token"]).to_owned();
    let flipped = if access.ends_with('A') { "B" } else { "A" };
    for credentials in [
        None,
        Some("Bearer".into()),
        Some("Bearer ".into()),
        Some("Bearer x".into()),
        Some(format!("Basic {access}")),
        Some(access.clone()),
        Some(format!("Bearer {access} {access}")),
        Some(format!("Bearer {id_token}")),
        Some(format!("Bearer {}", access.replacen("v4.public.", "v2.public.", 1))),
        Some(format!("Bearer {}", access.replacen("v4.public.", "v4.local.", 1))),
        Some(format!("Bearer {}{flipped}", &access[..access.len() - 1])),
        Some(format!("Bearer {}", access.rsplit_once('.').expect("a footer").0)),
    ] {
        let call = target.post(PATH);
        let call = match &credentials {
            Some(credentials) => call.header("authorization", credentials),
            None => call,
        };
        assert_eq!(call.form(body.clone()).await, unauthorized("Bearer"), "{credentials:?}");
    }
    assert_eq!(target.post(PATH).header("authorization", &format!("bearer {access}")).form(body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_and_json_say_the_same_and_a_plus_may_be_eaten() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let digits = target.msisdn.trim_start_matches('+');
    for number in [format!("%2B{digits}"), format!("+{digits}"), format!("%20{digits}"), digits.to_owned()] {
        for media_type in [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=UTF-8",
            "Application/X-WWW-Form-URLencoded",
        ] {
            let body = format!("msisdn={number}&client_ip=2a00%3A23c0%3A%3A1&redirect_uri=&correlation_id=&more=x");
            let answer = target.post(PATH).bearer(&access).body(media_type, body).await;
            assert_eq!(answer.status, 200, "{number} {media_type} {}", answer.body);
        }
    }
    for media_type in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=utf8"] {
        let body = json!({
            "msisdn": target.msisdn, "client_ip": "2a00:23c0::1", "redirect_uri": null, "correlation_id": "", "more": null,
        });
        let answer = target.post(PATH).bearer(&access).body(media_type, body.to_string()).await;
        assert_eq!(answer.status, 200, "{media_type} {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_malformed_is_told_by_the_table() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let number = target.msisdn.replace('+', "%2B");
    let ip = "client_ip=148.252.128.20";
    for body in [
        String::new(),
        ip.to_owned(),
        format!("msisdn=&{ip}"),
        format!("msisdn={number}"),
        format!("msisdn={number}&client_ip="),
        format!("msisdn={number}&client_ip=300.1.1.1"),
        format!("msisdn={number}&client_ip=148.252.128.20/32"),
        format!("msisdn={number}&client_ip=localhost"),
        format!("msisdn={number}&client_ip=10.0.0.1"),
        format!("msisdn={number}&client_ip=192.168.1.1"),
        format!("msisdn={number}&client_ip=100.64.0.1"),
        format!("msisdn={number}&client_ip=169.254.169.254"),
        format!("msisdn={number}&client_ip=::1"),
        format!("msisdn={number}&client_ip=::ffff:10.0.0.1"),
        format!("msisdn={number}&client_ip=fd00::1"),
        format!("msisdn={number}&msisdn={number}&{ip}"),
        format!("msisdn={number}&{ip}&{ip}"),
        format!("msisdn={number}&{ip}&more=a&more=b"),
        format!("msisdn={number}&{ip}&correlation_id={}", "x".repeat(129)),
        format!("msisdn={number}&{ip}&correlation_id=a+b"),
        format!("msisdn={number}&{ip}&correlation_id=%C3%A9"),
        format!("msisdn={number}&{ip}&correlation_id=a%00"),
    ] {
        assert_eq!(ask(&target, &access, &body).await, field(), "{body}");
    }
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"msisdn\"",
        r#"{"msisdn":447700900999,"client_ip":"1.2.3.4"}"#,
        r#"{"msisdn":["447700900999"],"client_ip":"1.2.3.4"}"#,
        r#"{"msisdn":"447700900999","client_ip":null}"#,
        r#"{"msisdn":"447700900999","client_ip":""}"#,
        r#"{"msisdn":"447700900999","msisdn":"447700900999","client_ip":"1.2.3.4"}"#,
        r#"{"msisdn":"447700900999","client_ip":"1.2.3.4"} x"#,
    ] {
        let answer = target.post(PATH).bearer(&access).body("application/json", body).await;
        assert_eq!(answer, field(), "{body}");
    }
    if target.is_local_run {
        return;
    }
    let invalid_utf8: &[u8] = b"{\"msisdn\":\"\xff\",\"client_ip\":\"1.2.3.4\"}";
    assert_eq!(target.post(PATH).bearer(&access).body("application/json", invalid_utf8).await, field());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_or_no_mobile_is_refused() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    for number in [
        "%2B442079460000",
        "%2B449098790000",
        "%2B447012345678",
        "%2B33142685300",
        "%2B18005550123",
        "%2B80012345678",
        "%2B44770090062",
        "00447700900620",
        "%2B4477009006200",
        "%2B44+7700900620",
        "%2B%2B447700900620",
        "%2B447700900%EF%BC%9620",
        "%2B447700900620%00",
        "%E2%80%AE447700900620",
        "abc",
        "%2B999123456789",
    ] {
        let answer = ask(&target, &access, &format!("msisdn={number}&client_ip=148.252.128.20")).await;
        assert_eq!(answer, invalid("The provided request is invalid"), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_must_be_the_customers_own_byte_for_byte() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let own = target.customer.redirect_uri.clone();
    let redirect = refused(400, "invalid_redirect_uri", "The redirect_uri provided is invalid.");
    let host = own.split('/').nth(2).expect("a host");
    for uri in [
        format!("{own}/"),
        format!("{own}?x"),
        format!("{own}#x"),
        format!("{own}%2f"),
        format!("{own}/../x"),
        own.to_uppercase(),
        own.replacen("://", "://user@", 1),
        own.replacen(host, &format!("{host}.evil.test"), 1),
        own.replacen(host, &format!("evil.test#{host}"), 1),
        own.replacen(host, &format!("evil.test\\@{host}"), 1),
        format!(" {own}"),
        format!("{own}\r\nx: y"),
        "https://evil.test/".into(),
        "//evil.test".into(),
        "javascript:alert(1)".into(),
        "/".into(),
    ] {
        let body = json!({ "msisdn": target.msisdn, "client_ip": "148.252.128.20", "redirect_uri": uri });
        assert_eq!(target.post(PATH).bearer(&access).json(&body).await, redirect, "{uri}");
    }
    let body = json!({ "msisdn": target.msisdn, "client_ip": "148.252.128.20", "redirect_uri": own });
    assert_eq!(target.post(PATH).bearer(&access).json(&body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_without_a_network_is_refused_where_the_scope_leaves_no_code_to_fall_back_on() {
    let target = Target::open().await;
    let body = format!("msisdn={}&client_ip=148.252.128.20", target.msisdn.replace('+', "%2B"));
    let silent = target.sign_in("authenticate").await;
    assert_eq!(ask(&target, &silent, &body).await, invalid("Network provided is invalid"));
    let both = target.sign_in("authenticate+otp").await;
    let config = ask(&target, &both, &body).await.good();
    let why = json!({ "error": "invalid_request", "error_description": "Network provided is invalid" });
    assert_eq!(config["authorize"], why);
    let otp = target.sign_in("otp").await;
    let config = ask(&target, &otp, &body).await.good();
    assert!(config.get("authorize").is_none() && config["otp_authorization_uri"].is_string(), "{config}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_id_is_good_for_one_session_and_an_idempotency_key_for_one_body() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let (id, key) = (fresh("sign-in"), fresh("key"));
    let body = |ip: &str| format!("msisdn={}&client_ip={ip}&correlation_id={id}", target.msisdn.replace('+', "%2B"));
    let keyed = |key: &str, body: String| target.post(PATH).bearer(&access).header("idempotency-key", key).form(body);
    let first = keyed(&key, body("148.252.128.20")).await;
    assert_eq!(first.good()["correlation_id"], id);
    assert_eq!(keyed(&key, body("148.252.128.20")).await, first);
    let reused = refused(422, "invalid_request", "The Idempotency-Key has already been used with another request.");
    assert_eq!(keyed(&key, body("148.252.128.21")).await, reused);
    let used = invalid("The correlation_id has already been used.");
    assert_eq!(ask(&target, &access, &body("148.252.128.20")).await, used);
    for malformed in ["", "a b", &"k".repeat(256)] {
        assert_eq!(keyed(malformed, body("148.252.128.20")).await, field(), "{malformed}");
    }
}
