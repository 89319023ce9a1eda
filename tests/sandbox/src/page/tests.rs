//! What the sandbox's listener answers to its own page, to scripts and to other sites.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::world::{
    World,
    tests::{world, world_in},
};

/// A browser's request; `cookie` is the phone that it has chosen.
fn post(world: &World, path: &str, cookie: &str, body: &Value) -> RequestBuilder {
    crate::http::client().post(format!("{}{path}", world.gateway().sandbox)).header("cookie", cookie).json(body)
}

fn choice(world: &World) -> RequestBuilder {
    post(world, "/api/phone", "", &json!({ "msisdn": "447700900620", "app": false }))
}

/// The cookie of a phone, as a browser sends it back.
async fn phone(world: &World) -> String {
    let chosen = choice(world).send().await.unwrap();
    let cookie = chosen.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_page_and_its_parts_are_served() {
    let world = world().await;
    let paths = ["/", "/shop.js", "/client/index.js", "/customer/callback?code=1", "/health", "/api/devices"];
    for path in paths.into_iter().chain(["/inbox/%2B447700900620"]) {
        assert_eq!(
            status(crate::http::client().get(format!("{}{path}", world.gateway().sandbox))).await,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_reference_has_the_addresses_of_the_run_or_says_how_it_is_built() {
    let files = tempfile::tempdir().unwrap();
    let world = world_in(files.path()).await;
    let read = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", world.gateway().sandbox)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = read("/docs").await;
    assert!(status == 404 && text.contains("cargo xtask docs"), "{status} {text}");
    let folder = files.path().join("docs");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("openapi.json"), "http://127.0.0.1:9000/v1/validate").unwrap();
    assert_eq!(read("/docs/openapi.json").await, (200, "http://127.0.0.1:1/v1/validate".to_owned()));
    fs::write(files.path().join("env.json"), "secret").unwrap();
    assert_eq!(read("/docs/..%2Fenv.json").await.0, 404);
}

#[tokio::test]
async fn without_a_phone_there_is_nothing_to_sign_in_with() {
    let world = world().await;
    for path in ["/shop/begin", "/shop/sms", "/shop/validate", "/phone/wallet"] {
        assert_eq!(status(post(&world, path, "sandbox=none", &json!({}))).await, 409, "{path}");
    }
    assert_eq!(status(crate::http::client().get(format!("{}/api/events", world.gateway().sandbox))).await, 409);
    let unknown = json!({ "msisdn": "447700900601", "app": false });
    assert_eq!(status(post(&world, "/api/phone", "", &unknown)).await, 404);
}

#[tokio::test]
async fn the_shop_passes_on_that_the_gateway_cannot_be_reached_and_has_nothing_to_validate() {
    let world = world().await;
    let cookie = phone(&world).await;
    let begun = post(&world, "/shop/begin", &cookie, &json!({})).send().await.unwrap();
    assert_eq!(begun.status(), 502);
    let refused: Value = begun.json().await.unwrap();
    assert_eq!(refused["error_description"], "cannot connect");
    for path in ["/shop/sms", "/shop/validate"] {
        assert_eq!(status(post(&world, path, &cookie, &json!({}))).await, 409, "{path}");
    }
}

#[tokio::test]
async fn a_request_of_the_page_leaves_from_the_phone_and_is_told_as_it_happens() {
    let world = world().await;
    let cookie = phone(&world).await;
    let events = crate::http::client().get(format!("{}/api/events", world.gateway().sandbox)).header("cookie", &cookie);
    let mut events = events.send().await.unwrap();
    let table: Value = serde_json::from_str(world.operators_table()).unwrap();
    let asked = json!({ "method": "GET", "url": format!("{}/vodafone/resume?tx=1", table["host"].as_str().unwrap()) });
    let answer: Value = post(&world, "/phone/fetch", &cookie, &asked).send().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["status"], &answer["location"]), (&json!(400), &Value::Null));
    let told = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains(r#""from":{"role":"phone"},"to":{"role":"operator","network":"VODAFONE"}"#), "{told}");
    world.stop().await;
    while events.chunk().await.unwrap().is_some() {}
}

#[tokio::test]
async fn another_site_cannot_post() {
    let world = world().await;
    assert_eq!(status(choice(&world).header("origin", "https://evil.example")).await, 403);
    assert_eq!(status(choice(&world).header("host", "evil.example")).await, 403);
    let form = crate::http::client()
        .post(format!("{}/api/phone", world.gateway().sandbox))
        .form(&[("msisdn", "447700900620")]);
    assert_eq!(status(form).await, 415);
}

#[tokio::test]
async fn only_the_page_around_the_phone_may_show_the_shop() {
    let world = world().await;
    for (path, ancestors) in [("/", "'none'"), ("/shop", "'self'"), ("/customer/callback?code=1", "'self'")] {
        let page = reqwest::get(format!("{}{path}", world.gateway().sandbox)).await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'self'; ") && policy.ends_with(&format!("frame-ancestors {ancestors}"))
        );
    }
}

#[tokio::test]
async fn a_scenario_is_forced_on_a_device_that_has_it_at_its_operator() {
    let world = world().await;
    let url = format!("{}/api/force", world.gateway().sandbox);
    for (msisdn, scenario, expected) in [
        ("+447700900620", json!(31), 200),
        ("447700900620", json!(null), 200),
        ("+447700900620", json!(22), 400),
        ("+447700900620", json!(99), 400),
        ("+33639980320", json!(51), 400),
        ("+447700900999", json!(31), 404),
        ("+447700900601", json!(31), 404),
    ] {
        let order = json!({ "msisdn": msisdn, "scenario": scenario });
        assert_eq!(status(crate::http::client().post(&url).json(&order)).await, expected, "{msisdn} {scenario}");
    }
}
