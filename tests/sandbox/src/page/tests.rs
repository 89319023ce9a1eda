//! What the sandbox's listener answers to its own page, to scripts and to other sites.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{
    World,
    tests::{world, world_in},
};

fn begin(world: &World) -> RequestBuilder {
    let flow = "3f1c1a52-5c3e-4b8a-9a77-0d5b3a1f0c11";
    let order = json!({ "flow": flow, "msisdn": "447700900620", "redirect": true });
    Client::new().post(format!("{}/api/begin", world.gateway().sandbox)).json(&order)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_page_and_its_parts_are_served() {
    let world = world().await;
    for path in ["/", "/app.js", "/style.css", "/health", "/api/devices", "/inbox/%2B447700900620"] {
        assert_eq!(status(Client::new().get(format!("{}{path}", world.gateway().sandbox))).await, 200, "{path}");
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
async fn a_flow_without_a_gateway_is_refused_and_shows_its_step() {
    let world = world().await;
    let offer: Value = begin(&world).send().await.unwrap().json().await.unwrap();
    assert_eq!(offer, json!({ "silent": false, "otp": false, "refusal": { "error": "HTTP 0", "description": "" } }));
    let steps = format!("{}/api/flow?flow=3f1c1a52-5c3e-4b8a-9a77-0d5b3a1f0c11", world.gateway().sandbox);
    let steps: Value = reqwest::get(steps).await.unwrap().json().await.unwrap();
    assert_eq!(steps[0]["answer"], "cannot connect");
}

#[tokio::test]
async fn another_site_cannot_post() {
    let world = world().await;
    assert_eq!(status(begin(&world).header("origin", "https://evil.example")).await, 403);
    assert_eq!(status(begin(&world).header("host", "evil.example")).await, 403);
    let form = Client::new().post(format!("{}/api/begin", world.gateway().sandbox)).form(&[("msisdn", "447700900620")]);
    assert_eq!(status(form).await, 415);
}

#[tokio::test]
async fn the_customers_page_shows_no_markup_and_no_whole_code() {
    let world = world().await;
    let query = "code=64a5b19e-1111-4222-8333-123456789abc&error_description=%3Cscript%3E";
    let page = reqwest::get(format!("{}?{query}", world.gateway().customer.redirect_uri)).await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("64a5b19e-1…9abc") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("4222-8333"));
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
        assert_eq!(status(Client::new().post(&url).json(&order)).await, expected, "{msisdn} {scenario}");
    }
}
