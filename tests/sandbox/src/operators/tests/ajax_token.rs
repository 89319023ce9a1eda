//! `getMobile` and `tokenValidate`, asked as a page and a backend would ask them, and each wrong way that they refuse.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::super::ledger::random;
use super::bed::{Bed, client, device};

const CHINA_MOBILE: &str = "china_mobile";

fn timestamp(ahead: Duration) -> String {
    let at = OffsetDateTime::now_utc() + Duration::hours(8) + ahead;
    let (date, (hour, minute, second)) = (at.date(), at.to_hms());
    let (year, month, day) = date.to_calendar_date();
    format!("{year}{:02}{day:02}{hour:02}{minute:02}{second:02}000", u8::from(month))
}

fn mac(bed: &Bed, texts: &[&str]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, bed.secret.as_bytes());
    hex::encode(hmac::sign(&key, texts.concat().as_bytes()))
}

/// A good request of a page, signed after these members were changed.
fn fetch(bed: &Bed, changes: &Value) -> Value {
    let id = random().unwrap();
    let mut asked = json!({
        "appId": "300011580392", "businessType": "3", "expandParams": "", "msgId": id,
        "timestamp": timestamp(Duration::ZERO), "traceId": id, "version": "1.0",
    });
    for (name, value) in changes.as_object().unwrap() {
        asked[name] = value.clone();
    }
    let texts: Vec<&str> = asked.as_object().unwrap().values().filter_map(Value::as_str).collect();
    let sign = mac(bed, &texts);
    asked["sign"] = json!(sign);
    asked
}

async fn get_mobile(bed: &Bed, source: IpAddr, asked: &Value) -> Value {
    let url = format!("{}/china_mobile/h5/getMobile", bed.public);
    client(source).post(url).json(asked).send().await.unwrap().json().await.unwrap()
}

async fn token(bed: &Bed, scenario: u8) -> String {
    let got = get_mobile(bed, device(CHINA_MOBILE, scenario).source_ip, &fetch(bed, &json!({}))).await;
    assert_eq!(got["body"]["resultCode"], "103000");
    got["body"]["token"].as_str().unwrap().to_owned()
}

/// A good question, signed after these members of header and body were changed.
fn question(bed: &Bed, token: &str, number: &str, header: &Value, body: &Value) -> Value {
    let at = timestamp(Duration::ZERO);
    let hash = hex::encode_upper(Sha256::digest(format!("{number}{}{at}", bed.secret)));
    let mut asked = json!({
        "header": { "version": "1.0", "msgId": random().unwrap(), "timestamp": at, "appId": "300011580392" },
        "body": { "openType": "1", "requesterType": "1", "phoneNum": hash, "token": token },
    });
    for (part, changes) in [("header", header), ("body", body)] {
        for (name, value) in changes.as_object().unwrap() {
            asked[part][name] = value.clone();
        }
    }
    let text = |pointer: &str| asked.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let texts =
        ["/header/appId", "/header/msgId", "/body/phoneNum", "/header/timestamp", "/body/token", "/header/version"]
            .map(text);
    asked["body"]["sign"] = json!(mac(bed, &texts.each_ref().map(String::as_str)).to_uppercase());
    asked
}

async fn token_validate(bed: &Bed, asked: &Value) -> Value {
    let url = format!("{}/china_mobile/openapi/rs/tokenValidate", bed.public);
    let answer: Value = bed.http.post(url).json(asked).send().await.unwrap().json().await.unwrap();
    assert!(answer["header"]["msgId"] == asked["header"]["msgId"] || answer["header"]["msgId"] == "");
    answer["header"]["resultCode"].clone()
}

