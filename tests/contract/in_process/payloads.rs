//! Rows that an operator brings whose answer the customer hands over, and one that reads a header.

use gateway_tests::rogue::{NUMBER, Rogue};
use serde_json::json;

use crate::{
    answer::{field, invalid, json as expected_json, refused, token},
    target::{Target, path_of, text},
};

const PATH: &str = "/v1/validate";

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_judged_by_its_operator() {
    let rogue = Rogue::direct().await;
    let target = Target::of(rogue.gateway);
    let access = target.sign_in("authenticate+otp").await;
    let validate = |body| target.post(PATH).bearer(&access).json(&body);
    for (worth, expected) in [
        ("good", r#"{"authenticated":"true","service":"authenticate"}"#),
        ("bad", r#"{"authenticated":"false","fallback_advised":"true","reason":"MISMATCH","service":"authenticate"}"#),
    ] {
        let config = target.begin_for(&access, NUMBER, "").await;
        let authorize = &config["authorize"];
        assert_eq!((text(&authorize["ajax"]), text(&authorize["request_type"])), ("true", "POST"));
        let trace = &authorize["request_config"]["parameters"]["trace"];
        let payload = invalid("The required field `payload` is missing or is invalid.");
        let id_token = &config["id_token"];
        assert_eq!(validate(json!({ "id_token": id_token, "payload": { "trace": trace } })).await, payload);
        let proof = json!({ "id_token": id_token, "payload": { "trace": trace, "token": worth } });
        assert_eq!(validate(proof.clone()).await, expected_json(200, expected));
        assert_eq!(validate(proof).await, token());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_read_what_is_for_it() {
    let rogue = Rogue::by_payload().await;
    let target = Target::of(rogue.gateway);
    let access = target.sign_in("authenticate").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let link = path_of(&target, &config["authorize"]["authorization_uri"]);
    let trace = text(&config["authorize"]["request_config"]["parameters"]["trace"]);
    let open = |answer: crate::answer::Answer| answer.with("access-control-allow-origin", "*");
    let expected = open(expected_json(200, format!(r#"{{"trace":"{trace}"}}"#)));
    assert_eq!(target.get(link).send().await, expected);
    assert_eq!(target.get(link).send().await, open(token()));
    // A page asks without headers of its own, so that a browser asks nothing before.
    let method = refused(405, "invalid_request", "This method is not allowed here.").with("allow", "GET, POST");
    assert_eq!(target.call("OPTIONS", link).send().await, method);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handset_that_goes_over_plain_http_takes_a_cookie_along() {
    let rogue = Rogue::by_header().await;
    let target = Target::of(rogue.gateway);
    let access = target.sign_in("authenticate").await;
    let config = target.begin_for(&access, NUMBER, "").await;
    let sent = target.get(path_of(&target, &config["authorize"]["authorization_uri"])).send().await;
    let state = sent.location().rsplit_once('=').expect("a state").1;
    let enrich = format!("/v1/enrich/rogue?state={state}");
    assert_eq!(sent.location(), format!("{}{enrich}", target.gateway().enrich_url));
    let cookie = &sent.headers["set-cookie"];
    let secret = cookie.strip_prefix("sna=").and_then(|rest| rest.split_once(';')).expect("a cookie").0;
    let seconds = cookie.split("Max-Age=").nth(1).and_then(|rest| rest.split(';').next()).expect("seconds");
    assert!((1..=600).contains(&seconds.parse().expect("a number")), "{cookie}");
    assert_eq!(*cookie, format!("sna={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"));
    // Where TLS ends there is nothing.
    assert_eq!(target.get(&enrich).send().await, refused(404, "invalid_request", "There is nothing at this path."));
    let plain = target.plain();
    for (link, expected) in [
        ("/v1/enrich/rogue", field()),
        ("/v1/enrich/rogue?state=", field()),
        ("/v1/enrich/rogue?state=a&state=b", field()),
        ("/v1/enrich/rogue?state=nonsense", token()),
        (&enrich.replace("rogue", "vodafone"), token()),
    ] {
        assert_eq!(plain.get(link).send().await, expected, "{link}");
    }
    let method = refused(405, "invalid_request", "This method is not allowed here.").with("allow", "GET");
    assert_eq!(plain.post(&enrich).form("").await, method);
    let back = plain.get(&enrich).send().await;
    let ticket = back.location().rsplit_once('=').expect("a ticket").1;
    assert_eq!(back.location(), format!("{}/v1/callback/rogue?state={state}&ticket={ticket}", target.url));
    let mut expected = expected_json(302, "").with("location", back.location());
    expected.headers.remove("content-type");
    assert_eq!(back, expected);
    assert_eq!(plain.get(&enrich).send().await, token());
    let (_, way_back) = back.location().split_once(&target.url).expect("a way back");
    let denied = refused(400, "access_denied", "The phone number could not be authenticated.");
    assert_eq!(target.get(way_back).header("cookie", &format!("sna={secret}")).send().await, denied);
}
