//! The middleware around every route. It is hand-written because every request passes through it:
//! one boxed future and one extension in total, and metric handles cached per route.

mod access_log;
mod precheck;
mod request_id;
mod request_metrics;
mod request_trace;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{
    ACCEPT_RANGES, ALLOW, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, IF_NONE_MATCH, IF_RANGE, ORIGIN, RANGE, RETRY_AFTER, SEC_WEBSOCKET_VERSION, VARY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowMethods, AllowOrigin, CorsLayer};

use crate::auth::acting::TIDINGS_ACT_FOR;
use crate::auth::caller::bearer_token;
use crate::auth::{Auth, Caller};
use crate::concurrency::{self, ConcurrencyLimiter, ConcurrencyPermit};
use crate::config::EdgeConfig;
use crate::context::EdgeResources;
use crate::extract::UnknownNames;
use crate::extract::unknown::TIDINGS_IGNORED;
use crate::origins::OriginGuard;
use crate::problem::{PROBLEM_JSON, Problem, ProblemCode};
use crate::rate_limit::{RateLimitStatus, RateLimiter};
use request_metrics::RouteMetrics;

/// How long a browser may cache the response to a preflight request.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(3_600);

/// Wraps every route of the router in the middleware, including the fallbacks (404, 405). Call it
/// once, outermost, after all routes are merged, and install the metrics recorder first, because
/// metric handles are cached.
///
/// The extractors of this crate work only inside this middleware.
pub fn apply_middleware(
    router: Router,
    auth: Auth,
    config: &EdgeConfig,
    limiter: RateLimiter,
) -> Router {
    let origins = Arc::new(OriginGuard::new(config.allowed_origins.clone()));
    let edge = Arc::new(EdgeResources {
        auth,
        limiter,
        concurrency: ConcurrencyLimiter::new(config.max_requests_per_user),
        origins: origins.clone(),
        config: config.clone(),
    });
    router.layer(EdgeLayer {
        edge,
        cors: Arc::new(cors_layer(origins)),
    })
}

fn cors_layer(origins: Arc<OriginGuard>) -> CorsLayer {
    let is_allowed = move |_: &HeaderValue, request: &Parts| origins.admits(&request.headers);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            CONTENT_RANGE,
            RANGE,
            IF_NONE_MATCH,
            IF_RANGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("prefer"),
            HeaderName::from_static(TIDINGS_ACT_FOR),
            request_id::X_REQUEST_ID,
            request_trace::TRACEPARENT,
        ])
        .expose_headers([
            ACCEPT_RANGES,
            CONTENT_DISPOSITION,
            CONTENT_RANGE,
            ETAG,
            RETRY_AFTER,
            HeaderName::from_static("tidings-position"),
            HeaderName::from_static("tidings-cursor"),
            TIDINGS_IGNORED,
            WWW_AUTHENTICATE,
            HeaderName::from_static("idempotent-replay"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            request_id::X_REQUEST_ID,
        ])
        .max_age(PREFLIGHT_MAX_AGE)
}

type ResponseFuture = BoxFuture<'static, Result<Response, Infallible>>;

#[derive(Clone)]
struct EdgeLayer {
    edge: Arc<EdgeResources>,
    cors: Arc<CorsLayer>,
}

impl Layer<Route> for EdgeLayer {
    type Service = EdgeService;

    fn layer(&self, inner: Route) -> EdgeService {
        EdgeService {
            inner,
            edge: self.edge.clone(),
            cors: self.cors.clone(),
            metrics: Arc::default(),
        }
    }
}

#[derive(Clone)]
struct EdgeService {
    inner: Route,
    edge: Arc<EdgeResources>,
    cors: Arc<CorsLayer>,
    metrics: Arc<RouteMetrics>,
}

impl Service<Request> for EdgeService {
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        // A route is always ready.
        Poll::Ready(Ok(()))
    }

    /// Only a page has an origin, and only browsers read the headers of the CORS layer. The layer
    /// copies its lists of headers for each request, so all others pass it by.
    fn call(&mut self, request: Request) -> Self::Future {
        if request.headers().contains_key(ORIGIN) || request.method() == Method::OPTIONS {
            let mut service = self.clone();
            let handler = service_fn(move |request| service.handle(request));
            Box::pin(self.cors.layer(handler).call(request))
        } else {
            self.handle(request)
        }
    }
}

impl EdgeService {
    /// Answers a request; the CORS layer is around this.
    fn handle(&mut self, request: Request) -> ResponseFuture {
        match self.fetch_of_unknown_key(&request) {
            None => self.answer(request),
            Some(fetched) => {
                let mut service = self.clone();
                Box::pin(async move {
                    fetched.await;
                    service.answer(request).await
                })
            }
        }
    }

    /// What to wait for if keys of tokens come from an address and the token names an unknown one.
    fn fetch_of_unknown_key(
        &self,
        request: &Request,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let auth = &self.edge.auth;
        if !auth.has_refetch() {
            return None;
        }
        let token = bearer_token(request.method(), request.uri(), request.headers())?;
        auth.refetch_for(&token)
    }

