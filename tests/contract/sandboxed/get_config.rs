//! `POST /v1/get_config` for a number that an operator serves.

use serde_json::json;

use crate::{
    answer::{json as expected_json, unauthorized},
    target::{Target, fresh, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_as_published() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let id = fresh("sign-in");
    let form = format!("msisdn=%2B447700900620&client_ip=148.252.128.20&correlation_id={id}");
    let answer = target.post("/v1/get_config").bearer(&access).form(form).await;
    let (url, config) = (&target.url, answer.good());
    let id_token = text(&config["id_token"]);
    let expected = json!({
        "authorize": {
            "ajax": "false",
            "authorization_uri": format!("{url}/v1/authenticate?id_token={id_token}"),
            "request_config": { "headers": {}, "parameters": {} },
            "request_type": "GET",
        },
        "correlation_id": id,
        "expires_in": "600",
        "id_token": id_token,
        "otp_authorization_uri": format!("{url}/v1/authenticate/otp?id_token={id_token}"),
    });
    assert_eq!(config, expected);
    assert_eq!(answer, expected_json(200, answer.body.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_not_the_customers_is_refused() {
    let target = Target::open().await;
    let access = target.sign_in("authenticate+otp").await;
    let form = "msisdn=%2B351912345678&client_ip=148.252.128.20";
    assert_eq!(target.post("/v1/get_config").bearer(&access).form(form).await, unauthorized("Bearer"));
}
