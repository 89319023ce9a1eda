//! `GET` and `POST /v1/authenticate`: who is sent nowhere.

use serde_json::json;

use crate::{
    answer::{field, scope, token},
    target::{Target, text},
};

const PATH: &str = "/v1/authenticate";

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_is_missing_malformed_or_of_another_kind_leads_nowhere() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let config = target.begin(&access, "").await;
    let id_token = text(&config["id_token"]);
    for (query, expected) in [
        (String::new(), field()),
        ("?".into(), field()),
        ("?id_token".into(), field()),
        ("?id_token=".into(), field()),
        ("?ID_TOKEN=x".into(), field()),
        (format!("?id_token={id_token}&id_token={id_token}"), field()),
        ("?id_token=x".into(), token()),
        ("?id_token=%00".into(), token()),
        (format!("?id_token={access}"), token()),
        (format!("?id_token={id_token}x"), token()),
        (format!("?id_token=+{id_token}"), token()),
        // No operator serves the number of this one.
        (format!("?id_token={id_token}"), token()),
    ] {
        assert_eq!(target.get(&format!("{PATH}{query}")).send().await, expected, "GET {query}");
        assert_eq!(target.post(&format!("{PATH}{query}")).form("").await, expected, "POST {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_may_bring_the_id_token_in_a_form_or_json() {
    let target = Target::open().await;
    let access = target.sign_in("otp").await;
    let config = target.begin(&access, "").await;
    let id_token = text(&config["id_token"]);
    for (body, expected) in [
        (json!({ "id_token": id_token }), scope()),
        (json!({ "id_token": "x" }), token()),
        (json!({ "id_token": "" }), field()),
        (json!({ "id_token": null }), field()),
        (json!({ "id_token": 7 }), field()),
        (json!([]), field()),
    ] {
        assert_eq!(target.post(PATH).json(&body).await, expected, "{body}");
    }
    for (body, expected) in [
        (format!("id_token={id_token}"), scope()),
        ("id_token=x".into(), token()),
        ("id_token=".into(), field()),
        (format!("id_token={id_token}&id_token={id_token}"), field()),
    ] {
        assert_eq!(target.post(PATH).form(body.clone()).await, expected, "{body}");
    }
    assert_eq!(target.get(&format!("{PATH}?id_token={id_token}")).send().await, scope());
}
