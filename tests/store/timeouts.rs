//! How long a call of AWS may take: 0.5 s to connect, 0.8 s for one try, 2.5 s for all of it; and that a connection is not
//! trusted after 15 s. The clock is tokio's, which goes on by itself to the next time-out.

use std::cell::Cell;

use gateway_tests::engine::Engine;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Duration, Instant, advance, pause, timeout},
};

use crate::{fresh, now};

#[tokio::test]
async fn each_try_ends_after_800_ms_and_the_call_after_2500() {
    let (engine, listener) = (Engine::embedded().await, TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    let store = engine.store_at(&format!("http://{}", listener.local_addr().expect("an address")));
    pause();
    let (started, id, mut came) = (Instant::now(), fresh(), Vec::new());
    let silent = async {
        loop {
            let (connection, _) = listener.accept().await.expect("a connection");
            came.push((connection, started.elapsed().as_millis()));
        }
    };
    let error = tokio::select! {
        found = store.get(&id, now()) => found.err().expect("an outage"),
        () = silent => unreachable!("it listens for ever"),
    };
    assert!(error.is_temporary(), "{error}");
    let [(_, first), (_, second), (_, third)] = &*came else { panic!("{} tries", came.len()) };
    // Between two tries 50 ms at most, then 100; and each timer rounds up to a millisecond.
    assert!((800..=855).contains(&(second - first)), "{first} {second}");
    assert!((800..=905).contains(&(third - second)), "{second} {third}");
    let whole = started.elapsed().as_millis();
    assert!((2400..=2505).contains(&whole), "{whole}");
}

#[tokio::test]
async fn a_connection_that_does_not_come_ends_a_try_after_500_ms() {
    let engine = Engine::embedded().await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let listener = socket.listen(0).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let store = engine.store_at(&format!("http://{address}"));
    pause();
    // Nobody accepts: when the queue is full, the kernel drops who comes.
    let mut queue = Vec::new();
    while let Ok(connected) = timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
        queue.push(connected.expect("a connection"));
    }
    let started = Instant::now();
    let error = store.get(&fresh(), now()).await.err().expect("an outage");
    assert!(error.is_temporary(), "{error}");
    // Three tries, and at most 150 ms between them.
    let whole = started.elapsed().as_millis();
    assert!((1500..=1665).contains(&whole), "{whole}");
}

#[tokio::test]
async fn a_connection_that_nobody_used_for_15_s_is_not_used_again() {
    let (engine, listener) = (Engine::embedded().await, TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    let store = engine.store_at(&format!("http://{}", listener.local_addr().expect("an address")));
    pause();
    let opened = Cell::new(0);
    let empty = async {
        loop {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            opened.set(opened.get() + 1);
            tokio::spawn(async move {
                while connection.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    connection.write_all(answer).await.expect("somebody who waits for it");
                }
            });
        }
    };
    let ask = async {
        for (pause, connections) in [(0, 1), (14, 1), (16, 2)] {
            advance(Duration::from_secs(pause)).await;
            assert!(store.get(&fresh(), now()).await.expect("an answer").is_none());
            assert_eq!(opened.get(), connections, "after {pause} s");
        }
    };
    tokio::select! {
        () = ask => {}
        () = empty => {}
    }
}

#[tokio::test]
async fn a_connection_that_brought_an_error_of_the_server_is_not_used_again() {
    let (engine, listener) = (Engine::embedded().await, TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    let store = engine.store_at(&format!("http://{}", listener.local_addr().expect("an address")));
    pause();
    let sick_then_well = async {
        for answer in ["500 Internal Server Error", "200 OK"] {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 2\r\n\r\n{{}}");
            tokio::spawn(async move {
                while connection.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                    connection.write_all(answer.as_bytes()).await.expect("somebody who waits for it");
                }
            });
        }
        std::future::pending::<()>().await;
    };
    let id = fresh();
    tokio::select! {
        found = store.get(&id, now()) => assert!(found.expect("an answer").is_none()),
        () = sick_then_well => {}
    }
}
