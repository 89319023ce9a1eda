//! Aggregators' checks: who may make one, that it is opened once, and what it takes to learn its result.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;

use super::bed::{Bed, answer, client, device, param};
use crate::handset::Handset;
use crate::operators::{ledger::random, now};

const STATE: &str = "0123456789abcdef";

fn back(id: &str) -> String {
    format!("http://127.0.0.1:9/v1/callback/{id}?state={STATE}")
}

/// The handset's last hop: where it is sent, and what it is told.
async fn open(id: &str, scenario: u8, url: &str) -> (Option<Url>, Value) {
    let home = format!("http://127.0.0.1:9/v1/callback/{id}");
    let hops = Handset::at(device(id, scenario).source_ip).unwrap().open(url, Some(&home)).await;
    let last = hops.last().unwrap();
    (last.location.as_deref().and_then(|location| Url::parse(location).ok()), last.json())
}

/// With one member changed; null takes it away.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    body
}

struct Tru<'b>(&'b Bed, String);

impl Tru<'_> {
    async fn start(bed: &Bed) -> Tru<'_> {
        let (status, token) = answer(Tru::token(bed, &bed.secret, "phone_check")).await;
        assert_eq!(status, 200, "{token}");
        Tru(bed, token["access_token"].as_str().unwrap().to_owned())
    }

    fn token(bed: &Bed, secret: &str, scope: &str) -> RequestBuilder {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        bed.http.post(format!("{}/three/oauth2/v1/token", bed.public)).basic_auth("gateway", Some(secret)).form(&form)
    }

    fn body(scenario: u8) -> Value {
        let device = device("three", scenario);
        json!({ "phone_number": device.msisdn, "phone_ip": device.client_ip, "redirect_url": back("three") })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.0
            .http
            .request(method, format!("{}/three/phone_check/v0.2/checks{path}", self.0.public))
            .bearer_auth(&self.1)
    }

    async fn created(&self, scenario: u8) -> (String, String) {
        let (status, check) = answer(self.request(Method::POST, "").json(&Tru::body(scenario))).await;
        assert_eq!((status, &check["status"]), (201, &json!("ACCEPTED")), "{check}");
        let url = check["_links"]["check_url"]["href"].as_str().unwrap();
        (check["check_id"].as_str().unwrap().to_owned(), url.to_owned())
    }

    fn patch(&self, id: &str, patch: &Value) -> RequestBuilder {
        let request = self.request(Method::PATCH, &format!("/{id}")).body(patch.to_string());
        request.header("content-type", "application/json-patch+json")
    }
}

fn add(code: &str) -> Value {
    json!([{ "op": "add", "path": "/code", "value": code }])
}

#[tokio::test]
async fn tru_makes_a_check_for_a_client_a_number_and_an_address_of_its_network() {
    let bed = Bed::start().await;
    assert_eq!(answer(Tru::token(&bed, "wrong", "phone_check")).await.0, 401);
    assert_eq!(answer(Tru::token(&bed, &bed.secret, "everything")).await.1["error"], "invalid_scope");
    let tru = Tru::start(&bed).await;
    let good = Tru::body(20);
    for (body, status, code) in [
        (with(good.clone(), "phone_number", json!("447700900520")), 400, "bad_request"),
        (with(good.clone(), "phone_number", json!("+447700900620")), 400, "mno_not_supported"),
        (with(good.clone(), "redirect_url", json!("http://127.0.0.1:9/")), 400, "bad_request"),
        (with(good.clone(), "redirect_url", json!(back("o2"))), 400, "bad_request"),
        (with(good.clone(), "redirect_url", json!(format!("{}&x=1", back("three")))), 400, "bad_request"),
        (with(good.clone(), "redirect_url", Value::Null), 400, "bad_request"),
        (with(good.clone(), "phone_ip", Value::Null), 412, "not_mobile_ip"),
        (with(good.clone(), "phone_ip", json!("81.2.69.1")), 412, "not_mobile_ip"),
        (with(good.clone(), "phone_ip", json!("148.252.128.20")), 409, "ip_msisdn_mismatch"),
        (Tru::body(22), 412, "not_mobile_ip"),
        (Tru::body(23), 412, "not_mobile_ip"),
        (Tru::body(27), 400, "mno_not_supported"),
    ] {
        let (got, problem) = answer(tru.request(Method::POST, "").json(&body)).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
    }
    let other = Tru(&bed, "guess".into());
    assert_eq!(answer(other.request(Method::POST, "").json(&good)).await.0, 401);
}

