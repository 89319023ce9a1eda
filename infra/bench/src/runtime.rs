//! The least Runtime API that a function can live with (AWS Lambda, "Runtime API"): hands out what is queued, and says
//! what came back.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    routing::{get, post},
};
use tokio::{net::TcpListener, runtime::Runtime, sync::Mutex};

use crate::Error;

/// The longest that anything of a function is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a function did.
#[derive(Debug)]
pub enum Said {
    /// It asks for an invocation.
    Next(Instant),
    Answer(Bytes),
    /// An invocation failed, or its start.
    Error(Bytes),
}

/// One that is running; dropping it ends it.
pub struct RuntimeApi {
    pub address: SocketAddr,
    queue: tokio::sync::mpsc::UnboundedSender<Bytes>,
    said: mpsc::Receiver<Said>,
    _runtime: Runtime,
}

struct Shared {
    queue: Mutex<tokio::sync::mpsc::UnboundedReceiver<Bytes>>,
    said: mpsc::Sender<Said>,
}

impl RuntimeApi {
    /// Serves one function on a free port of 127.0.0.1, from a thread of its own.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(Error::failed)?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(Error::failed)?;
        let address = listener.local_addr().map_err(Error::failed)?;
        let (queue, queued) = tokio::sync::mpsc::unbounded_channel();
        let (tell, said) = mpsc::channel();
        let shared = Arc::new(Shared { queue: Mutex::new(queued), said: tell });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(start_failure))
            .with_state(shared);
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, queue, said, _runtime: runtime })
    }

    /// Queues an invocation: the event's JSON.
    pub fn queue(&self, event: &Bytes) {
        // It is there as long as we are.
        let _ = self.queue.send(event.clone());
    }

    /// The next thing that the function does.
    ///
    /// # Errors
    /// When it does nothing for half a minute.
    pub fn said(&self) -> Result<Said, Error> {
        self.said.recv_timeout(PATIENCE).map_err(|_| Error::failed("the function does nothing"))
    }

    /// When it asked for an invocation.
    ///
    /// # Errors
    /// When it did something else, or nothing.
    pub fn asked(&self) -> Result<Instant, Error> {
        match self.said()? {
            Said::Next(at) => Ok(at),
            other => Err(unexpected(&other)),
        }
    }

    /// Its answer to an invocation.
    ///
    /// # Errors
    /// When it failed, or did nothing.
    pub fn answer(&self) -> Result<Bytes, Error> {
        match self.said()? {
            Said::Answer(answer) => Ok(answer),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(said: &Said) -> Error {
    match said {
        Said::Next(_) => Error::failed("the function asks for another invocation"),
        Said::Answer(text) | Said::Error(text) => Error::failed(format!("the function says {text:?}")),
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> (HeaderMap, Bytes) {
    let _ = shared.said.send(Said::Next(Instant::now()));
    let event = shared.queue.lock().await.recv().await.unwrap_or_default();
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        // Far in the future, in Unix milliseconds.
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-2:123456789012:function:bench"),
        ("content-type", "application/json"),
    ];
    let headers = headers
        .map(|(name, value)| (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value)));
    (headers.into_iter().collect(), event)
}

async fn answer(State(shared): State<Arc<Shared>>, Path(_): Path<String>, body: Bytes) -> axum::http::StatusCode {
    tell(&shared, Said::Answer(body))
}

async fn failure(State(shared): State<Arc<Shared>>, Path(_): Path<String>, body: Bytes) -> axum::http::StatusCode {
    tell(&shared, Said::Error(body))
}

async fn start_failure(State(shared): State<Arc<Shared>>, body: Bytes) -> axum::http::StatusCode {
    tell(&shared, Said::Error(body))
}

fn tell(shared: &Shared, said: Said) -> axum::http::StatusCode {
    let _ = shared.said.send(said);
    axum::http::StatusCode::ACCEPTED
}
