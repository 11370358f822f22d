//! One accept loop for all services.
//!
//! A connection is a task. Its socket ([`socket`]) knows in which phase the conversation is
//! ([`phase`]) and applies the timeouts of that phase, so that waiting for a request, reading its
//! headers and writing the response each have their own.
//!
//! **At the limit** a connection is accepted, answered `503` with `Retry-After`, and closed: a
//! client or a load balancer learns at once, instead of waiting in the kernel's queue.
//!
//! **Shutdown**: connections in the kernel's queue are taken, and no more; every response from then on says
//! `Connection: close`; idle connections are closed after a grace, each only when it has nothing
//! to read. So a request that has arrived is answered. After `drain` whatever is left is cut.

mod connection;
mod phase;
mod refuse;
mod socket;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::EdgeConfig;
use socket::{Lease, Socket};

/// What hyper may buffer for one connection in each direction.
const MAX_BUFFER: usize = 128 * 1024;

/// Connections taken from the kernel's queue after the stop signal.
const MAX_BACKLOG: usize = 4_096;

/// Connections being told that there is no room. Beyond, they are closed without a word.
const MAX_REFUSING: usize = 64;

/// "Nothing is waiting" is what the runtime knew when it last asked the kernel. A timer fires only
/// after it has asked again, so after this long it is true.
const LAST_LOOK: Duration = Duration::from_millis(1);

/// How long to wait when the machine is out of descriptors or memory.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves the router on this listener until `shutdown`, and then until running requests are done
/// or `config.drain` has passed. Returns an error only if the listener is none.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: EdgeConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.local_addr()?;
    let server = Server::new(router, config);
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        if let Err(error) = server.take(accepted) {
            tracing::warn!(%error, "cannot accept connections");
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(ACCEPT_BACKOFF) => {}
            }
        }
    }
    server.draining.store(true, Ordering::Release);
    server.take_waiting(&listener).await;
    drop(listener);
    server.drain().await;
    Ok(())
}

/// What the connections of one listener share.
struct Server {
    router: Router,
    http: http1::Builder,
    config: Arc<EdgeConfig>,
    room: Arc<Semaphore>,
    refusing: Arc<Semaphore>,
    /// Set: responses say `Connection: close`.
    draining: Arc<AtomicBool>,
    /// Cancelled: idle connections close.
    closing: CancellationToken,
    /// Cancelled: all connections are cut.
    cut: CancellationToken,
    open: TaskTracker,
}

impl Server {
    fn new(router: Router, config: EdgeConfig) -> Self {
        let mut http = http1::Builder::new();
        // The socket has its own timeouts: hyper's would count the time between requests as
        // reading headers. A hundred headers is hyper's own limit.
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_header_size(config.max_header_bytes)
            .max_buf_size(MAX_BUFFER.max(config.max_header_bytes * 2));
        Self {
            router: router.with_state(()),
            http,
            room: Arc::new(Semaphore::new(config.max_connections)),
            refusing: Arc::new(Semaphore::new(MAX_REFUSING)),
            config: Arc::new(config),
            draining: Arc::default(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
            open: TaskTracker::new(),
        }
    }

    /// Starts a connection. An error is one of this machine, not of the connection.
    fn take(&self, accepted: io::Result<(TcpStream, SocketAddr)>) -> io::Result<()> {
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_the_connection(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        // A response is written in one piece; waiting for more only delays it.
        if stream.set_nodelay(true).is_err() {
            return Ok(());
        }
        if let Ok(room) = self.room.clone().try_acquire_owned() {
            let lease = Lease::new(room, self.open.token());
            let socket = Socket::new(stream, self.config.clone(), self.closing.clone(), lease);
            self.open.spawn(connection::run(self, socket));
        } else if let Ok(permit) = self.refusing.clone().try_acquire_owned() {
            self.open.spawn(async move {
                refuse::refuse(stream).await;
                drop(permit);
            });
        }
        Ok(())
    }

    /// Takes what waits in the kernel's queue. Closing the listener would reset it.
    async fn take_waiting(&self, listener: &TcpListener) {
        let last_look = tokio::time::sleep(LAST_LOOK);
        tokio::pin!(last_look);
        for _ in 0..MAX_BACKLOG {
            let waiting = tokio::select! {
                biased;
                waiting = listener.accept() => waiting,
                () = &mut last_look => return,
            };
            if self.take(waiting).is_err() {
                return;
            }
        }
    }

    async fn drain(self) {
        self.open.close();
        let deadline = tokio::time::sleep(self.config.drain);
        tokio::pin!(deadline);
        let grace = self.config.idle_grace.min(self.config.drain);
        tokio::select! {
            () = self.open.wait() => return,
            () = tokio::time::sleep(grace) => self.closing.cancel(),
        }
        tokio::select! {
            () = self.open.wait() => {}
            () = &mut deadline => {
                tracing::warn!(connections = self.open.len(), "cut after the drain time");
                self.cut.cancel();
            }
        }
    }
}

/// The client went away between its handshake and our accept.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
