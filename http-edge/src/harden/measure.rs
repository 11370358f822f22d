//! Requests by route, method and status. A route keeps the handles of its own metrics, so that a
//! request allocates no label.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::MatchedPath;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};

/// The metrics of one method of one route (of all methods, where the route has no such method).
#[derive(Default)]
pub(super) struct RouteMeter {
    seconds: OnceLock<Histogram>,
    // A handful at most: one for each status and method that was ever answered.
    requests: RwLock<Vec<(Method, StatusCode, Counter)>>,
}

impl RouteMeter {
    pub(super) fn record(
        &self,
        route: Option<&MatchedPath>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let label = || route.map_or("unmatched", MatchedPath::as_str).to_owned();
        let seconds = self
            .seconds
            .get_or_init(|| histogram!("tidings_http_seconds", "route" => label()));
        seconds.record(took.as_secs_f64());

        let method = known(method);
        let kept = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, counter)) = kept.iter().find(|(m, s, _)| *s == status && *m == method) {
            counter.increment(1);
            return;
        }
        drop(kept);
        let counter = counter!(
            "tidings_http_requests_total",
            "route" => label(),
            "method" => method.as_str().to_owned(),
            "status" => status.as_str().to_owned(),
        );
        counter.increment(1);
        // Two that come here at once share the counter; the second entry is never looked at.
        self.requests
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push((method, status, counter));
    }
}

/// Methods are the client's to invent; labels are not.
fn known(method: &Method) -> Method {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
        Method::OPTIONS,
    ];
    // TRACE is refused everywhere, so its name may stand for all that is unknown.
    if KNOWN.contains(method) {
        method.clone()
    } else {
        Method::TRACE
    }
}
