//! What the parts of the world say to each other, as it happens: a layer before each listener tells it to whoever listens.
//! Who calls is known by the source address alone, as the networks know it. Secrets are left out before anything is told.

mod fields;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{StatusCode, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::{gateway::Device, hop::mask, operators::Operators, radio::MOBILE_GATEWAY};
pub use fields::Field;

/// Events that a slow listener may be behind; older ones it never hears of.
const BEHIND: usize = 512;
/// Bytes of a request or an answer that is looked into. One of another or of no stated length passes unseen.
const LOOK: u64 = 16 * 1024;

/// Who talks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "role", content = "network", rename_all = "snake_case")]
pub enum Party {
    Phone,
    Shop,
    Gateway,
    Operator(String),
    /// A network's own gateway between its phones and the internet.
    Carrier(String),
    Lookup,
    Sms,
}

/// Where a layer listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Gateway,
    Operators,
    Carriers,
    Lookup,
    Sms,
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A new sign-in begins.
    Begin,
    /// A request has arrived.
    Call { id: u64, from: Party, to: Party, method: String, path: String, fields: Vec<Field> },
    /// The request with this id was answered; one whose caller gave up never is.
    /// `trace` is what the functions' log knows it by (W3C Trace Context).
    Answer { id: u64, status: u16, fields: Vec<Field>, trace: Option<String> },
}

/// An event, and whom it is about as far as that is known.
#[derive(Clone, Debug)]
pub struct Heard {
    /// E.164.
    pub number: Option<String>,
    pub network: Option<String>,
    pub event: Event,
}

impl Heard {
    /// May it be about a sign-in on this phone? An operator is called by the gateway without a word on the phone.
    #[must_use]
    pub fn concerns(&self, device: &Device) -> bool {
        match (&self.number, &self.network) {
            (Some(number), _) => *number == device.msisdn,
            (None, Some(network)) => *network == device.network,
            (None, None) => true,
        }
    }
}

/// Everything that is said in one world; a clone is the same.
#[derive(Clone)]
pub struct Wire {
    /// `None` is the end of the world.
    heard: Sender<Option<Heard>>,
    calls: Arc<AtomicU64>,
}

impl Default for Wire {
    fn default() -> Wire {
        Wire { heard: Sender::new(BEHIND), calls: Arc::default() }
    }
}

impl Wire {
    /// Everything from now on.
    #[must_use]
    pub fn listen(&self) -> Receiver<Option<Heard>> {
        self.heard.subscribe()
    }

    pub(crate) fn tell(&self, heard: Heard) {
        // Nobody listens: nobody misses it.
        let _ = self.heard.send(Some(heard));
    }

    /// Ends all listening, which would go on for ever.
    pub(crate) fn end(&self) {
        let _: Result<usize, broadcast::error::SendError<_>> = self.heard.send(None);
    }

    /// The router, with a layer before it that tells of each request. Serve it with the peer's address.
    pub(crate) fn tap(&self, router: Router, at: At, operators: &Operators) -> Router {
        let tap = Tap { wire: self.clone(), at, operators: operators.clone() };
        router.layer(from_fn_with_state(tap, pass))
    }
}

#[derive(Clone)]
struct Tap {
    wire: Wire,
    at: At,
    operators: Operators,
}

async fn pass(
    State(tap): State<Tap>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if tap.wire.heard.receiver_count() == 0 {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok((body, seen)) = look(body).await else { return StatusCode::BAD_REQUEST.into_response() };
    let (mut heard, id) = tap.call(&head, &seen, peer);
    tap.wire.tell(heard.clone());
    let (head, body) = next.run(Request::from_parts(head, body)).await.into_parts();
    let Ok((body, seen)) = look(body).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let trace = head.headers.get("traceresponse").and_then(|value| value.to_str().ok()?.split('-').nth(1));
    let (status, fields) = (head.status.as_u16(), fields::of_answer(&head.headers, &seen));
    heard.event = Event::Answer { id, status, fields, trace: trace.map(str::to_owned) };
    tap.wire.tell(heard);
    Response::from_parts(head, body)
}

impl Tap {
    fn call(&self, head: &Parts, body: &[u8], peer: SocketAddr) -> (Heard, u64) {
        let path = head.uri.path();
        let network = path.split('/').find_map(|part| self.operators.network(part)).map(|own| own.network.clone());
        let own = || network.clone().unwrap_or_default();
        let phone = self.operators.phone_at(peer.ip());
        let from = match self.at {
            _ if phone.is_some() => Party::Phone,
            _ if peer.ip() == MOBILE_GATEWAY => Party::Carrier(own()),
            At::Gateway => Party::Shop,
            _ => Party::Gateway,
        };
        let to = match self.at {
            At::Gateway => Party::Gateway,
            At::Operators => Party::Operator(own()),
            At::Carriers => Party::Carrier(own()),
            At::Lookup => Party::Lookup,
            At::Sms => Party::Sms,
        };
        // The lookup's address holds its credentials and the number.
        let template = head.extensions.get::<MatchedPath>().filter(|_| self.at == At::Lookup);
        let path = template.map_or_else(|| mask(path), |template| template.as_str().to_owned());
        let fields = fields::of_request(&head.uri, &head.headers, body);
        let named = || fields.iter().find(|field| matches!(&*field.name, "msisdn" | "PhoneNumber"));
        let number = phone.map(|phone| phone.msisdn.clone()).or_else(|| named()?.value.clone());
        let id = self.wire.calls.fetch_add(1, Ordering::Relaxed);
        let event = Event::Call { id, from, to, method: head.method.to_string(), path, fields };
        (Heard { number, network, event }, id)
    }
}

/// The body again, and its bytes if they are few.
async fn look(body: Body) -> Result<(Body, Bytes), axum::Error> {
    if body.size_hint().exact().is_none_or(|length| length > LOOK) {
        return Ok((body, Bytes::new()));
    }
    let bytes = to_bytes(body, usize::MAX).await?;
    Ok((Body::from(bytes.clone()), bytes))
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
