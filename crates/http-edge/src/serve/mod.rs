//! The accept loop of all services.
//!
//! Each connection is a task. Its socket (`socket`) knows the phase of the connection (`phase`)
//! and applies the timeout of that phase, so that waiting for a request, reading its headers and
//! writing the response have separate timeouts.
//!
//! **At the connection limit** a connection is accepted, answered with `503` and `Retry-After`
//! (`reject`), and closed. A client or a load balancer learns this immediately instead of waiting
//! in the kernel's queue.
//!
//! **TLS**: the handshake (`handshake`) is part of the connection's task, takes its place under the
//! limit, and has a timeout. From then on the socket works on the decrypted bytes (`stream`).
//!
//! **Shutdown**: the server accepts the connections in the kernel's queue, and no further ones.
//! From then on every response carries `Connection: close`. Idle connections close after a grace
//! period, each only when it has nothing to read, so every request that has arrived is answered.
//! After `drain_timeout` the remaining connections are closed.

mod connection;
mod handshake;
mod phase;
mod reject;
mod socket;
mod stream;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::EdgeConfig;
use crate::gate::Gate;
use crate::tls::ServerCertificate;
use connection::ConnectionServer;
use reject::REJECTION_TIMEOUT;
use socket::{ClientSocket, ConnectionSlot, FINAL_POLL_TIMEOUT};
use stream::ClientStream;

/// How much hyper may buffer per connection and direction.
const MAX_BUFFER_BYTES: usize = 128 * 1024;

/// How much the kernel buffers for a client that does not read. Without a limit it would be several
/// MiB for each connection, beside the limits on answers; with this one, a client at a distance of
/// 100 ms still reads 2.5 MB/s.
const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// How many connections are accepted from the kernel's queue after the shutdown signal.
const MAX_BACKLOG_CONNECTIONS: usize = 4_096;

/// How many connections are rejected with a response at the same time. Any further connection is
/// closed without one.
const MAX_CONCURRENT_REJECTIONS: usize = 64;

/// How long to wait when the machine runs out of file descriptors or memory.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves a router or a gate on this listener until `shutdown`, and then until the running requests
/// are done or `config.drain_timeout` has passed. Returns an error only if the listener is invalid.
pub async fn serve(
    listener: TcpListener,
    gate: impl Into<Gate>,
    config: EdgeConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let server = EdgeServer::new(gate.into(), config);
    accept_until_shutdown(listener, server, shutdown).await
}

/// The same over TLS.
pub async fn serve_tls(
    listener: TcpListener,
    certificate: &ServerCertificate,
    gate: impl Into<Gate>,
    config: EdgeConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let mut server = EdgeServer::new(gate.into(), config);
    server.tls = Some(certificate.acceptor().map_err(io::Error::other)?);
    accept_until_shutdown(listener, server, shutdown).await
}

async fn accept_until_shutdown(
    listener: TcpListener,
    server: EdgeServer,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.local_addr()?;
    // Accepted connections inherit it.
    SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER_BYTES)?;
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        if let Err(error) = server.spawn_connection(accepted) {
            tracing::warn!(%error, "cannot accept connections");
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(ACCEPT_BACKOFF) => {}
            }
        }
    }
    server.connections.draining.store(true, Ordering::Release);
    server.accept_backlog(&listener).await;
    drop(listener);
    server.drain().await;
    Ok(())
}

