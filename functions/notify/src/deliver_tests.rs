//! What a customer's server may do to us: nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn only_https_and_only_public_addresses_are_called() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let webhooks = Webhooks::new(false);
    for (url, why) in [
        (format!("http://127.0.0.1:{port}/"), "its webhook_url is not https"),
        ("http://shop.example/".to_owned(), "its webhook_url is not https"),
        (format!("https://127.0.0.1:{port}/"), "Forbidden"),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), "Forbidden"),
        ("https://10.0.0.1/".to_owned(), "Forbidden"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "Forbidden"),
        // A name that leads inside is found out when it is resolved.
        (format!("https://localhost:{port}/"), "Failed"),
        ("nowhere".to_owned(), "its webhook_url is none"),
    ] {
        assert_eq!(webhooks.post(&url, "id", "v4.public.x").await, Err(why.to_owned()), "{url}");
    }
    let nobody = tokio::select! { biased; _ = listener.accept() => false, () = std::future::ready(()) => true };
    assert!(nobody, "it was called");
    // The local run may reach this machine, and nothing else inside.
    assert_eq!(Webhooks::new(true).post("http://10.0.0.1/", "id", "x").await, Err("Forbidden".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_its_time_is_waited_for_ten_seconds() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let started = tokio::time::Instant::now();
    let silent = async {
        let _connection = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    };
    let webhooks = Webhooks::new(true);
    tokio::select! {
        () = silent => {}
        told = webhooks.post(&url, "id", "x") => assert_eq!(told, Err("Timeout".to_owned())),
    }
    assert_eq!(started.elapsed(), LONGEST);
}
