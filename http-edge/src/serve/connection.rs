//! Serves one connection: hyper between the client socket and the router.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper_util::rt::TokioIo;
use tower::Service as _;

use super::Server;
use super::phase::Phase;
use super::socket::Socket;

/// Serves the connection until it closes. The future borrows nothing, so the server can continue to
/// accept connections.
pub(super) fn run(server: &Server, socket: Socket) -> impl Future<Output = ()> + Send + use<> {
    let service = Conversation {
        router: server.router.clone(),
        phase: socket.phase(),
        draining: server.draining.clone(),
        body_read: Arc::default(),
    };
    let connection = server
        .http
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let (closing, cut) = (server.closing.clone(), server.cut.clone());
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

/// Handles the requests of one connection, one at a time.
struct Conversation {
    router: Router,
    phase: Arc<Phase>,
    draining: Arc<AtomicBool>,
    /// Whether the body of the current request has been read to its end.
    body_read: Arc<AtomicBool>,
}

impl hyper::service::Service<Request<Incoming>> for Conversation {
    type Response = Response<Tracked>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.phase.request_read();
        // Created first: however the request ends, dropping the guard ends the phase.
        let end = EndOfResponse(self.phase.clone());
        self.body_read
            .store(request.body().is_end_stream(), Ordering::Relaxed);
        let body_read = self.body_read.clone();
        let request = request.map(|body| {
            let read = body_read.clone();
            Body::new(RequestBody { body, read })
        });
        let running = self.router.clone().call(request);
        let draining = self.draining.clone();
        Box::pin(async move {
            let mut response = running.await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                end.0.upgraded();
            } else if draining.load(Ordering::Acquire) || !body_read.load(Ordering::Relaxed) {
                // The response precedes the end of the request, as a rejection can. Hyper then
                // closes the connection, so the header warns the client not to reuse it.
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Tracked { body, _end: end }))
        })
    }
}

/// A request body that records when it has been read to its end.
struct RequestBody {
    body: Incoming,
    read: Arc<AtomicBool>,
}

impl hyper::body::Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.read.store(true, Ordering::Relaxed);
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
struct EndOfResponse(Arc<Phase>);

impl Drop for EndOfResponse {
    fn drop(&mut self) {
        self.0.response_written();
    }
}

/// A response body with the guard that marks its end.
struct Tracked {
    body: Body,
    _end: EndOfResponse,
}

impl hyper::body::Body for Tracked {
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
