//! An operator on a free port of loopback, which answers as it is told and remembers what it was asked.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::Request, http::HeaderMap, response::Response};
use tokio::{net::TcpListener, task::JoinHandle};

#[derive(Clone)]
pub struct Seen {
    pub headers: HeaderMap,
    pub body: String,
}

pub struct Operator {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Operator {
    /// `answer` gets the path.
    pub async fn start(answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ears = Arc::clone(&seen);
        let handler = move |request: Request| {
            let (ears, answer) = (Arc::clone(&ears), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let path = parts.uri.path().to_owned();
                let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let body = String::from_utf8(body.into()).unwrap();
                ears.lock().unwrap().push(Seen { headers: parts.headers, body });
                answer(&path)
            }
        };
        let app = Router::new().fallback(handler);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen, task }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
