//! Request metrics by route, method and status. Each route caches the handles of its metrics, so
//! that a request allocates no labels.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::MatchedPath;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};

/// The metrics of one method of one route (of all methods, if the route does not have the method).
#[derive(Default)]
pub(super) struct RouteMetrics {
    latency: OnceLock<Histogram>,
    // Only a few: one per combination of status and method that has occurred.
    request_counters: RwLock<Vec<(Method, StatusCode, Counter)>>,
}

impl RouteMetrics {
    pub(super) fn record(
        &self,
        route: Option<&MatchedPath>,
        method: &Method,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let label = || route.map_or("unmatched", MatchedPath::as_str).to_owned();
        let seconds = self
            .latency
            .get_or_init(|| histogram!("tidings_http_seconds", "route" => label()));
        seconds.record(elapsed.as_secs_f64());

        let method = known_method(method);
        let counters = self
            .request_counters
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, counter)) = counters
            .iter()
            .find(|(m, s, _)| *s == status && *m == method)
        {
            counter.increment(1);
            return;
        }
        drop(counters);
        let counter = counter!(
            "tidings_http_requests_total",
            "route" => label(),
            "method" => method.as_str().to_owned(),
            "status" => status.as_str().to_owned(),
        );
        counter.increment(1);
        // Two concurrent requests share the counter; the second entry is never used.
        self.request_counters
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push((method, status, counter));
    }
}

/// The method as a metric label. Clients can invent methods, so unknown ones share one label.
fn known_method(method: &Method) -> Method {
    const KNOWN_METHODS: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
        Method::OPTIONS,
    ];
    // TRACE is rejected everywhere, so its name can represent all unknown methods.
    if KNOWN_METHODS.contains(method) {
        method.clone()
    } else {
        Method::TRACE
    }
}
