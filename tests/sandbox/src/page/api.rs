//! What the page asks the sandbox itself: which phones there are, what is said on the wires, and another scenario.

use std::convert::Infallible;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::{Page, no_phone, wrong};
use crate::{gateway::Device, operators::Unforced};

#[derive(Deserialize)]
pub struct Force {
    msisdn: String,
    /// The last two digits of another device's number; without them the device has its own scenario again.
    #[serde(default)]
    scenario: Option<u8>,
}

/// `GET /api/devices`.
pub async fn devices(State(Page(page)): State<Page>) -> Json<Vec<Device>> {
    Json(page.gateway.devices.clone())
}

/// `GET /api/events`: what concerns this browser's phone, from now on.
pub async fn events(State(Page(page)): State<Page>, headers: HeaderMap) -> Response {
    let Some(session) = page.sessions.of(&headers) else { return no_phone() };
    let heard = stream::unfold((page.wire.listen(), session), |(mut heard, session)| async move {
        loop {
            let event = match heard.recv().await {
                Ok(Some(event)) => event,
                Err(RecvError::Lagged(_)) => continue,
                Ok(None) | Err(RecvError::Closed) => return None,
            };
            if event.concerns(&session.visit().device) {
                let event = sse::Event::default().json_data(&event.event).ok()?;
                return Some((Ok::<_, Infallible>(event), (heard, session)));
            }
        }
    });
    Sse::new(heard).keep_alive(KeepAlive::default()).into_response()
}

/// `POST /api/force`: another scenario in the place of the device's own.
pub async fn force(State(Page(page)): State<Page>, Json(order): Json<Force>) -> Response {
    let device = page.gateway.device(&order.msisdn);
    let forced = device.map_or(Err(Unforced::Device), |device| page.operators.force(device.source_ip, order.scenario));
    match forced {
        Ok(()) => Json(json!({ "forced": order.scenario })).into_response(),
        Err(Unforced::Device) => wrong(StatusCode::NOT_FOUND, "no such device").into_response(),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &error.to_string()).into_response(),
    }
}
