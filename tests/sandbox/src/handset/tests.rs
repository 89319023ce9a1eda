//! A handset against a small site with every kind of hop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{ConnectInfo, Path},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};

use serde_json::{Value, json};

use super::Handset;
use crate::{
    hop::Hop,
    listen::{Bound, Servers},
};

async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.ip().to_string()
}

/// `/redirect/303/target`: goes to `/target` with that status and a relative location with a fragment.
async fn redirect(Path((status, target)): Path<(u16, String)>) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::LOCATION, format!("/{target}#fragment"))]).into_response()
}

async fn set_cookie() -> Response {
    let headers = [(header::SET_COOKIE, "tx=T1; Path=/; HttpOnly"), (header::LOCATION, "/cookie")];
    (StatusCode::FOUND, headers).into_response()
}

async fn show_cookie(headers: HeaderMap) -> String {
    headers.get(header::COOKIE).map_or_else(String::new, |cookie| cookie.to_str().unwrap().to_owned())
}

async fn consent() -> Html<&'static str> {
    Html(r#"<form action="/consent" data-sandbox-default="deny"><input type="hidden" name="tx" value="T1"></form>"#)
}

/// What came, in one line: method, query, types of header and body.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: String) -> String {
    let header = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    format!("{method} {} {} {} {body}", uri.query().unwrap_or("-"), header("content-type"), header("x-sdk"))
}

async fn site() -> (String, Servers) {
    let router = Router::new()
        .route("/peer", get(peer))
        .route("/redirect/{status}/{target}", any(redirect))
        .route("/loop", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/loop")]) }))
        .route("/set", get(set_cookie))
        .route("/cookie", get(show_cookie))
        .route("/consent", get(consent))
        .route("/consent", post(|body: String| async { body }))
        .route("/form", get(|| async { Html(r#"<form action="/redirect/307/consent" data-sandbox-default="x">"#) }))
        .route("/away", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "https://shop.example/cb?code=1")]) }))
        .route("/echo", any(echo))
        .route("/credential", get(|| async { r#"{"digital_request":"{\"requests\":[]}"}"# }))
        .route("/app", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "com.example.app:/cb?code=1")]) }));
    let (mut servers, bound) = (Servers::new(), Bound::at(0).await.unwrap());
    let url = bound.url();
    servers.serve(bound, router);
    (url, servers)
}

async fn opened(handset: &Handset, url: &str, path: &str) -> Vec<Hop> {
    handset.open(&format!("{url}{path}"), Some("https://shop.example/cb")).await
}

fn handset() -> Handset {
    Handset::at(IpAddr::from([127, 0, 2, 20])).unwrap()
}

#[tokio::test]
async fn it_calls_from_the_address_of_its_sim() {
    let (url, _servers) = site().await;
    assert_eq!(opened(&handset(), &url, "/peer").await[0].body, "127.0.2.20");
}

#[tokio::test]
async fn every_kind_of_redirect_is_followed() {
    let (url, _servers) = site().await;
    for status in [301, 302, 303, 307] {
        let hops = opened(&handset(), &url, &format!("/redirect/{status}/peer")).await;
        let statuses: Vec<u16> = hops.iter().map(|hop| hop.status).collect();
        assert_eq!(statuses, [status, 200]);
        assert_eq!(hops[0].location, Some(format!("{url}/peer#fragment")));
    }
}

#[tokio::test]
async fn it_gives_up_after_ten_redirects() {
    let (url, _servers) = site().await;
    assert_eq!(opened(&handset(), &url, "/loop").await.len(), 11);
}

#[tokio::test]
async fn cookies_come_back_to_their_own_port_only() {
    let (url, _servers) = site().await;
    let (other, _others) = site().await;
    let handset = handset();
    assert_eq!(opened(&handset, &url, "/set").await[1].body, "tx=T1");
    assert_eq!(opened(&handset, &other, "/cookie").await[0].body, "");
}

#[tokio::test]
async fn a_consent_form_is_answered_with_its_default() {
    let (url, _servers) = site().await;
    let hops = opened(&handset(), &url, "/consent").await;
    assert_eq!((hops[1].method.as_str(), hops[1].body.as_str()), ("POST", "tx=T1&decision=deny"));
}

#[tokio::test]
async fn a_307_repeats_the_post_and_its_body() {
    let (url, _servers) = site().await;
    let hops = opened(&handset(), &url, "/form").await;
    assert_eq!((hops[2].method.as_str(), hops[2].body.as_str()), ("POST", "decision=x"));
}

#[tokio::test]
async fn it_stops_before_the_customers_page_and_before_an_app() {
    let (url, _servers) = site().await;
    for (path, end) in [("/away", "https://shop.example/cb?code=1"), ("/app", "com.example.app:/cb?code=1")] {
        let hops = opened(&handset(), &url, path).await;
        assert_eq!((hops.len(), hops[0].location.as_deref()), (1, Some(end)));
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_a_hop_without_an_answer() {
    let hops = opened(&handset(), "http://127.0.0.1:1", "/").await;
    assert_eq!((hops[0].status, hops[0].body.as_str()), (0, "cannot connect"));
}

#[tokio::test]
async fn what_authorize_says_is_sent_as_it_says() {
    let (url, _servers) = site().await;
    let told = |request_type: &str, headers: Value| {
        let parameters = json!({ "a": "1 &", "b": "2" });
        json!({
            "authorization_uri": format!("{url}/echo?c=3"), "request_type": request_type,
            "request_config": { "headers": headers, "parameters": parameters },
        })
    };
    let json_type = json!({ "Content-Type": "application/json", "x-sdk": "7" });
    for (authorize, echoed) in [
        (told("GET", json!({ "x-sdk": "7" })), "GET c=3&a=1+%26&b=2 - 7 "),
        (told("POST", json!({})), "POST c=3 application/x-www-form-urlencoded - a=1+%26&b=2"),
        (told("POST", json_type), r#"POST c=3 application/json 7 {"a":"1 &","b":"2"}"#),
        (json!({ "authorization_uri": format!("{url}/echo") }), "GET - - - "),
    ] {
        let hops = handset().perform(&authorize, None, None, |_| ()).await;
        assert_eq!(hops.iter().map(|hop| hop.body.as_str()).collect::<Vec<_>>(), [echoed]);
    }
    assert!(handset().perform(&json!({}), None, None, |_| ()).await.is_empty());
}

#[tokio::test]
async fn a_request_for_a_credential_is_the_wallet_s() {
    let (url, _servers) = site().await;
    let authorize = json!({ "authorization_uri": format!("{url}/credential") });
    let wallet = format!("{url}/echo");
    let hops = handset().perform(&authorize, Some(&wallet), None, |_| ()).await;
    assert_eq!(hops.last().unwrap().body, r#"POST - application/json - {"requests":[]}"#);
    assert_eq!(handset().perform(&authorize, None, None, |_| ()).await.len(), 1);
}
