//! An operator's proxy: what it adds to a request for the gateway, for whom, and what it takes away.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Router, routing::get};

use super::bed::{Bed, client, device};
use crate::listen::{Bound, Servers};

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

async fn gateway(State(seen): State<Seen>, headers: HeaderMap) -> impl IntoResponse {
    seen.lock().unwrap().push(headers);
    (StatusCode::FOUND, [(header::LOCATION, "https://gateway.example/v1/callback/dialog_lk?state=S1")])
}

#[tokio::test]
async fn the_network_s_own_sims_get_an_encrypted_header_and_nobody_s_own_word_passes() {
    let (mut servers, bound, seen) = (Servers::new(), Bound::at(0).await.unwrap(), Seen::default());
    let url = bound.url();
    servers.serve(bound, Router::new().route("/v1/enrich/{vendor}", get(gateway)).with_state(seen.clone()));
    let bed = Bed::behind(&url).await;
    let mut values = Vec::new();
    for (device, enriched) in [
        (device("dialog_lk", 20), true),
        (device("dialog_lk", 20), true),
        (device("dialog_lk", 22), false),
        (device("dialog_lk", 46), false),
        (device("o2", 20), false),
    ] {
        let request = client(device.source_ip).get(format!("{}/v1/enrich/dialog_lk?state=S1", bed.hop));
        let spoofed = request.header("msisdn", "94771234520").header("Msisdn", "x").header("x-wap-msisdn", "x");
        let response = spoofed.header("x-own", "1").send().await.unwrap();
        assert_eq!(response.status(), 302);
        assert!(response.headers()["location"].to_str().unwrap().ends_with("?state=S1"));
        let headers = seen.lock().unwrap().pop().unwrap();
        assert_eq!(headers.get_all("msisdn").iter().count(), usize::from(enriched));
        assert!(!headers.contains_key("x-wap-msisdn") && headers["x-own"] == "1");
        let value = headers.get("msisdn").map(|value| value.to_str().unwrap().to_owned());
        assert!(value.as_ref().is_none_or(|jwe| jwe.split('.').count() == 5 && !jwe.contains("771234520")));
        values.extend(value);
    }
    assert_ne!(values[0], values[1], "nobody can tell by the header that two requests are of one SIM");
    for vendor in ["o2", "nobody"] {
        let request = client(device("dialog_lk", 20).source_ip).get(format!("{}/v1/enrich/{vendor}", bed.hop));
        assert_eq!(request.send().await.unwrap().status(), 404);
    }
}
