//! The checks before a request reaches its route: framing, method, origin, rate limit.

use std::sync::Arc;

use axum::extract::Request;
use http::header::{CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};

use crate::auth::Caller;
use crate::auth::caller::{bearer_token, is_websocket_upgrade};
use crate::context::{EdgeShared, RequestContext};
use crate::problem::Problem;
use crate::rate_limit::RateLimitStatus;

/// Admits the request and attaches its [`RequestContext`], or rejects it. Returns the caller whose
/// queries under way are counted. In both cases also returns the rate limit status of the user, if
/// the request counts against the limit. Commands have a rate limit and small answers, queries a
/// limit of those under way; administrators are exempt from both.
pub(super) fn admit(
    edge: &Arc<EdgeShared>,
    request: &mut Request,
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
    let mut counted = caller.clone().filter(|caller| !caller.admin);
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
    });
    (budget, Ok(counted))
}

fn is_command(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    )
}

fn check_request(edge: &EdgeShared, request: &Request) -> Result<(), Problem> {
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
    if is_websocket_upgrade(headers) && !is_origin_allowed(edge, headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "This origin is not allowed to open WebSockets; add it to the allowed origins.",
        ));
    }
    Ok(())
}

/// Whether the origin of a WebSocket upgrade is allowed. CORS does not cover WebSockets, so the
/// server has to check. Browsers send the origin of the page; other programs send none.
fn is_origin_allowed(edge: &EdgeShared, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if edge
        .config
        .allowed_origins
        .iter()
        .any(|allowed| allowed == origin)
    {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let page = origin.split_once("://").map(|(_, authority)| authority);
    matches!((page, host), (Some(page), Some(host)) if strip_port(page).eq_ignore_ascii_case(strip_port(host)))
}

/// The host without its port, because a proxy may have changed the port.
fn strip_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::strip_port;

    #[test]
    fn port_is_stripped_from_the_authority() {
        assert_eq!(strip_port("chat.example:8443"), "chat.example");
        assert_eq!(strip_port("chat.example"), "chat.example");
        assert_eq!(strip_port("[::1]:80"), "[::1]");
        assert_eq!(strip_port("[::1]"), "[::1]");
    }
}
