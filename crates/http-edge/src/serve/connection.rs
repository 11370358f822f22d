//! Serves one connection: hyper between the client socket and the gate.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use super::phase::PhaseTracker;
use super::socket::ClientSocket;
use crate::client_address::PeerAddress;
use crate::gate::Gate;

/// Serves connections, and ends them on shutdown.
pub(super) struct ConnectionServer {
    pub(super) gate: Gate,
    pub(super) http: http1::Builder,
    /// Once set, responses carry `Connection: close`.
    pub(super) draining: Arc<AtomicBool>,
    /// Once cancelled, idle connections close.
    pub(super) close_idle: CancellationToken,
    /// Once cancelled, all connections are closed immediately.
    pub(super) force_close: CancellationToken,
}

impl ConnectionServer {
    /// Serves the connection until it closes. The future borrows nothing, so the server can
    /// continue to accept connections.
    pub(super) fn serve(
        &self,
        socket: ClientSocket,
        peer: IpAddr,
    ) -> impl Future<Output = ()> + Send + use<> {
        let service = ConnectionService {
            gate: self.gate.clone(),
            peer: PeerAddress(peer),
            phase: socket.phase(),
            draining: self.draining.clone(),
            is_body_read: Arc::default(),
        };
        let connection = self
            .http
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades();
        let (closing, cut) = (self.close_idle.clone(), self.force_close.clone());
        async move {
            tokio::pin!(connection);
            let ended = tokio::select! {
                biased;
                ended = &mut connection => ended,
                // An idle socket closes itself as soon as it is polled again.
                () = closing.cancelled() => tokio::select! {
                    biased;
                    ended = connection => ended,
                    () = cut.cancelled() => return,
                },
            };
            if let Err(error) = ended {
                // Clients drop connections all the time; this is not an error of the server.
                tracing::trace!(%error, "a connection was interrupted");
            }
        }
    }
}

/// Handles the requests of one connection, one at a time.
struct ConnectionService {
    gate: Gate,
    peer: PeerAddress,
    phase: Arc<PhaseTracker>,
    draining: Arc<AtomicBool>,
    /// Whether the body of the current request has been read to its end.
    is_body_read: Arc<AtomicBool>,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<TrackedResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.phase.on_request_read();
        // Created first: however the request ends, dropping the guard ends the phase.
        let end = ResponseGuard(self.phase.clone());
        self.is_body_read
            .store(request.body().is_end_stream(), Ordering::Relaxed);
        let body_read = self.is_body_read.clone();
        let mut request = request.map(|body| {
            let read = body_read.clone();
            Body::new(TrackedRequestBody {
                body,
                is_read_to_end: read,
            })
        });
        request.extensions_mut().insert(self.peer);
        let running = self.gate.call(request);
        let draining = self.draining.clone();
        Box::pin(async move {
            let mut response = running.await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                end.0.on_upgrade();
            } else if draining.load(Ordering::Acquire) || !body_read.load(Ordering::Relaxed) {
                // The response precedes the end of the request, as a rejection can. Hyper then
                // closes the connection, so the header warns the client not to reuse it.
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| TrackedResponseBody { body, _guard: end }))
        })
    }
}

/// A request body that records when it has been read to its end.
struct TrackedRequestBody {
    body: Incoming,
    is_read_to_end: Arc<AtomicBool>,
}

impl hyper::body::Body for TrackedRequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_read_to_end.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A guard that ends the response phase when the response has been written or abandoned.
struct ResponseGuard(Arc<PhaseTracker>);

impl Drop for ResponseGuard {
    fn drop(&mut self) {
        self.0.on_response_written();
    }
}

/// A response body with the guard that marks its end.
struct TrackedResponseBody {
    body: Body,
    _guard: ResponseGuard,
}

impl hyper::body::Body for TrackedResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
