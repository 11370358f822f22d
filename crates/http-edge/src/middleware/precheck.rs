//! The checks before a request reaches its route: framing, method, origin, rate limit.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};

use crate::auth::caller::{bearer_token, is_websocket_upgrade};
use crate::auth::{Caller, acting};
use crate::context::{EdgeResources, RequestContext};
use crate::extract::UnknownNames;
use crate::problem::Problem;
use crate::rate_limit::RateLimitStatus;

/// Admits the request and attaches its [`RequestContext`], or rejects it. Returns the caller whose
/// queries under way are counted. In both cases also returns the rate limit status of the user, if
/// the request counts against the limit. Commands have a rate limit and small answers, queries a
/// limit of those under way; administrators are exempt from both.
pub(super) fn admit(
    edge: &Arc<EdgeResources>,
    request: &mut Request,
    unknown: &UnknownNames,
) -> (
    Option<RateLimitStatus>,
    Result<Option<Arc<Caller>>, Problem>,
) {
    if let Err(problem) = check_request(edge, request) {
        return (None, Err(problem));
    }
    // Without a valid token there is no user to count; the route answers 401.
    let caller = bearer_token(request.method(), request.uri(), request.headers())
        .and_then(|token| edge.auth.verify(&token).ok());
    if caller.is_some()
        && let Err(problem) = check_parameters(edge, request, unknown)
    {
        return (None, Err(problem));
    }
    let caller = match caller.map(|caller| find_caller(edge, caller, request.headers())) {
        None => None,
        Some(Ok(caller)) => Some(caller),
        Some(Err(problem)) => return (None, Err(problem)),
    };
    let mut counted = caller.clone().filter(|caller| !caller.is_unlimited());
    let mut budget = None;
    if is_command(request.method())
        && let Some(caller) = counted.take()
    {
        budget = edge.limiter.try_acquire(&caller.user, 1);
    }
    if let Some(wait) = budget.and_then(|budget| budget.retry_after) {
        return (budget, Err(Problem::rate_limited(wait)));
    }
    request.extensions_mut().insert(RequestContext {
        edge: edge.clone(),
        caller,
        unknown: unknown.clone(),
    });
    (budget, Ok(counted))
}

/// The caller as whom the request is made, if that user may call too.
fn find_caller(
    edge: &EdgeResources,
    caller: Arc<Caller>,
    headers: &HeaderMap,
) -> Result<Arc<Caller>, Problem> {
    let caller = acting::find_caller(caller, headers)?;
    if caller.actor.is_some() {
        edge.auth.check_access(&caller)?;
    }
    Ok(caller)
}

/// Refuses query parameters that the operation does not have, so that a misspelt one is not taken
/// for a page without a filter.
fn check_parameters(
    edge: &EdgeResources,
    request: &Request,
    unknown: &UnknownNames,
) -> Result<(), Problem> {
    let route: Option<&MatchedPath> = request.extensions().get();
    let found = route.and_then(|route| {
        let parameters = &edge.config.parameters;
        parameters.find_unknown(route, request.method(), request.uri())
    });
    let Some((known, found)) = found else {
        return Ok(());
    };
    unknown.check(found, &known).map_err(|errors| {
        let problem = Problem::bad_request("malformed", "The request has unknown parameters.");
        errors.into_iter().fold(problem, |problem, error| {
            problem.with_field_error(error.field, error.message)
        })
    })
}

fn is_command(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    )
}

fn check_request(edge: &EdgeResources, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    // Two conflicting lengths of a request allow request smuggling past a proxy.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Problem::malformed(
            "Content-Length",
            "must not be combined with Transfer-Encoding",
        ));
    }
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(Problem::malformed(
            "Host",
            "the header is required exactly once",
        ));
    }
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return Err(Problem::method_not_allowed());
    }
    // CORS does not cover WebSockets, so the server has to check.
    if is_websocket_upgrade(headers) && !edge.origins.admits(headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "This origin is not allowed to open WebSockets; add it to the allowed origins.",
        ));
    }
    Ok(())
}
