//! The demo customer's webhook, as its programmer would write it: the signature is checked by the gateway's published keys, an
//! event that came before is no news, and only what is certain is answered with 2xx.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sna_tokens::{Event, PublicKeys, Verifier};

use super::{Page, wrong};

/// Events kept; the oldest go first.
const KEPT: usize = 200;

#[derive(Default)]
pub struct Webhooks(Mutex<VecDeque<Received>>);

#[derive(Clone, Serialize)]
pub struct Received {
    #[serde(flatten)]
    event: Event,
    /// When the attempt ended, in Unix milliseconds.
    at: u64,
    /// As it came, for whoever wants to verify it too.
    token: String,
    /// How often it was delivered.
    deliveries: u32,
}

#[derive(Deserialize)]
pub struct Delivery {
    event: String,
}

/// `POST /webhook`.
pub async fn receive(State(Page(page)): State<Page>, Json(delivery): Json<Delivery>) -> Response {
    let keys = page.customer.keys().await.json();
    let keys = keys["keys"].as_array().into_iter().flatten().filter_map(|key| key["paserk"].as_str());
    let Ok(keys) = PublicKeys::parse(&keys.collect::<Vec<_>>().join(",")) else {
        return wrong(StatusCode::BAD_GATEWAY, "the gateway's keys cannot be read").into_response();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    match Verifier::new(keys, &page.gateway.url).event(&delivery.event, now) {
        Ok((event, at)) if event.user_id == page.gateway.customer.client_id => {
            page.webhooks.note(event, at, delivery.event);
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(_) => wrong(StatusCode::BAD_REQUEST, "the event is for somebody else").into_response(),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &error.to_string()).into_response(),
    }
}

/// `GET /webhooks`: what was received, newest first.
pub async fn list(State(Page(page)): State<Page>) -> Json<Vec<Received>> {
    let received = page.webhooks.0.lock().unwrap_or_else(PoisonError::into_inner);
    Json(received.iter().rev().cloned().collect())
}

impl Webhooks {
    fn note(&self, event: Event, at: u64, token: String) {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = received.iter_mut().find(|known| known.event.jti == event.jti) {
            known.deliveries += 1;
            return;
        }
        if received.len() >= KEPT {
            received.pop_front();
        }
        received.push_back(Received { event, at, token, deliveries: 1 });
    }
}
