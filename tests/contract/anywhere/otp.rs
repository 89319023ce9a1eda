//! `GET /v1/authenticate/otp`: what is refused before a code is sent.

use crate::{
    answer::{field, invalid},
    target::{Target, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_is_missing_malformed_or_of_another_kind_sends_nothing() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin(&access, "").await;
    let id_token = text(&config["id_token"]);
    // Its own text, without the full stop.
    let token = invalid("The provided token is invalid");
    for (query, expected) in [
        (String::new(), field()),
        ("?id_token=".into(), field()),
        (format!("?id_token={id_token}&id_token={id_token}"), field()),
        ("?id_token=x".into(), token.clone()),
        (format!("?id_token={access}"), token.clone()),
        (format!("?id_token={id_token}x"), token),
    ] {
        assert_eq!(target.get(&format!("/v1/authenticate/otp{query}")).send().await, expected, "{query}");
    }
}
