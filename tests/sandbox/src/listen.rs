//! Listeners on 127.0.0.1, and their common end: every server of a world stops when its `Servers` is dropped.
//! Binding comes before serving, because most of the world must know the addresses of the rest before it can be built.

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// A listener that has its port, and does not serve yet.
pub struct Bound {
    pub(crate) listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Binds 127.0.0.1; port 0 takes a free one.
    pub async fn at(port: u16) -> io::Result<Bound> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The running servers. Dropping it stops them all: no new connections, idle ones closed, running requests finished.
pub struct Servers {
    stop: watch::Sender<()>,
    running: JoinSet<()>,
}

impl Servers {
    #[must_use]
    pub fn new() -> Servers {
        Servers { stop: watch::Sender::new(()), running: JoinSet::new() }
    }

    /// Serves a router; handlers may ask for the peer's address (`ConnectInfo<SocketAddr>`).
    pub fn serve(&mut self, bound: Bound, router: Router) {
        let stopped = self.stopped();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        self.running.spawn(async move {
            let served = axum::serve(bound.listener, service).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::error!(%error, "a listener ended");
            }
        });
    }

    /// Runs a server that brings its own accept loop; it must end when [`Servers::stopped`] does.
    pub(crate) fn run(&mut self, server: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn(server);
    }

    /// Ends when the servers shall stop.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move { while stop.changed().await.is_ok() {} }
    }

    /// Stops all, and waits at most two seconds for requests that are still running.
    pub async fn stop(self) {
        let Servers { stop, mut running } = self;
        drop(stop);
        let ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(2), ended).await.is_err() {
            tracing::warn!("requests were still running at the end");
        }
    }
}

impl Default for Servers {
    fn default() -> Servers {
        Servers::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use axum::Router;
    use tokio::net::TcpStream;

    use super::{Bound, Servers};

    #[tokio::test]
    async fn after_the_stop_nobody_listens() {
        let (mut servers, bound) = (Servers::new(), Bound::at(0).await.unwrap());
        let address = bound.address;
        servers.serve(bound, Router::new());
        assert!(TcpStream::connect(address).await.is_ok());
        servers.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
