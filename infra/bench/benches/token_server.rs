//! The token endpoint's own `handle` on hyper, as if it were a server; or, with the argument `floor`, the least server
//! that mints the same PASETO. Says its address on standard error. It takes the function's variables, and one core.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::{
    convert::Infallible,
    future::Future,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use lambda_http::{Body, RequestExt as _};
use sna_api::{Live, log, serve};
use sna_config::variable;
use sna_tokens::{AccessToken, Issuer, Scope, SigningKey};
use token::Token;
use tokio::net::TcpListener;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    util::SubscriberInitExt as _,
};

const SECONDS: u64 = 3600;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if std::env::args().any(|argument| argument == "floor") {
        let issuer = Issuer::new(SigningKey::parse(&needed("TOKEN_KEY")).unwrap(), &needed("PUBLIC_URL"));
        let customer = Arc::<str>::from(needed("CLIENT_ID"));
        let issuer = Arc::new(issuer);
        accept(move |request| floor(Arc::clone(&issuer), Arc::clone(&customer), request)).await;
    } else {
        log("bench".to_owned(), Targets::new().with_default(LevelFilter::INFO), std::io::stdout).init();
        let live = Live::start(variable, Token::from_env, now()).await.expect("a good environment");
        let live = Arc::new(live);
        accept(move |request| gateway(Arc::clone(&live), request)).await;
    }
}

async fn accept<A, F>(answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    eprintln!("{}", listener.local_addr().expect("an address"));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answer = answer(request);
            async { Ok::<_, Infallible>(answer.await) }
        });
        // A client that goes away is no error.
        tokio::spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
    }
}

async fn gateway(live: Arc<Live<Token>>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let path = parts.uri.path().to_owned();
    let event = Request::from_parts(parts, Body::Binary(body.into())).with_raw_http_path(&path);
    serve(&*live, live.edge(), event, now()).await.map(|body| match body {
        Body::Text(text) => text.into(),
        _ => Full::default(),
    })
}

async fn floor(issuer: Arc<Issuer>, customer: Arc<str>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    request.into_body().collect().await.expect("a body");
    let token = AccessToken { user_id: customer.to_string(), scope: Scope::Both, native: false };
    let token = issuer.access(&token, now(), SECONDS).expect("a token");
    let body = format!(r#"{{"access_token":"{token}","expires_in":"{SECONDS}","token_type":"Bearer"}}"#);
    Response::new(body.into())
}

fn needed(name: &str) -> String {
    variable(name).expect(name)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64
}
