//! A proxy of connections before DynamoDB, SNS or an operator: it makes some requests wait, and closes at once what a
//! function keeps open. It reads no HTTP: a client sends no second request on a connection before it has its answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::oneshot,
    task::JoinHandle,
};

use crate::Error;

/// One that is running, in threads of its own; dropping it ends it.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Runtime,
}

/// How a server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    Fin,
    Reset,
}

/// Which requests wait, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// Of a hundred, by chance.
    pub percent: u64,
    pub by: Duration,
}

struct Shared {
    upstream: SocketAddr,
    delay: Option<Delay>,
    open: Mutex<Vec<(oneshot::Sender<Close>, JoinHandle<()>)>>,
    accepted: AtomicU64,
    requests: AtomicU64,
}

impl Proxy {
    /// Before `upstream`, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(upstream: SocketAddr, delay: Option<Delay>) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(Error::failed)?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(Error::failed)?;
        let address = listener.local_addr().map_err(Error::failed)?;
        let [accepted, requests] = [const { AtomicU64::new(0) }; 2];
        let shared = Arc::new(Shared { upstream, delay, open: Mutex::default(), accepted, requests });
        runtime.spawn(Arc::clone(&shared).accept(listener));
        Ok(Self { address, shared, runtime })
    }

    /// Connections until now.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Requests until now, over all connections.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Closes every connection, and returns when that is done: how many there were.
    pub fn close(&self, how: Close) -> usize {
        let open = std::mem::take(&mut *self.shared.open.lock().unwrap_or_else(PoisonError::into_inner));
        let told = open.into_iter().filter_map(|(close, ended)| close.send(how).is_ok().then_some(ended));
        self.runtime.block_on(async {
            let mut closed = 0;
            for ended in told {
                closed += usize::from(ended.await.is_ok());
            }
            closed
        })
    }
}

impl Shared {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            self.accepted.fetch_add(1, Ordering::SeqCst);
            let (close, closed) = oneshot::channel();
            let ended = tokio::spawn(Arc::clone(&self).serve(client, closed));
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push((close, ended));
        }
    }

    async fn serve(self: Arc<Self>, mut client: TcpStream, closed: oneshot::Receiver<Close>) {
        let Ok(mut server) = TcpStream::connect(self.upstream).await else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let how = tokio::select! {
            () = self.carry(&mut client, &mut server) => return,
            how = closed => how,
        };
        if how == Ok(Close::Reset) {
            let _ = client.set_zero_linger();
        }
    }

    /// Until one of the two ends.
    async fn carry(&self, client: &mut TcpStream, server: &mut TcpStream) {
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), server.split());
        let answered = AtomicBool::new(true);
        let up = async {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                if answered.swap(false, Ordering::SeqCst) {
                    self.arrived().await;
                }
                if to_server.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        };
        let down = async {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                answered.store(true, Ordering::SeqCst);
                if to_client.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = up => {}
            () = down => {}
        }
    }

    /// A request has begun, and may have to wait.
    async fn arrived(&self) {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let chance = scattered(number) % 100;
        if let Some(delay) = self.delay.filter(|delay| chance < delay.percent) {
            tokio::time::sleep(delay.by).await;
        }
    }
}

/// The same for the same number, and else as if by chance (SplitMix64, Steele, Lea, Flood 2014).
fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
