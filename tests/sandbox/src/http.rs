//! The client of everything here: no proxy, since all of it is on this machine.

use reqwest::{Client, ClientBuilder};

/// With ring for TLS, which reqwest wants to be told even where nobody speaks it.
pub fn builder() -> ClientBuilder {
    // An error says that it was told.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy()
}

#[cfg(test)]
pub fn client() -> reqwest::Client {
    #[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    builder().build().unwrap()
}
