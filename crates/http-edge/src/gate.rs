//! The router behind the port. Until the gate opens, it responds only that the process is starting;
//! from then on it serves all routes.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use tower::Service;

use crate::problem::Problem;

/// The `Retry-After` of responses while this process is starting.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A router that is replaced once. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    closed: Router,
    open: Arc<OnceLock<Router>>,
}

impl Gate {
    /// Creates a closed gate, which serves `closed` until it is opened.
    pub fn new(closed: Router) -> Self {
        Self {
            closed: closed.with_state(()),
            open: Arc::default(),
        }
    }

    /// Opens the gate: it serves `router` from now on. Only the first call has an effect.
    pub fn open(&self, router: Router) {
        // `with_state` prepares the router once instead of on every request.
        self.open.get_or_init(|| router.with_state(()));
    }

    /// A router to serve that delegates to the gate.
    pub fn router(&self) -> Router {
        Router::new().fallback_service(self.clone())
    }
}

impl Service<Request> for Gate {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut router = self.open.get().unwrap_or(&self.closed).clone();
        router.call(request)
    }
}

/// A router that responds to every request with 503 and the problem `starting`.
pub fn starting_router() -> Router {
    Router::new().fallback(|| async {
        Problem::unavailable(
            "starting",
            "The service is starting and waiting for its database.",
            RETRY_AFTER,
        )
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;

    use super::*;

    async fn get_status(gate: &Gate, path: &str) -> StatusCode {
        let request = Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("the request is valid");
        let Ok(response) = gate.router().call(request).await;
        response.status()
    }

    #[tokio::test]
    async fn the_gate_opens_once() {
        let gate = Gate::new(starting_router().route("/livez", get(|| async { "alive" })));
        assert_eq!(
            get_status(&gate, "/v1/inbox").await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(get_status(&gate, "/livez").await, StatusCode::OK);
        gate.open(Router::new().route("/v1/inbox", get(|| async { "mail" })));
        assert_eq!(get_status(&gate, "/v1/inbox").await, StatusCode::OK);
        gate.open(Router::new());
        assert_eq!(get_status(&gate, "/v1/inbox").await, StatusCode::OK);
        assert_eq!(get_status(&gate, "/nowhere").await, StatusCode::NOT_FOUND);
    }
}
