//! The events of Lambda: whichever gateway is in front, and however it writes bodies and header names, the answers
//! are the same.

use gateway_tests::{Event, Gateway, staged_adapters};
use serde_json::json;

use crate::{
    answer::{Answer, field, refused, unauthorized},
    target::{Target, text},
};

/// One request of each kind of body and credential, with its answer; tokens differ from gateway to gateway.
async fn answers(target: &Target) -> Vec<Answer> {
    let access = target.sign_in("authenticate%2Botp").await;
    let config = |media_type: &'static str, body: &str| {
        target.post("/v1/get_config").bearer(&access).body(media_type, body.to_owned())
    };
    let (form, json_type) = ("application/x-www-form-urlencoded", "application/json; charset=utf-8");
    let begun = target.begin(&access, "&correlation_id=a%2Bb%26c").await;
    assert_eq!(begun["correlation_id"], "a+b&c");
    let id_token = text(&begun["id_token"]);
    let proof = json!({ "id_token": id_token, "otp_code": "123456", "correlation_id": "a+b&c" });
    let answers = vec![
        config(form, "msisdn=+447700900999").await,
        config(form, "msisdn=%2B447700900999&msisdn=x&client_ip=1.2.3.4").await,
        config(json_type, "{\"msisdn\":\"\u{e9}\",\"client_ip\":\"1.2.3.4\"}").await,
        config("text/plain", "x").await,
        config(form, "").await,
        target.post("/v1/get_config").form("x").await,
        target.post("/v1/oauth/token").basic("a%2Bb", "c+d").form("x").await,
        target.get(&format!("/v1/authenticate?id_token={id_token}&id_token=x")).send().await,
        target.get("/v1/authenticate?id_token=%2B+%20").send().await,
        target.get("/v1/callback/x?state=%").send().await,
        target.post("/v1/validate").bearer(&access).json(&proof).await,
        target.get("/v1/validate").send().await,
        target.get("/v1/nothing").send().await,
    ];
    assert_eq!(answers[0], field());
    assert_eq!(answers[1], field());
    assert_eq!(answers[5], unauthorized("Bearer"));
    assert_eq!(answers[6], unauthorized("Basic"));
    assert_eq!(answers[7], field());
    assert!(answers[10].body.contains("NOT_ATTEMPTED"), "{}", answers[10].body);
    assert_eq!(answers[12], refused(404, "invalid_request", "There is nothing at this path."));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn every_gateway_in_front_gives_the_same_answers() {
    let mut first: Option<Vec<Answer>> = None;
    for event in Event::ALL {
        let target = Target::of(Gateway::with(event, &staged_adapters(), &[]).await);
        let answers = answers(&target).await;
        match &first {
            Some(first) => assert_eq!(&answers, first, "{event:?}"),
            None => first = Some(answers),
        }
    }
}
