//! The accept loop of all services.
//!
//! Each connection is a task. Its socket ([`socket`]) knows the phase of the connection ([`phase`])
//! and applies the timeout of that phase, so that waiting for a request, reading its headers and
//! writing the response have separate timeouts.
//!
//! **At the connection limit** a connection is accepted, answered with `503` and `Retry-After`
//! ([`reject`]), and closed. A client or a load balancer learns this immediately instead of waiting
//! in the kernel's queue.
//!
//! **Shutdown**: the server accepts the connections in the kernel's queue, and no further ones.
//! From then on every response carries `Connection: close`. Idle connections close after a grace
//! period, each only when it has nothing to read, so every request that has arrived is answered.
//! After `drain_timeout` the remaining connections are closed.

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

/// How much hyper may buffer per connection and direction.
const MAX_BUFFER: usize = 128 * 1024;

/// How many connections are accepted from the kernel's queue after the shutdown signal.
const MAX_BACKLOG: usize = 4_096;

/// How many connections are rejected with a response at the same time. Any further connection is
/// closed without one.
const MAX_REFUSING: usize = 64;

/// A pending poll only reflects the last time the runtime polled the kernel. A timer fires only
/// after the runtime has polled it again, so after this time "nothing to read" is certain.
const LAST_LOOK: Duration = Duration::from_millis(1);

/// How long to wait when the machine runs out of file descriptors or memory.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves the router on this listener until `shutdown`, and then until the running requests are
/// done or `config.drain_timeout` has passed. Returns an error only if the listener is invalid.
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

/// The state that the connections of one listener share.
struct Server {
    router: Router,
    http: http1::Builder,
    config: Arc<EdgeConfig>,
    room: Arc<Semaphore>,
    refusing: Arc<Semaphore>,
    /// Once set, responses carry `Connection: close`.
    draining: Arc<AtomicBool>,
    /// Once cancelled, idle connections close.
    closing: CancellationToken,
    /// Once cancelled, all connections are closed immediately.
    cut: CancellationToken,
    open: TaskTracker,
}

impl Server {
    fn new(router: Router, config: EdgeConfig) -> Self {
        let mut http = http1::Builder::new();
        // The socket has its own timeouts, because hyper's header timeout would include the time
        // between requests. The limit of 100 headers is hyper's own.
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

    /// Starts the task of an accepted connection. An error is one of this machine, not of the
    /// connection.
    fn take(&self, accepted: io::Result<(TcpStream, SocketAddr)>) -> io::Result<()> {
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_the_connection(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        // A response is written at once; Nagle's algorithm would only delay it.
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

    /// Accepts the connections in the kernel's queue, which closing the listener would reset.
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
                tracing::warn!(
                    connections = self.open.len(),
                    "closing the remaining connections after the drain timeout"
                );
                self.cut.cancel();
            }
        }
    }
}

/// Whether the error concerns only this connection: the client left before it was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
