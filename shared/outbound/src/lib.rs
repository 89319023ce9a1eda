//! Connections that leave the gateway, to operators, lookups and customers' webhooks: addresses checked after DNS and at the
//! connection itself, no redirects, no proxy, and a cap on the answer.

mod address;

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, Request,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use url::{Host, Url};

pub use address::is_special;
pub use sna_adapter::Unreachable;

const CONNECT: Duration = Duration::from_secs(2);

/// One connection pool for the public internet, one that may also reach loopback (the local run).
#[derive(Default)]
pub struct Outbound {
    public: OnceLock<Option<Client>>,
    loopback: OnceLock<Option<Client>>,
}

/// What came back, whole.
pub struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Outbound {
    /// Sends a request and takes at most `cap` bytes of the answer's body. How long it may take, the caller says.
    /// Nothing of the request is logged: its URL may hold a number or a key.
    pub async fn send(&self, request: Request, allow_loopback: bool, cap: usize) -> Result<Received, Unreachable> {
        if !allows(request.url(), allow_loopback) {
            return Err(Unreachable::Forbidden);
        }
        let client = self.client(allow_loopback).ok_or(Unreachable::Failed)?;
        let mut response = client.execute(request).await.map_err(why)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(why)? {
            if body.len() + chunk.len() > cap {
                return Err(Unreachable::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// Builds what TLS needs.
    pub fn warm(&self, allow_loopback: bool) {
        self.client(allow_loopback);
    }

    fn client(&self, allow_loopback: bool) -> Option<&Client> {
        let slot = if allow_loopback { &self.loopback } else { &self.public };
        slot.get_or_init(|| {
            let built = tls().and_then(|tls| Ok(build(Resolver { allow_loopback }, tls)?));
            built.inspect_err(|error| tracing::error!(%error, "no HTTP client")).ok()
        })
        .as_ref()
    }
}

/// May a connection be made to the URL's host, where that is an address? Names are checked when they are resolved.
pub fn allows(url: &Url, allow_loopback: bool) -> bool {
    let address = match url.host() {
        None => return false,
        Some(Host::Domain(_)) => return true,
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
    };
    address::allowed(address, allow_loopback)
}

struct Resolver {
    allow_loopback: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            checked(found, allow_loopback)
        })
    }
}

/// The addresses of a name, if all are allowed: one bad address among good ones is an attack, not a choice. The connection is
/// made to these and no others, so a name that is looked up again cannot lead elsewhere.
fn checked(found: Vec<SocketAddr>, allow_loopback: bool) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    if found.iter().any(|at| !address::allowed(at.ip(), allow_loopback)) {
        return Err("the host has an address that is not public".into());
    }
    Ok(Box::new(found.into_iter()))
}

/// Whom the other side must be signed by: the roots that Mozilla trusts, as of the build, which take no parsing. Where
/// `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, those there instead.
fn roots() -> RootCertStore {
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().all(|name| sna_config::variable(name).is_none()) {
        return RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    }
    let found = rustls_native_certs::load_native_certs();
    found.errors.iter().for_each(|error| tracing::error!(%error, "a root is not trusted"));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

fn tls() -> Result<ClientConfig, Box<dyn Error + Send + Sync>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(tls.with_safe_default_protocol_versions()?.with_root_certificates(roots()).with_no_client_auth())
}

fn build(resolver: impl Resolve + 'static, tls: ClientConfig) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        // The cap counts what arrives; nothing may grow behind it, whichever features are compiled in.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(15))
        .dns_resolver(resolver)
        .build()
}

fn why(error: reqwest::Error) -> Unreachable {
    if error.is_timeout() { Unreachable::Timeout } else { Unreachable::Failed }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{
        cell::Cell,
        sync::atomic::{AtomicBool, Ordering},
    };

    use reqwest::Method;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[test]
    fn one_address_that_is_not_public_condemns_the_name() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        assert!(checked(vec![at("8.8.8.8"), at("2a00:23c0::1")], false).is_ok());
        for bad in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "::ffff:192.168.0.1"] {
            assert!(checked(vec![at("8.8.8.8"), at(bad)], false).is_err(), "{bad}");
        }
        assert!(
            checked(vec![at("127.0.0.1"), at("10.0.0.1")], true).is_err(),
            "a local run's table allows loopback only"
        );
    }

    /// A name server that answers honestly once, and then with an address inside.
    struct Rebinding(AtomicBool);

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let first = !self.0.swap(true, Ordering::SeqCst);
            let address = if first { [127, 0, 0, 1] } else { [10, 0, 0, 1] };
            Box::pin(async move { checked(vec![SocketAddr::from((address, 0))], true) })
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_checked_at_every_connection() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://op.example:{}/", listener.local_addr().unwrap().port());
        let client = build(Rebinding(AtomicBool::new(false)), tls().unwrap()).unwrap();
        let serve = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            connection.write_all(answer).await.unwrap();
        };
        let (first, ()) = tokio::join!(client.get(&url).send(), serve);
        assert_eq!(first.unwrap().status(), 200);
        let second = client.get(&url).send().await.unwrap_err();
        assert!(second.is_connect() && format!("{second:?}").contains("not public"), "{second:?}");
    }

    #[tokio::test]
    async fn a_connection_that_nobody_used_for_15_s_is_not_used_again() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (outbound, opened) = (Outbound::default(), Cell::new(0));
        tokio::time::pause();
        let serve = async {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                opened.set(opened.get() + 1);
                tokio::spawn(async move {
                    while connection.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
                        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                    }
                });
            }
        };
        let ask = async {
            for (pause, connections) in [(0, 1), (14, 1), (16, 2)] {
                tokio::time::advance(Duration::from_secs(pause)).await;
                let answer = outbound.send(Request::new(Method::GET, url.clone()), true, 1024).await;
                assert_eq!(answer.unwrap().status, 200);
                assert_eq!(opened.get(), connections, "after {pause} s");
            }
        };
        tokio::select! {
            () = ask => {}
            () = serve => {}
        }
    }
}