    fn answer(&mut self, mut request: Request) -> ResponseFuture {
        let exchange = HttpExchange {
            start: Instant::now(),
            request_id: request_id::from_headers(request.headers()),
            method: request.method().clone(),
            path: access_log::path_to_log(&self.edge.config, request.uri()),
            has_origin: request.headers().contains_key(ORIGIN),
            route: request.extensions().get().cloned(),
            edge: self.edge.clone(),
            metrics: self.metrics.clone(),
        };
        let span = request_trace::start(&request, &exchange.request_id, exchange.route.as_ref());
        let unknown = UnknownNames::preferred_by(request.headers());
        let (budget, admitted) = precheck::admit(&self.edge, &mut request, &unknown);
        let answer = admitted.map(|counted| (counted, self.inner.call(request)));
        let answering = async move {
            let (response, permit) = match answer {
                Ok((counted, running)) => exchange.run(counted.as_deref(), running).await,
                Err(problem) => (problem.into_response(), None),
            };
            let mut response = exchange.finish(response, budget.as_ref());
            if let Some(ignored) = unknown.to_header() {
                response.headers_mut().insert(TIDINGS_IGNORED, ignored);
            }
            Ok(concurrency::hold_until_written(response, permit))
        };
        match span.context() {
            None => Box::pin(answering),
            Some(context) => Box::pin(request_trace::follow(span, context, answering)),
        }
    }
}

/// One request and its response.
struct HttpExchange {
    start: Instant,
    request_id: HeaderValue,
    method: Method,
    /// The path, if the request is to be logged.
    path: Option<String>,
    /// Whether a page sent it, so that the CORS layer adds its headers.
    has_origin: bool,
    route: Option<MatchedPath>,
    edge: Arc<EdgeResources>,
    metrics: Arc<RouteMetrics>,
}

impl HttpExchange {
    /// Runs the handler when a slot of the counted user is free.
    async fn run(
        &self,
        counted: Option<&Caller>,
        running: impl Future<Output = Result<Response, Infallible>>,
    ) -> (Response, Option<ConcurrencyPermit>) {
        let permit = match counted {
            Some(caller) => self.edge.concurrency.acquire(&caller.user).await,
            None => Ok(None),
        };
        match permit {
            Ok(permit) => (self.await_response(running).await, permit),
            Err(problem) => (problem.into_response(), None),
        }
    }

    async fn await_response(
        &self,
        running: impl Future<Output = Result<Response, Infallible>>,
    ) -> Response {
        let guarded = AssertUnwindSafe(running).catch_unwind();
        let answered = if self.is_upload() {
            Ok(guarded.await)
        } else {
            tokio::time::timeout(self.edge.config.request_timeout, guarded).await
        };
        match answered {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            // The panic hook prints the panic message; the client receives only the request id.
            Ok(Err(_)) => Problem::internal().into_response(),
            Err(_) => Problem::timeout().into_response(),
        }
    }

    /// Whether the handler waits for a body that may take longer than any other request.
    fn is_upload(&self) -> bool {
        let routes = self.edge.config.upload_routes;
        let route = self.route.as_ref().map(MatchedPath::as_str);
        self.method == Method::PUT && route.is_some_and(|route| routes.contains(&route))
    }

    fn finish(&self, response: Response, budget: Option<&RateLimitStatus>) -> Response {
        let status = response.status();
        if let Some(path) = &self.path {
            access_log::log_request(&self.request_id, &self.method, path, status, self.start);
        }
        let mut response = if status.is_client_error() || status.is_server_error() {
            self.log_error(&response);
            ensure_problem(response, self.route.is_some())
        } else {
            response
        };
        let headers = response.headers_mut();
        headers.insert(request_id::X_REQUEST_ID, self.request_id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if !self.has_origin {
            // A cache must not answer a page with this response.
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(budget) = budget {
            self.edge.limiter.insert_headers(budget, headers);
        }
        self.metrics.record(
            self.route.as_ref(),
            &self.method,
            status,
            self.start.elapsed(),
        );
        response
    }

    /// Logs one line, never with a body, a token or a query string.
    fn log_error(&self, response: &Response) {
        let status = response.status().as_u16();
        let code = response
            .extensions()
            .get()
            .map_or("", |ProblemCode(code)| code);
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let id = self.request_id.to_str().unwrap_or_default();
        let ms = self.start.elapsed().as_millis() as u64;
        let method = self.method.as_str();
        if status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            // In an outage, that is every request. Its beginning and end are in the log.
            tracing::debug!(id, method, route, status, code, ms, "request failed");
        } else if status >= 500 {
            tracing::warn!(id, method, route, status, code, ms, "request failed");
        } else {
            tracing::debug!(id, method, route, status, code, ms, "request rejected");
        }
    }
}

/// Adds a problem document to an error response without one, such as those of the axum router and
/// of axum extractors.
fn ensure_problem(response: Response, has_route: bool) -> Response {
    let plain = match response.headers().get(CONTENT_TYPE) {
        None => true,
        Some(value) => value.as_bytes().starts_with(b"text/plain"),
    };
    if !plain {
        return response;
    }
    let (parts, _) = response.into_parts();
    let problem = match parts.status {
        StatusCode::NOT_FOUND if !has_route => Problem::no_such_path(),
        status => Problem::from_status(status),
    };
    let mut problem = problem.into_response();
    copy_headers(&parts.headers, problem.headers_mut());
    problem
}

/// Copies the headers that remain meaningful alongside the problem document.
fn copy_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [ALLOW, RETRY_AFTER, SEC_WEBSOCKET_VERSION] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
    debug_assert!(
        to.get(CONTENT_TYPE)
            .is_some_and(|value| value == PROBLEM_JSON)
    );
}
