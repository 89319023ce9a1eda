//! What the deployed variations are strict about: signed request objects, joined scopes, hints, hashes, discovery, and the
//! longer ways of a handset.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::bed::{Bed, answer, device, location, param};
use crate::handset::Handset;
use crate::operators::now;

const BOOK: &str = "openid dpv:FraudPreventionAndDetection number-verification:verify";
const CALLBACKS: &str = "http://127.0.0.1:9/v1/callback";

/// An authorize request of this operator, which lies at this path.
fn request(bed: &Bed, id: &str, path: &str, params: &[(&str, &str)]) -> Url {
    let back = format!("{CALLBACKS}/{id}");
    let common = [("client_id", "gateway"), ("response_type", "code"), ("redirect_uri", back.as_str())];
    let params = common.iter().chain(params);
    Url::parse_with_params(&format!("{}/{id}{path}", bed.public), params).unwrap()
}

/// Telekom's, all of it in the object; the claims are changed, null takes one away.
fn object(bed: &Bed, jti: &str, changes: &Value) -> String {
    let seconds = now() / 1000;
    let mut claims = json!({
        "iss": "gateway", "aud": format!("{}/telekom_de/authorize", bed.public), "iat": seconds, "exp": seconds + 300,
        "jti": jti, "client_id": "gateway", "response_type": "code", "redirect_uri": format!("{CALLBACKS}/telekom_de"),
        "scope": BOOK, "state": "S1", "nonce": "N1", "prompt": "none",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    bed.signed(&claims, "oauth-authz-req+jwt")
}

fn telekom(bed: &Bed, object: &str, more: &[(&str, &str)]) -> Url {
    let params: Vec<_> = [("scope", BOOK), ("request", object)].into_iter().chain(more.iter().copied()).collect();
    request(bed, "telekom_de", "/authorize", &params)
}

async fn error(bed: &Bed, url: Url) -> String {
    let back = location(&bed.http.get(url).send().await.unwrap());
    param(&back, "error").unwrap_or_default()
}

#[tokio::test]
async fn a_signed_request_leads_on_once() {
    let bed = Bed::start().await;
    let object = object(&bed, "J1", &json!({}));
    let hop = location(&bed.http.get(telekom(&bed, &object, &[])).send().await.unwrap());
    assert!(hop.as_str().starts_with(&bed.hop), "{hop}");
    assert_eq!(error(&bed, telekom(&bed, &object, &[])).await, "invalid_request_object");
}

#[tokio::test]
async fn a_faulty_request_object_is_refused() {
    let bed = Bed::start().await;
    let seconds = now() / 1000;
    for (at, changes) in [
        json!({ "iss": "someone" }),
        json!({ "sub": "gateway" }),
        json!({ "aud": format!("{}/telekom_de/token", bed.public) }),
        json!({ "exp": seconds + 301 }),
        json!({ "iat": seconds + 60, "exp": seconds + 120 }),
        json!({ "iat": seconds - 400, "exp": seconds - 100 }),
        json!({ "jti": "" }),
        json!({ "jti": null }),
        json!({ "scope": "openid" }),
        json!({ "redirect_uri": "https://evil.example" }),
        json!({ "redirect_uri": null }),
    ]
    .iter()
    .enumerate()
    {
        let faulty = object(&bed, &format!("J{at}"), changes);
        assert_eq!(error(&bed, telekom(&bed, &faulty, &[])).await, "invalid_request_object", "{changes}");
    }
    let other_typ = bed.signed(&json!({ "iss": "gateway" }), "JWT");
    assert_eq!(error(&bed, telekom(&bed, &other_typ, &[])).await, "invalid_request_object");
    // What stands beside the object does not count.
    let without = object(&bed, "J-without", &json!({ "nonce": null }));
    assert_eq!(error(&bed, telekom(&bed, &without, &[("nonce", "N1")])).await, "invalid_request");
    let unsigned = request(&bed, "telekom_de", "/authorize", &[("scope", BOOK), ("state", "S1"), ("nonce", "N1")]);
    assert_eq!(error(&bed, unsigned).await, "invalid_request");
}

#[tokio::test]
async fn a_joined_scope_is_one_word_and_a_hint_says_the_number() {
    let bed = Bed::start().await;
    let joined = "dpv:FraudPreventionAndDetection#number-verification-verify-read";
    let split = "dpv:FraudPreventionAndDetection number-verification-verify-read";
    for (scope, hint, expected) in [
        (joined, Some("tel:+34600000020"), ""),
        (split, Some("tel:+34600000020"), "invalid_scope"),
        (BOOK, Some("tel:+34600000020"), "invalid_scope"),
        (joined, None, "invalid_request"),
        (joined, Some("+34600000020"), "invalid_request"),
        (joined, Some("tel:600000020"), "invalid_request"),
    ] {
        let mut params = vec![("scope", scope), ("state", "S1"), ("nonce", "N1"), ("prompt", "none")];
        params.extend(hint.map(|hint| ("login_hint", hint)));
        let url = request(&bed, "movistar_es", "/apigateway/authorize", &params);
        assert_eq!(error(&bed, url).await, expected, "{scope} {hint:?}");
    }
}

/// The whole way of a legacy operator's device: how many hops it took, and the access token.
async fn legacy(bed: &Bed, id: &str, path: &str, scope: &str, scenario: u8) -> (usize, String) {
    let params = [("scope", scope), ("state", "S1"), ("nonce", "N1"), ("prompt", "none")];
    let url = request(bed, id, &format!("{path}/authorize"), &params);
    let back = format!("{CALLBACKS}/{id}");
    let handset = Handset::at(device(id, scenario).source_ip).unwrap();
    let hops = handset.open(url.as_str(), Some(&back)).await;
    let callback = Url::parse(hops.last().unwrap().location.as_ref().unwrap()).unwrap();
    let code = param(&callback, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &back)];
    let token = bed.http.post(format!("{}/{id}{path}/token", bed.public)).basic_auth("gateway", Some(&bed.secret));
    let (status, tokens) = answer(token.form(&form)).await;
    assert_eq!((status, tokens.get("id_token")), (200, None), "{tokens}");
    (hops.len(), tokens["access_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn orange_sends_the_handset_round_and_refuses_another_number_in_words() {
    let bed = Bed::start().await;
    let scope = "dpv:FraudPreventionAndDetection#number-verification:verify";
    let verify = format!("{}/orange_fr/number-verification/v2/verify", bed.public);
    for (number, expected) in [("+33639980320", 200), ("+33639980321", 403)] {
        let (hops, token) = legacy(&bed, "orange_fr", "/openidconnect/v1", scope, 20).await;
        assert_eq!(hops, 6, "authorize, hop, and back with 307, 301 and 303 between");
        let request = bed.http.post(&verify).bearer_auth(token).json(&json!({ "phoneNumber": number }));
        let (status, found) = answer(request).await;
        assert_eq!(status, expected, "{found}");
        let refused = found["message"] == "The MSISDN does not match the user tied to the access token";
        assert_eq!(refused, status == 403);
    }
}

#[tokio::test]
async fn o2_in_germany_takes_a_hash_and_no_number() {
    let bed = Bed::start().await;
    let scope = "dpv:FraudPreventionAndDetection#number-verification-verify-read";
    let verify = format!("{}/o2_de/apigateway/number-verification/v1/verify", bed.public);
    let number = "+4917604069020";
    for (body, expected) in [
        (json!({ "hashedPhoneNumber": hex::encode(Sha256::digest(number)) }), 200),
        (json!({ "phoneNumber": number }), 400),
    ] {
        let (_, token) = legacy(&bed, "o2_de", "/apigateway", scope, 20).await;
        assert_eq!(answer(bed.http.post(&verify).bearer_auth(token).json(&body)).await.0, expected, "{body}");
    }
}

#[tokio::test]
async fn a_failure_may_be_a_page_and_the_handset_stays_there() {
    let bed = Bed::start().await;
    let scope = "dpv:FraudPreventionAndDetection#number-verification-verify-read";
    let params = [("scope", scope), ("state", "S1"), ("nonce", "N1"), ("prompt", "none")];
    let url = request(&bed, "o2_de", "/apigateway/authorize", &params);
    let hops = Handset::at(device("o2_de", 30).source_ip).unwrap().open(url.as_str(), None).await;
    assert_eq!(hops.len(), 1);
    let page = &hops[0];
    assert!(page.status == 503 && page.location.is_none() && page.body.contains("<h1>"), "{page:?}");
}

#[tokio::test]
async fn discovery_tells_the_endpoints_of_its_own_network_to_the_client_it_knows() {
    let bed = Bed::start().await;
    let back = format!("{CALLBACKS}/ee");
    let ask = |secret: &str, mnc: &str, mobile: &str, back: &str| {
        let query =
            [("Redirect_URL", back), ("Selected-MCC", "234"), ("Selected-MNC", mnc), ("Using-Mobile-Data", mobile)];
        let url = Url::parse_with_params(&format!("{}/ee/v2/discovery/", bed.public), query).unwrap();
        bed.http.get(url).basic_auth("gateway", Some(secret.to_owned()))
    };
    let source = ("x-source-ip", "192.0.2.7");
    let (status, found) = answer(ask(&bed.secret, "30", "1", &back).header(source.0, source.1)).await;
    assert_eq!(status, 200);
    let links = found["response"]["apis"]["operatorid"]["link"].as_array().unwrap();
    let token = links.iter().find(|link| link["rel"] == "token").unwrap();
    assert_eq!(token["href"], format!("{}/ee/token", bed.public));
    let (status, found) = answer(ask(&bed.secret, "31", "1", &back).header(source.0, source.1)).await;
    assert_eq!((status, &found["links"][0]["rel"]), (200, &json!("operatorSelection")));

    assert_eq!(answer(ask("wrong", "30", "1", &back).header(source.0, source.1)).await.0, 401);
    assert_eq!(answer(ask(&bed.secret, "30", "0", &back).header(source.0, source.1)).await.0, 400);
    assert_eq!(answer(ask(&bed.secret, "30", "1", "https://evil.example").header(source.0, source.1)).await.0, 400);
    assert_eq!(answer(ask(&bed.secret, "30", "1", &back)).await.0, 400);
}

#[tokio::test]
async fn ee_wants_to_be_asked_for_hotspots() {
    let bed = Bed::start().await;
    let params = [
        ("scope", "openid mc_vm_match_hash"),
        ("version", "mc_di_r2_v2.3"),
        ("acr_values", "2"),
        ("state", "S1"),
        ("nonce", "N1"),
    ];
    assert_eq!(error(&bed, request(&bed, "ee", "/authorize", &params)).await, "invalid_request");
    let asked: Vec<_> = params.into_iter().chain([("prompt", "no_seam")]).collect();
    assert_eq!(error(&bed, request(&bed, "ee", "/authorize", &asked)).await, "");
}
