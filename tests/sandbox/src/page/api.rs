//! The page's API. A flow's secrets (tokens, codes of redirects) stay here; the page gets what a person may see.
//! While a call runs, the page asks `GET /api/flow` for the steps so far: that shows each hop as it happens.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Page, e164, wrong};
use crate::{
    flow::Flow,
    gateway::Device,
    hop::{Step, Trace},
    inbox::Sms,
    operators::{Seen, Unforced},
};

/// Flows kept; the oldest go first.
const KEPT: usize = 50;

/// The flows of the page, oldest first.
#[derive(Default)]
pub struct Flows(Mutex<VecDeque<Arc<Walk>>>);

/// One flow. The steps have their own lock, so that they can be read while the flow walks.
struct Walk {
    id: Uuid,
    flow: tokio::sync::Mutex<Flow>,
    steps: Steps,
}

type Steps = Arc<Mutex<Vec<Step>>>;

impl Flows {
    fn add(&self, walk: Arc<Walk>) {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if walks.len() >= KEPT {
            walks.pop_front();
        }
        walks.push_back(walk);
    }

    fn find(&self, id: Uuid) -> Option<Arc<Walk>> {
        let walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walks.iter().find(|walk| walk.id == id).cloned()
    }
}

#[derive(Deserialize)]
pub struct Number {
    msisdn: String,
}

#[derive(Deserialize)]
pub struct FlowId {
    flow: Uuid,
}

#[derive(Deserialize)]
pub struct Begin {
    /// Chosen by the page, so that it can ask for steps before `begin` has answered.
    flow: Uuid,
    msisdn: String,
    redirect: bool,
}

#[derive(Deserialize)]
pub struct Force {
    msisdn: String,
    /// The last two digits of another device's number; without them the device has its own scenario again.
    #[serde(default)]
    scenario: Option<u8>,
}

#[derive(Deserialize)]
pub struct Open {
    flow: Uuid,
    which: Which,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Which {
    Silent,
    Otp,
}

#[derive(Deserialize)]
pub struct Validate {
    flow: Uuid,
    /// The code that the user typed; without one it is the silent attempt that is validated.
    #[serde(default)]
    otp_code: Option<String>,
}

/// `GET /api/devices`.
pub async fn devices(State(Page(page)): State<Page>) -> Json<Vec<Device>> {
    Json(page.gateway.devices.clone())
}

/// `GET /api/inbox?msisdn=`.
pub async fn inbox(State(Page(page)): State<Page>, Query(number): Query<Number>) -> Json<Vec<Sms>> {
    Json(page.inbox.messages(&e164(&number.msisdn)))
}

/// `GET /api/flow?flow=`: the steps so far.
pub async fn flow(State(Page(page)): State<Page>, Query(FlowId { flow }): Query<FlowId>) -> Json<Vec<Step>> {
    let steps = page.flows.find(flow).map(|walk| walk.steps.clone()).unwrap_or_default();
    Json(steps.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// `GET /api/operators`: the last requests that the operators received.
pub async fn operators(State(Page(page)): State<Page>) -> Json<Vec<Seen>> {
    Json(page.operators.requests())
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

/// `POST /api/begin`: the customer asks for this number.
pub async fn begin(State(Page(page)): State<Page>, Json(order): Json<Begin>) -> Response {
    let Some(device) = page.gateway.device(&order.msisdn) else {
        return wrong(StatusCode::NOT_FOUND, "no such device").into_response();
    };
    let steps = Steps::default();
    let seen = steps.clone();
    let trace: Trace = Arc::new(move |step| seen.lock().unwrap_or_else(PoisonError::into_inner).push(step));
    let redirect_uri = order.redirect.then(|| page.gateway.customer.redirect_uri.clone());
    let Ok(flow) = Flow::new(device.clone(), redirect_uri, page.customer.clone(), trace) else {
        return wrong(StatusCode::INTERNAL_SERVER_ERROR, "the handset cannot be made").into_response();
    };
    let walk = Arc::new(Walk { id: order.flow, flow: flow.into(), steps });
    page.flows.add(walk.clone());
    Json(walk.flow.lock().await.begin().await).into_response()
}

/// `POST /api/open`: the handset opens an address.
pub async fn open(State(Page(page)): State<Page>, Json(order): Json<Open>) -> Response {
    let Some(walk) = page.flows.find(order.flow) else { return no_flow() };
    let mut flow = walk.flow.lock().await;
    let opened = match order.which {
        Which::Silent => flow.open_silent().await,
        Which::Otp => flow.open_otp().await,
    };
    let wait = flow.until_sms().as_millis().try_into().unwrap_or(u64::MAX);
    Json(json!({ "refusal": opened.refusal, "code_length": opened.code_length, "sms_in_ms": wait })).into_response()
}

/// `POST /api/validate`: the customer asks what was proved.
pub async fn validate(State(Page(page)): State<Page>, Json(order): Json<Validate>) -> Response {
    let Some(walk) = page.flows.find(order.flow) else { return no_flow() };
    let flow = walk.flow.lock().await;
    let verdict = match order.otp_code {
        Some(code) => flow.validate_otp(&code).await,
        None => flow.validate_silent().await,
    };
    let wait = flow.until_sms().as_millis().try_into().unwrap_or(u64::MAX);
    Json(json!({ "verdict": verdict, "sms_in_ms": wait })).into_response()
}

fn no_flow() -> Response {
    wrong(StatusCode::NOT_FOUND, "no such flow; begin a new one").into_response()
}