/// The state that the connections of one listener share.
struct EdgeServer {
    connections: Arc<ConnectionServer>,
    /// Set if the port serves TLS.
    tls: Option<TlsAcceptor>,
    config: Arc<EdgeConfig>,
    connection_slots: Arc<Semaphore>,
    rejection_slots: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl EdgeServer {
    fn new(gate: Gate, config: EdgeConfig) -> Self {
        let mut http = http1::Builder::new();
        // The socket has its own timeouts, because hyper's header timeout would include the time
        // between requests. The limit of 100 headers is hyper's own.
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_header_size(config.max_header_bytes)
            .max_buf_size(MAX_BUFFER_BYTES.max(config.max_header_bytes * 2));
        Self {
            connections: Arc::new(ConnectionServer {
                gate,
                http,
                draining: Arc::default(),
                close_idle: CancellationToken::new(),
                force_close: CancellationToken::new(),
            }),
            tls: None,
            connection_slots: Arc::new(Semaphore::new(config.max_connections)),
            rejection_slots: Arc::new(Semaphore::new(MAX_CONCURRENT_REJECTIONS)),
            config: Arc::new(config),
            tasks: TaskTracker::new(),
        }
    }

    /// Starts the task of an accepted connection. An error is one of this machine, not of the
    /// connection.
    fn spawn_connection(&self, accepted: io::Result<(TcpStream, SocketAddr)>) -> io::Result<()> {
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) if is_connection_error(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        // A response is written at once; Nagle's algorithm would only delay it.
        if stream.set_nodelay(true).is_err() {
            return Ok(());
        }
        if let Ok(room) = self.connection_slots.clone().try_acquire_owned() {
            let slot = ConnectionSlot::new(room, self.tasks.token());
            match &self.tls {
                None => {
                    let close_idle = self.connections.close_idle.clone();
                    let stream = ClientStream::Plain(stream);
                    let socket = ClientSocket::new(stream, self.config.clone(), close_idle, slot);
                    self.tasks.spawn(self.connections.serve(socket, peer));
                }
                Some(acceptor) => {
                    self.spawn_tls_connection(stream, peer, acceptor.clone(), slot);
                }
            }
        } else if let Ok(permit) = self.rejection_slots.clone().try_acquire_owned() {
            self.spawn_rejection(stream, permit);
        }
        Ok(())
    }

    /// Starts a task that does the handshake, and then serves the connection. A shutdown ends
    /// handshakes that take longer than its grace period: no request has arrived on them.
    fn spawn_tls_connection(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        acceptor: TlsAcceptor,
        slot: ConnectionSlot,
    ) {
        let (connections, config) = (self.connections.clone(), self.config.clone());
        self.tasks.spawn(async move {
            let stream = tokio::select! {
                biased;
                stream = handshake::do_handshake(stream, &acceptor, config.handshake_timeout) => stream,
                () = connections.close_idle.cancelled() => None,
            };
            if let Some(stream) = stream {
                let close_idle = connections.close_idle.clone();
                let socket = ClientSocket::new(stream, config, close_idle, slot);
                connections.serve(socket, peer).await;
            }
        });
    }

    /// Starts a task that rejects the connection, over TLS if the port serves TLS.
    fn spawn_rejection(&self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let acceptor = self.tls.clone();
        self.tasks.spawn(async move {
            let stream = match &acceptor {
                None => Some(ClientStream::Plain(stream)),
                Some(acceptor) => {
                    handshake::do_handshake(stream, acceptor, REJECTION_TIMEOUT).await
                }
            };
            if let Some(stream) = stream {
                reject::reject_connection(stream, &reject::too_many_connections()).await;
            }
            drop(permit);
        });
    }

    /// Accepts the connections in the kernel's queue, which closing the listener would reset.
    async fn accept_backlog(&self, listener: &TcpListener) {
        let last_look = tokio::time::sleep(FINAL_POLL_TIMEOUT);
        tokio::pin!(last_look);
        for _ in 0..MAX_BACKLOG_CONNECTIONS {
            let waiting = tokio::select! {
                biased;
                waiting = listener.accept() => waiting,
                () = &mut last_look => return,
            };
            if self.spawn_connection(waiting).is_err() {
                return;
            }
        }
    }

    async fn drain(self) {
        self.tasks.close();
        let deadline = tokio::time::sleep(self.config.drain_timeout);
        tokio::pin!(deadline);
        let grace = self.config.idle_grace.min(self.config.drain_timeout);
        tokio::select! {
            () = self.tasks.wait() => return,
            () = tokio::time::sleep(grace) => self.connections.close_idle.cancel(),
        }
        tokio::select! {
            () = self.tasks.wait() => {}
            () = &mut deadline => {
                tracing::warn!(
                    connections = self.tasks.len(),
                    "closing the remaining connections after the drain timeout"
                );
                self.connections.force_close.cancel();
            }
        }
    }
}

/// Whether the error concerns only this connection: the client left before it was accepted.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
