//! What the host does on the wire for an adapter, and what it refuses to do.

use std::{convert::Infallible, io::Write as _, net::Ipv4Addr};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sna_operators::{Operators, Outcome, Verdict};
use tokio::net::TcpListener;

use crate::{
    bed::{arrive, operators, run},
    layer::{Layer, built},
    operator::Operator,
};

/// The rogue adapter relays `ask` to an operator whose entry is `entry`; the answer, or the verdict of none.
async fn relay(entry: &Value, ask: &Value) -> Result<Value, Verdict> {
    // The manifest allows plain http there: the addresses are what is tested.
    let layer = Layer::empty();
    layer.put_as("rogue", &built("rogue"), &json!({ "cleartext_hops": ["localhost", "127.0.0.1", "10.0.0.1"] }));
    let mut entry = entry.clone();
    entry["adapter"] = json!("rogue");
    entry["config"] = json!({ "fault": "relay", "asks": [ask] });
    first(&operators(layer.path(), &json!({ "X": entry }), &[])).await
}

async fn first(operators: &Operators) -> Result<Value, Verdict> {
    match run(operators, arrive()).await?.outcome {
        Outcome::Reply { json } => Ok(json[0].clone()),
        _ => panic!("relay replies"),
    }
}

fn local(url: &str) -> Value {
    json!({ "origins": [url], "allow_loopback": true })
}

fn get(url: &str) -> Value {
    json!({ "type": "http", "method": "GET", "url": url })
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let operator = Operator::start(|_| (StatusCode::FOUND, [("location", "/elsewhere")]).into_response()).await;
    let answer = relay(&local(&operator.url), &get(&operator.url)).await.unwrap();
    assert_eq!((&answer["status"], &answer["headers"]["location"]), (&json!(302), &json!("/elsewhere")));
    assert_eq!(operator.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_of_256_kib_is_taken_and_a_larger_one_is_the_operators_error() {
    let operator = Operator::start(|path| match path {
        "/full" => "x".repeat(256 << 10).into_response(),
        "/over" => "x".repeat((256 << 10) + 1).into_response(),
        _ => Bytes::from(vec![b'x'; 10 << 20]).into_response(),
    })
    .await;
    let at = |path: &str| get(&format!("{}{path}", operator.url));
    assert!(relay(&local(&operator.url), &at("/full")).await.is_ok());
    for path in ["/over", "/ten_megabytes"] {
        assert_eq!(relay(&local(&operator.url), &at(path)).await, Err(Verdict::OperatorError));
    }
}

#[tokio::test]
async fn an_operator_that_drips_or_is_silent_meets_the_deadline() {
    // One byte, and then nothing, on a connection that stays open.
    let operator = Operator::start(|_| {
        let drop = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{")) });
        Body::from_stream(drop.chain(stream::pending())).into_response()
    })
    .await;
    let mut entry = local(&operator.url);
    entry["deadline_ms"] = json!(200);
    assert_eq!(relay(&entry, &get(&operator.url)).await, Err(Verdict::OperatorTimeout));

    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let mut entry = local(&url);
    entry["deadline_ms"] = json!(200);
    assert_eq!(relay(&entry, &get(&url)).await, Err(Verdict::OperatorTimeout), "accepts and says nothing");
}

#[tokio::test]
async fn an_operator_that_is_not_there_or_speaks_no_http_is_an_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let rude = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut connection, b"SSH-2.0-rude\r\n").await;
        }
    });
    assert_eq!(relay(&local(&url), &get(&url)).await, Err(Verdict::OperatorError));
    rude.abort();
    let _ = rude.await;
    assert_eq!(relay(&local(&url), &get(&url)).await, Err(Verdict::OperatorError), "the port is closed");
}