#[tokio::test]
async fn a_check_is_opened_once_and_resolved_once_with_its_own_code() {
    let bed = Bed::start().await;
    let tru = Tru::start(&bed).await;
    let (id, url) = tru.created(20).await;
    let (status, pending) = answer(tru.patch(&id, &add("early"))).await;
    assert_eq!((status, &pending["status"]), (200, &json!("PENDING")));
    let (home, _) = open("three", 20, &url).await;
    let home = home.unwrap();
    assert_eq!(param(&home, "state").as_deref(), Some(STATE));
    assert_eq!(param(&home, "check_id").as_ref(), Some(&id));
    let again = client(device("three", 20).source_ip).get(&url).send().await.unwrap();
    assert_eq!(again.status(), 400);

    let code = param(&home, "code").unwrap();
    let wrong_type = tru.request(Method::PATCH, &format!("/{id}")).json(&add(&code));
    assert_eq!(answer(wrong_type).await.0, 415);
    for patch in [add("guess"), json!([]), json!([{ "op": "replace", "path": "/code", "value": code }]), json!({})] {
        assert_eq!(answer(tru.patch(&id, &patch)).await.0, 400, "{patch}");
    }
    assert_eq!(answer(tru.patch("unknown", &add(&code))).await.0, 404);
    assert_eq!(answer(Tru(&bed, "guess".into()).patch(&id, &add(&code))).await.0, 401);
    let (status, done) = answer(tru.patch(&id, &add(&code))).await;
    assert_eq!((status, done), (200, json!({ "check_id": id, "status": "COMPLETED", "match": true })));
    assert_eq!(answer(tru.patch(&id, &add(&code))).await.0, 409);
    assert_eq!(answer(tru.request(Method::GET, &format!("/{id}"))).await.1["status"], "COMPLETED");
}

#[tokio::test]
async fn the_code_of_another_check_proves_nothing() {
    let bed = Bed::start().await;
    let tru = Tru::start(&bed).await;
    let (own, other) = (tru.created(20).await, tru.created(33).await);
    let code = param(&open("three", 33, &other.1).await.0.unwrap(), "code").unwrap();
    open("three", 20, &own.1).await;
    assert_eq!(answer(tru.patch(&own.0, &add(&code))).await.0, 400);
}

#[tokio::test]
async fn who_opens_a_check_decides_its_result() {
    let bed = Bed::start().await;
    let tru = Tru::start(&bed).await;
    for (opener, matched) in [(20, true), (21, false), (33, false)] {
        let (id, url) = tru.created(20).await;
        let code = param(&open("three", opener, &url).await.0.unwrap(), "code").unwrap();
        assert_eq!(answer(tru.patch(&id, &add(&code))).await.1["match"], matched, "{opener}");
    }
    for (network, opener, error) in [("three", 46, "not_mobile_ip"), ("vodafone", 20, "ip_msisdn_mismatch")] {
        let (id, url) = tru.created(20).await;
        let hops = Handset::at(device(network, opener).source_ip).unwrap();
        let hops = hops.open(&url, Some("http://127.0.0.1:9/v1/callback/three")).await;
        let home = Url::parse(hops.last().unwrap().location.as_deref().unwrap()).unwrap();
        assert_eq!(param(&home, "error").as_deref(), Some(error));
        let (_, failed) = answer(tru.patch(&id, &add("guess"))).await;
        assert_eq!((&failed["status"], &failed["error_code"]), (&json!("ERROR"), &json!(error)));
    }
}

fn vonage(bed: &Bed, path: &str, claims: &Value, body: &Value) -> RequestBuilder {
    let seconds = now() / 1000;
    let mut all = json!({
        "application_id": "gateway", "iat": seconds, "exp": seconds + 60, "jti": random().unwrap(),
    });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    bed.http.post(format!("{}/verizon_us/v2/verify{path}", bed.public)).bearer_auth(bed.signed(&all, "JWT")).json(body)
}

fn workflow(to: &str) -> Value {
    json!({ "brand": "Demo Shop", "workflow": [{ "channel": "silent_auth", "to": to }] })
}

#[tokio::test]
async fn vonage_takes_each_jwt_once_and_gives_the_handset_json() {
    let bed = Bed::start().await;
    let good = workflow("12125550120");
    let seconds = now() / 1000;
    for claims in [
        json!({ "application_id": "someone" }),
        json!({ "exp": seconds - 1 }),
        json!({ "exp": seconds + 301 }),
        json!({ "jti": "" }),
    ] {
        assert_eq!(answer(vonage(&bed, "", &claims, &good)).await.0, 401, "{claims}");
    }
    let once = json!({ "jti": "once" });
    let (status, created) = answer(vonage(&bed, "", &once, &good)).await;
    assert_eq!(status, 202, "{created}");
    assert_eq!(answer(vonage(&bed, "", &once, &good)).await.0, 401);
    for (body, status) in [
        (workflow("+12125550120"), 422),
        (with(good.clone(), "brand", json!("x".repeat(17))), 422),
        (json!({ "brand": "Demo Shop", "workflow": [{ "channel": "sms", "to": "12125550120" }] }), 422),
        (workflow("447700900620"), 412),
        (workflow("12125550127"), 412),
    ] {
        assert_eq!(answer(vonage(&bed, "", &json!({}), &body)).await.0, status, "{body}");
    }

    let id = created["request_id"].as_str().unwrap();
    let resolve = |code: &str| vonage(&bed, &format!("/{id}"), &json!({}), &json!({ "code": code }));
    assert_eq!(answer(resolve("early")).await.0, 409);
    let (home, told) = open("verizon_us", 20, created["check_url"].as_str().unwrap()).await;
    assert!(home.is_none() && told["request_id"] == *id, "{told}");
    assert_eq!(answer(resolve("guess")).await.0, 400);
    let code = told["code"].as_str().unwrap();
    assert_eq!(answer(resolve(code)).await, (200, json!({ "request_id": id, "status": "completed" })));
    assert_eq!(answer(resolve(code)).await.0, 404);
    assert_eq!(answer(vonage(&bed, "/unknown", &json!({}), &json!({ "code": code }))).await.0, 404);
}