#[tokio::test]
async fn a_token_is_good_for_one_question_about_its_own_phone() {
    let bed = Bed::start().await;
    for (number, code) in [("13900000020", "000"), ("13900000021", "001"), ("+8613900000020", "001")] {
        let token = token(&bed, 20).await;
        assert_eq!(token_validate(&bed, &question(&bed, &token, number, &json!({}), &json!({}))).await, code);
        let again = question(&bed, &token, number, &json!({}), &json!({}));
        assert_eq!(token_validate(&bed, &again).await, "606");
    }
    assert_eq!(token_validate(&bed, &question(&bed, "H5HTTPS0", "13900000020", &json!({}), &json!({}))).await, "606");
}

#[tokio::test]
async fn a_page_s_request_is_refused_for_every_fault() {
    let bed = Bed::start().await;
    let source = device(CHINA_MOBILE, 20).source_ip;
    for (changes, code) in [
        (json!({ "appId": "300011580393" }), "103119"),
        (json!({ "version": "2.0" }), "103414"),
        (json!({ "businessType": "8" }), "103414"),
        (json!({ "expandParams": "x" }), "103414"),
        (json!({ "msgId": "" }), "103414"),
        (json!({ "msgId": "not an id" }), "103414"),
        (json!({ "timestamp": "20270115160000" }), "103414"),
        (json!({ "timestamp": timestamp(Duration::hours(-8)) }), "103414"),
        (json!({ "timestamp": timestamp(Duration::minutes(6)) }), "103414"),
        (json!({ "more": "x" }), "103414"),
        (json!({ "version": 1 }), "103414"),
    ] {
        let got = get_mobile(&bed, source, &fetch(&bed, &changes)).await;
        assert_eq!((&got["body"]["resultCode"], &got["body"]["token"]), (&json!(code), &json!("")), "{changes}");
    }
    let good = fetch(&bed, &json!({}));
    let mut forged = good.clone();
    forged["sign"] = json!("0".repeat(64));
    assert_eq!(get_mobile(&bed, source, &forged).await["body"]["resultCode"], "103101");
    assert_eq!(get_mobile(&bed, source, &good).await["body"]["resultCode"], "103000");
    assert_eq!(get_mobile(&bed, source, &good).await["body"]["resultCode"], "103412", "a msgId is used once");
}

#[tokio::test]
async fn only_the_network_s_own_phones_get_a_token() {
    let bed = Bed::start().await;
    for source in [device(CHINA_MOBILE, 22), device(CHINA_MOBILE, 23), device(CHINA_MOBILE, 46), device("o2", 20)] {
        let got = get_mobile(&bed, source.source_ip, &fetch(&bed, &json!({}))).await;
        assert_eq!(got["body"]["resultCode"], "103111");
    }
}

#[tokio::test]
async fn a_question_is_refused_for_every_fault() {
    let bed = Bed::start().await;
    for (header, body, code) in [
        (json!({ "appId": "300011580393" }), json!({}), "102"),
        (json!({ "version": "2.0" }), json!({}), "102"),
        (json!({ "timestamp": timestamp(Duration::minutes(-6)) }), json!({}), "102"),
        (json!({}), json!({ "openType": "2" }), "102"),
        (json!({}), json!({ "requesterType": "0" }), "102"),
        (json!({}), json!({ "phoneNum": "13900000020" }), "004"),
        (json!({}), json!({ "phoneNum": "a".repeat(64) }), "004"),
        (json!({}), json!({ "more": "x" }), "303"),
    ] {
        let token = token(&bed, 20).await;
        let asked = question(&bed, &token, "13900000020", &header, &body);
        assert_eq!(token_validate(&bed, &asked).await, code, "{header} {body}");
    }
    let token = token(&bed, 20).await;
    let good = question(&bed, &token, "13900000020", &json!({}), &json!({}));
    let mut forged = good.clone();
    forged["body"]["sign"] = json!("0".repeat(64));
    assert_eq!(token_validate(&bed, &forged).await, "302");
    assert_eq!(token_validate(&bed, &good).await, "000");
    assert_eq!(token_validate(&bed, &good).await, "102", "a msgId is used once");
}
