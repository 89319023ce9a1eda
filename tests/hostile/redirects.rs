//! redirect_uri: what is not on the customer's list, byte for byte, never becomes a `Location`.

use gateway_tests::{
    Gateway,
    steps::{Customer, device, error, register},
};

/// The customer's own.
const OWN: &str = "https://bank.example/back?app=1";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_very_text_of_the_list_is_accepted() {
    let gateway = Gateway::start().await;
    let secret = register(&gateway, "bank", |record| record.redirect_uris = vec![OWN.into()]).await;
    let customer = Customer::sign_in_as(&gateway, "bank", &secret, "authenticate otp").await;
    let refused = error(400, "invalid_redirect_uri", "The redirect_uri provided is invalid.");
    let phone = device(&gateway, "+447700900620");
    let client_ip = phone.client_ip.to_string();
    for uri in [
        "https://evil.example/back?app=1",
        "https://bank.example.evil.example/back?app=1",
        "https://bank.exampleevil.example/back?app=1",
        "https://evilbank.example/back?app=1",
        "https://www.bank.example/back?app=1",
        "https://bank.example@evil.example/back?app=1",
        "https://bank.example:443@evil.example/back?app=1",
        "https://user@bank.example/back?app=1",
        "https://bank.example:443/back?app=1",
        "https://bank.example:8443/back?app=1",
        "https://bank.example./back?app=1",
        "https://BANK.example/back?app=1",
        "HTTPS://bank.example/back?app=1",
        "http://bank.example/back?app=1",
        "//bank.example/back?app=1",
        "//evil.example",
        "/back?app=1",
        "back",
        "https:/bank.example/back?app=1",
        "https:bank.example/back?app=1",
        "https:\\\\bank.example/back?app=1",
        "https://bank.example\\@evil.example/back?app=1",
        "https://bank.example/back",
        "https://bank.example/back?app=2",
        "https://bank.example/back?app=1&next=https://evil.example",
        "https://bank.example/back?app=1#",
        "https://bank.example/back?app=1#https://evil.example",
        "https://bank.example/back/?app=1",
        "https://bank.example/Back?app=1",
        "https://bank.example/back/../back?app=1",
        "https://bank.example/./back?app=1",
        "https://bank.example/%62ack?app=1",
        "https://bank.example%2f@evil.example/back?app=1",
        "https://bank.example/back%3fapp=1",
        "https://bank.example/back?app=1%00",
        "https://bank.example/back?app=1\u{0}",
        "https://bank.example/back?app=1\r\nset-cookie: a=b",
        "https://bank.example/back?app=1 ",
        " https://bank.example/back?app=1",
        "https://b\u{430}nk.example/back?app=1",
        "https://xn--bnk-7cd.example/back?app=1",
        "https://127.0.0.1/back?app=1",
        "https://[::1]/back?app=1",
        "https://2130706433/back?app=1",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
    ] {
        let form = [("msisdn", phone.msisdn.as_str()), ("client_ip", &client_ip), ("redirect_uri", uri)];
        assert_eq!(customer.get_config(&form).await, refused, "{uri:?}");
    }
    let started = customer.start(&phone, &[("redirect_uri", OWN)]).await;
    let back = started.open(Some("https://bank.example/back")).await;
    let location = back.location.expect("a location");
    assert!(location.starts_with(&format!("{OWN}&code=")), "{location}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_id_cannot_break_out_of_the_location() {
    let gateway = Gateway::start().await;
    let redirect_uri = gateway.world.gateway().customer.redirect_uri.clone();
    let customer = Customer::sign_in(&gateway).await;
    for id in ["a&code=forged", "a#b", "https://evil.example", "%0d%0aset-cookie:a=b", "a?b=c+d", "\"><script>"] {
        let more = [("correlation_id", id), ("redirect_uri", redirect_uri.as_str())];
        let started = customer.start(&device(&gateway, "+447700900620"), &more).await;
        let back = gateway_tests::steps::returned(&started.open(Some(&redirect_uri)).await);
        assert_eq!((back.len(), back["correlation_id"].as_str()), (2, id));
        assert_ne!(back["code"], "forged");
    }
}