fn boku(bed: &Bed, path: &str, key: &str, time: &str, body: &Value) -> RequestBuilder {
    let url = format!("{}/tmobile_us/cigateway/id/v1/{path}", bed.public);
    bed.http.post(url).header("authorization", key).header("requesttime", time).json(body)
}

fn evurl() -> Value {
    let device = device("tmobile_us", 20);
    json!({
        "merchantId": "gateway", "consentId": "terms-7", "consentTimeStamp": "2026-01-02T03:04:05Z",
        "consumerMdn": device.msisdn, "correlationId": random().unwrap(), "consumerDeviceIP": device.client_ip,
        "air": true, "redirectUrl": back("tmobile_us"), "useCase": "1",
    })
}

fn clock() -> String {
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};
    OffsetDateTime::from_unix_timestamp((now() / 1000).try_into().unwrap()).unwrap().format(&Rfc3339).unwrap()
}

#[tokio::test]
async fn boku_wants_its_key_a_clock_and_a_consent() {
    let bed = Bed::start().await;
    let (key, time) = (bed.api_key.clone(), clock());
    let create = |body: Value| answer(boku(&bed, "phoneIdUrl", &key, &time, &body));
    assert_eq!(answer(boku(&bed, "phoneIdUrl", "wrong", &time, &evurl())).await.0, 401);
    assert_eq!(answer(boku(&bed, "phoneIdUrl", &key, "2020-01-01T00:00:00Z", &evurl())).await.0, 401);
    assert_eq!(create(with(evurl(), "merchantId", json!("someone"))).await.0, 401);
    for (name, value) in [
        ("consentId", Value::Null),
        ("consentTimeStamp", json!("2999-01-01T00:00:00Z")),
        ("consentTimeStamp", json!("yesterday")),
        ("correlationId", Value::Null),
        ("redirectUrl", json!("http://127.0.0.1:9/")),
        ("air", json!(false)),
        ("useCase", json!("login")),
    ] {
        let (status, problem) = create(with(evurl(), name, value)).await;
        assert_eq!(status, 400, "{name}: {problem}");
    }
    for (number, code) in [("+447700900620", -30), ("12065550120", -40), ("+12065550127", -30)] {
        let (status, failed) = create(with(evurl(), "consumerMdn", json!(number))).await;
        assert_eq!((status, &failed["error"]["code"]), (200, &json!(code)));
    }
    let twice = evurl();
    assert_eq!(create(twice.clone()).await.0, 200);
    assert_eq!(create(twice).await.0, 400);
}

#[tokio::test]
async fn a_result_is_pending_until_the_handset_was_there_and_compares_the_number_asked() {
    let bed = Bed::start().await;
    let (key, time) = (bed.api_key.clone(), clock());
    let asked = evurl();
    let (_, created) = answer(boku(&bed, "phoneIdUrl", &key, &time, &asked)).await;
    let result = |association: &str, number: &str| {
        let body = json!({
            "merchantId": "gateway", "correlationId": "r1", "associationKey": association,
            "match": { "consumerMdn": number },
        });
        answer(boku(&bed, "phoneIdResult", &key, &time, &body))
    };
    let association = asked["correlationId"].as_str().unwrap();
    assert_eq!(result(association, "+12065550120").await.1["error"]["code"], 5016);
    assert_eq!(result("unknown", "+12065550120").await.1["error"]["code"], -20);
    let evurl = created["evurl"].as_str().unwrap();
    let home = open("tmobile_us", 20, evurl).await.0.unwrap();
    assert_eq!(param(&home, "ErrorCode").as_deref(), Some("0"));
    assert_eq!(param(&home, "code"), None);
    assert_eq!(client(device("tmobile_us", 20).source_ip).get(evurl).send().await.unwrap().status(), 400);
    for (number, matched) in [("+12065550120", true), ("+12065550121", false), ("", false)] {
        let (_, found) = result(association, number).await;
        assert_eq!(found["results"]["match"]["consumerMdn"], matched, "{number}");
        assert_eq!(found["correlationId"], "r1");
    }
}