#[tokio::test]
async fn a_compressed_answer_stays_compressed() {
    let operator = Operator::start(|_| {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; 16 << 20]).unwrap();
        ([("content-encoding", "gzip")], bomb.finish().unwrap()).into_response()
    })
    .await;
    let answer = relay(&local(&operator.url), &get(&operator.url)).await.unwrap();
    assert_eq!(answer["headers"]["content-encoding"], "gzip");
    assert!(answer["body"].as_str().unwrap().len() < 256 << 10);
    assert!(operator.seen()[0].headers.get("accept-encoding").is_none(), "nothing compressed was asked for");
}

#[tokio::test]
async fn bytes_that_are_no_text_reach_the_adapter_as_text() {
    let operator = Operator::start(|_| Response::new(Body::from(&b"{\"a\":\"\xff\xfe\"}"[..]))).await;
    let answer = relay(&local(&operator.url), &get(&operator.url)).await.unwrap();
    assert_eq!(answer["body"], "{\"a\":\"\u{fffd}\u{fffd}\"}");
}

#[tokio::test]
async fn what_is_not_listed_is_not_called() {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let port = operator.url.rsplit(':').next().unwrap();
    let plain = &operator.url;
    for (entry, url) in [
        (json!({ "origins": ["https://op.example"], "allow_loopback": true }), plain.clone()),
        (json!({ "origins": [format!("https://127.0.0.1:{port}")], "allow_loopback": true }), plain.clone()),
        (json!({ "origins": ["http://127.0.0.1:1"], "allow_loopback": true }), plain.clone()),
        (json!({ "origins": [plain] }), plain.clone()),
        (json!({ "origins": [format!("https://[::1]:{port}")] }), format!("https://[::1]:{port}/")),
        (json!({ "origins": ["http://10.0.0.1"], "allow_loopback": true }), "http://10.0.0.1/".into()),
        (local(plain), plain.replace("127.0.0.1", "user:password@127.0.0.1")),
        (local(plain), format!("{plain}/\n")),
        (local(plain), String::new()),
    ] {
        assert_eq!(relay(&entry, &get(&url)).await, Err(Verdict::ConfigError), "{url} by {entry}");
    }
    assert!(operator.seen().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_to_loopback_is_not_called() {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let url = operator.url.replace("127.0.0.1", "localhost");
    assert_eq!(relay(&json!({ "origins": [url] }), &get(&url)).await, Err(Verdict::OperatorError));
    assert!(operator.seen().is_empty());
    assert!(relay(&local(&url), &get(&url)).await.is_ok(), "the entry of a local run allows it");
}

#[tokio::test]
async fn what_belongs_to_the_connection_is_not_an_adapters_to_set() {
    let operator = Operator::start(|_| "{}".into_response()).await;
    let with = |extra: Value| {
        let mut ask = get(&operator.url);
        ask.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        ask
    };
    for extra in [
        json!({ "method": "CONNECT" }),
        json!({ "method": "get" }),
        json!({ "method": "GET / HTTP/1.1\r\nx: y" }),
        json!({ "headers": { "Host": "admin.op.example" } }),
        json!({ "headers": { "transfer-encoding": "chunked" } }),
        json!({ "headers": { "content-length": "1" } }),
        json!({ "headers": { "connection": "upgrade" } }),
        json!({ "headers": { "x-a": "1", "X-A": "2" } }),
        json!({ "headers": { "x-a: b\r\nx-c": "1" } }),
        json!({ "headers": { "": "1" } }),
        json!({ "headers": { "authorization": "Bearer x" }, "auth": { "type": "client_secret_basic", "client_id": "c" } }),
    ] {
        assert_eq!(relay(&local(&operator.url), &with(extra.clone())).await, Err(Verdict::ConfigError), "{extra}");
    }
    // A value can be the operator's: a token of it that is no header.
    let token = json!({ "headers": { "authorization": "Bearer a\r\nx-admin: 1" } });
    assert_eq!(relay(&local(&operator.url), &with(token)).await, Err(Verdict::OperatorError));
    assert!(operator.seen().is_empty());
}
