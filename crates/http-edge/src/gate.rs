//! What a port serves: a router that may be replaced once. Until the gate opens, a starting process
//! responds only that it is starting; from then on it serves all routes.
//!
//! Every request passes the gate, so it is no router with a route of its own: that would match each
//! path twice, and allocate and move each request once more.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
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

    /// Passes a request to the router.
    pub(crate) fn call(&self, request: Request) -> RouteFuture<Infallible> {
        let mut router = self.open.get().unwrap_or(&self.closed).clone();
        // A router is always ready.
        router.call(request)
    }
}

impl From<Router> for Gate {
    /// A gate that never needs to open.
    fn from(router: Router) -> Self {
        Self::new(router)
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
        let Ok(response) = gate.call(request).await;
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
