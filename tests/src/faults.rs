//! A proxy in front of DynamoDB or SNS that goes wrong to order: for this operation, from that request on, so often.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri, header},
    response::IntoResponse,
};
use reqwest::Client;
use sandbox::listen::{Bound, Servers};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// AWS answers with this status and code; nothing was done.
    Refuse(u16, &'static str),
    /// The transaction is cancelled because another one has the first item in hand.
    Conflict,
    /// The connection breaks before anything is done.
    Reset,
    /// It is done, and the connection breaks before the answer.
    LoseAnswer,
    /// Nothing is done, and no answer comes.
    Hang,
    /// It is done, and no answer comes.
    HangDone,
    /// It is done as soon as another one that is to wait so has come.
    Meet,
}

pub const THROTTLED: Fault = Fault::Refuse(400, "ThrottlingException");
pub const OVER_CAPACITY: Fault = Fault::Refuse(400, "ProvisionedThroughputExceededException");
pub const BROKEN: Fault = Fault::Refuse(500, "InternalServerError");
pub const DOWN: Fault = Fault::Refuse(503, "ServiceUnavailable");

/// What shall go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// `PutItem`, `Publish` …; empty: any.
    pub on: &'static str,
    /// This many of them pass first.
    pub skip: usize,
    pub times: usize,
    pub fault: Fault,
}

/// The orders of one or more proxies, and what they have seen.
#[derive(Clone, Default)]
pub struct Faults(Arc<Shared>);

struct Shared {
    state: Mutex<Seen>,
    struck: Notify,
    two: Barrier,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: Mutex::default(), struck: Notify::default(), two: Barrier::new(2) }
    }
}

#[derive(Default)]
struct Seen {
    orders: Vec<Order>,
    /// The operation of every request, and whether it went on to the engine.
    requests: Vec<(String, bool)>,
    /// What DynamoDB was asked, as JSON.
    asked: Vec<(String, Value)>,
}

/// A running proxy; dropping it ends it.
pub struct Proxy {
    pub url: String,
    _servers: Servers,
}

impl Faults {
    pub fn order(&self, order: Order) {
        self.with(|seen| seen.orders.push(order));
    }

    /// From now on this fails always.
    pub fn always(&self, on: &'static str, fault: Fault) {
        self.order(Order { on, skip: 0, times: usize::MAX, fault });
    }

    /// The next one of these fails, once.
    pub fn once(&self, on: &'static str, fault: Fault) {
        self.order(Order { on, skip: 0, times: 1, fault });
    }

    /// Everything works again, and nothing has been seen.
    pub fn heal(&self) {
        self.with(|seen| *seen = Seen::default());
    }

    /// How many requests there were for this operation; empty: for any.
    pub fn asked(&self, on: &str) -> usize {
        self.with(|seen| seen.requests.iter().filter(|(name, _)| on.is_empty() || name == on).count())
    }

    /// How many of them the engine got.
    pub fn done(&self, on: &str) -> usize {
        self.with(|seen| seen.requests.iter().filter(|(name, done)| *done && (on.is_empty() || name == on)).count())
    }

    /// Each request to DynamoDB: its operation, and what it said.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.with(|seen| seen.asked.clone())
    }

    /// Ends when a fault begins of which there is no answer. One that began before counts, once.
    pub async fn struck(&self) {
        self.0.struck.notified().await;
    }

    /// The fault of this request, if it shall have one.
    fn arrive(&self, operation: &str, body: &[u8]) -> Option<Fault> {
        self.with(|seen| {
            seen.asked.extend(serde_json::from_slice(body).ok().map(|body| (operation.to_owned(), body)));
            let mut found = None;
            for order in seen.orders.iter_mut().filter(|order| order.on.is_empty() || order.on == operation) {
                match (order.skip, order.times) {
                    (0, 1..) if found.is_none() => {
                        order.times -= 1;
                        found = Some(order.fault);
                    }
                    (0, _) => {}
                    _ => order.skip -= 1,
                }
            }
            let done = matches!(found, None | Some(Fault::LoseAnswer | Fault::HangDone | Fault::Meet));
            seen.requests.push((operation.to_owned(), done));
            found
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Proxy {
    /// In front of `upstream`, on a port of its own.
    pub async fn start(upstream: &str, faults: &Faults) -> Self {
        let (mut servers, bound) = (Servers::new(), Bound::at(0).await.expect("a free port"));
        let url = bound.url();
        let client = sandbox::http::builder().build().expect("a client");
        let state = Arc::new((faults.clone(), upstream.to_owned(), client));
        servers.serve(bound, Router::new().fallback(forward).with_state(state));
        Self { url, _servers: servers }
    }
}

type Upstream = Arc<(Faults, String, Client)>;

async fn forward(
    State(upstream): State<Upstream>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let (faults, url, client) = &*upstream;
    let fault = faults.arrive(&operation(&headers, &body), &body);
    let pass = async || {
        let request = client.request(method, format!("{url}{uri}")).headers(headers).body(body);
        let answer = request.send().await.expect("an engine that answers");
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().iter().filter(|(name, _)| *name != header::TRANSFER_ENCODING) {
            response = response.header(name, value);
        }
        response.body(Body::from(answer.bytes().await.expect("a body"))).expect("a response")
    };
    let hang = async || {
        faults.0.struck.notify_one();
        std::future::pending::<Response<Body>>().await
    };
    match fault {
        None => pass().await,
        Some(Fault::Meet) => {
            faults.0.two.wait().await;
            pass().await
        }
        Some(Fault::Refuse(status, code)) => refusal(status, json!({ "__type": code, "message": "to order" })),
        Some(Fault::Conflict) => refusal(
            400,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
                "CancellationReasons": [{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }],
            }),
        ),
        Some(Fault::Reset) => broken(),
        Some(Fault::LoseAnswer) => {
            pass().await;
            broken()
        }
        Some(Fault::Hang) => hang().await,
        Some(Fault::HangDone) => {
            pass().await;
            hang().await
        }
    }
}

/// DynamoDB names it in a header, SNS in the form.
fn operation(headers: &HeaderMap, body: &Bytes) -> String {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let target = target.and_then(|value| value.rsplit('.').next()).map(str::to_owned);
    let action = || url::form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, v)| v.into_owned());
    target.or_else(action).unwrap_or_default()
}

fn refusal(status: u16, body: serde_json::Value) -> Response<Body> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
    response.body(Body::from(body.to_string())).expect("a response")
}

/// A body that fails at its first byte: the server then closes the connection before it has written the head.
fn broken() -> Response<Body> {
    let error = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(error)])).into_response()
}
