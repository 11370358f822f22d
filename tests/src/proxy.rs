//! A TCP proxy in front of a server: it can delay what passes, and switch to another server as a
//! load balancer does after a failover.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Chunks that are under way in one direction.
const MAX_CHUNKS: usize = 1_024;

/// The proxy. Dropping it closes all connections.
pub struct TcpProxy {
    /// The port at which it listens.
    pub port: u16,
    route: Arc<Mutex<ProxyRoute>>,
    closed: CancellationToken,
}

struct ProxyRoute {
    target: u16,
    /// Ends the connections to the current target.
    connections: ConnectionEnd,
}

/// How the connections to a target end.
#[derive(Clone, Default)]
struct ConnectionEnd {
    /// They are closed.
    closed: CancellationToken,
    /// They stay open and pass nothing any more.
    silenced: CancellationToken,
}

impl TcpProxy {
    /// Starts a proxy to a port of this machine. Everything arrives `delay` later.
    pub async fn start(target: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let route = Arc::new(Mutex::new(ProxyRoute {
            target,
            connections: ConnectionEnd::default(),
        }));
        let closed = CancellationToken::new();
        let (accepting, stop) = (route.clone(), closed.clone());
        tokio::spawn(async move {
            while let Some(Ok((client, _))) = stop.run_until_cancelled(listener.accept()).await {
                let (target, end) = {
                    let route = lock(&accepting);
                    (route.target, route.connections.clone())
                };
                tokio::spawn(forward(client, target, delay, end));
            }
        });
        Self {
            port,
            route,
            closed,
        }
    }

    /// Connects new clients to another server. The connections to the old one are closed, or, if
    /// they are to be `silent`, stay open and pass nothing any more, as when a machine vanishes.
    pub fn switch(&self, target: u16, silent: bool) {
        let mut route = lock(&self.route);
        let old = std::mem::take(&mut route.connections);
        route.target = target;
        if silent {
            old.silenced.cancel();
        } else {
            old.closed.cancel();
        }
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.closed.cancel();
        lock(&self.route).connections.closed.cancel();
    }
}

fn lock(route: &Mutex<ProxyRoute>) -> std::sync::MutexGuard<'_, ProxyRoute> {
    route.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn forward(client: TcpStream, target: u16, delay: Duration, end: ConnectionEnd) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    for socket in [&client, &server] {
        let _ = socket.set_nodelay(true);
    }
    let (mut client_read, mut client_write) = client.into_split();
    let (mut server_read, mut server_write) = server.into_split();
    let both = async {
        tokio::select! {
            () = pass(&mut client_read, &mut server_write, delay) => {}
            () = pass(&mut server_read, &mut client_write, delay) => {}
        }
    };
    tokio::select! {
        () = both => {}
        () = end.closed.cancelled() => {}
        // The sockets stay open until the client closes its end.
        () = end.silenced.cancelled() => {
            let mut ignored = [0; 1024];
            while let Ok(1..) = client_read.read(&mut ignored).await {}
        }
    }
}

/// Passes bytes on, each chunk `delay` after it arrived.
async fn pass(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, delay: Duration) {
    let (sender, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(MAX_CHUNKS);
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let chunk = (Instant::now() + delay, buffer[..length].to_vec());
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((due, chunk)) = chunks.recv().await {
            sleep_until(due).await;
            if to.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reading, writing);
}
