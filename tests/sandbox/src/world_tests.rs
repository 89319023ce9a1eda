//! A whole world, and a handset that walks through its operators to where the gateway would be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use serde_json::Value;
use url::Url;

use super::{Ports, Settings, World};
use crate::{handset::Handset, hop::Hop, profiles::tests::adapters};

const CALLBACK: &str = "http://127.0.0.1:1/v1/callback/vodafone";

/// A world without a gateway: nothing listens on port 1.
pub async fn world() -> World {
    world_in(&std::env::temp_dir()).await
}

pub async fn world_in(directory: &Path) -> World {
    let settings = Settings {
        public_url: "http://127.0.0.1:1".to_owned(),
        enrich_url: "http://127.0.0.1:1".to_owned(),
        profiles: vec![adapters()],
        ports: Ports::default(),
        operators: r#"{"host":"http://127.0.0.1:9410","hop":"127.0.0.1:9411"}"#.to_owned(),
        directory: directory.to_owned(),
        adapters: std::env::temp_dir(),
        slow: std::time::Duration::from_secs(1),
        functions: None,
    };
    World::start(settings).await.unwrap()
}

/// Goes from Vodafone's authorize endpoint back to the gateway, as this device.
async fn authorize(world: &World, msisdn: &str) -> Vec<Hop> {
    let table: Value = serde_json::from_str(world.operators_table()).unwrap();
    let path = "/vodafone/mobileconnect/deviceinitiated/v1/authorize";
    let parameters = [
        ("client_id", "gateway"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid mc_vm_match_hash"),
        ("version", "mc_di_r2_v2.3"),
        ("state", "a-state-of-thirty-two-characters"),
        ("nonce", "a-nonce-of-thirty-two-characters"),
        ("acr_values", "2"),
        ("correlation_id", "a-correlation-id"),
    ];
    let url = Url::parse_with_params(&format!("{}{path}", table["host"].as_str().unwrap()), parameters).unwrap();
    let device = world.gateway().device(msisdn).unwrap();
    Handset::at(device.source_ip).unwrap().open(url.as_str(), Some(CALLBACK)).await
}

#[tokio::test]
async fn the_operator_table_names_the_ports_of_this_world() {
    let world = world().await;
    let table = world.operators_table();
    assert!(!table.contains(":9410") && !table.contains(":9411"), "{table}");
}

#[tokio::test]
async fn a_handset_passes_the_hop_and_comes_back_with_a_code() {
    let hops = authorize(&world().await, "+447700900620").await;
    let statuses: Vec<u16> = hops.iter().map(|hop| hop.status).collect();
    assert_eq!(statuses, [302, 302, 302]);
    assert!(hops[2].location.as_ref().unwrap().contains("?code="), "{hops:?}");
}

#[tokio::test]
async fn a_handset_refuses_consent_where_its_scenario_says_so() {
    let hops = authorize(&world().await, "447700900625").await;
    assert!(hops.iter().any(|hop| hop.method == "POST"), "{hops:?}");
    assert!(hops.last().unwrap().location.as_ref().unwrap().contains("error=access_denied"), "{hops:?}");
}
