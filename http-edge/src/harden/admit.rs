//! What is looked at before a request reaches its route: framing, method, origin, rate.

use std::sync::Arc;

use axum::extract::Request;
use http::header::{CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};

use super::{Context, Edge};
use crate::auth::caller::{is_websocket, token_of};
use crate::limit::Budget;
use crate::problem::Problem;

/// Lets the request in, with its [`Context`], or does not. Either way says what its user may still
/// send, if that is counted.
pub(super) fn admit(
    edge: &Arc<Edge>,
    request: &mut Request,
) -> (Option<Budget>, Result<(), Problem>) {
    if let Err(problem) = inspect(edge, request) {
        return (None, Err(problem));
    }
    let mut context = Context {
        edge: edge.clone(),
        caller: None,
    };
    let mut budget = None;
    if is_command(request.method()) {
        context.caller = token_of(request.method(), request.uri(), request.headers())
            .and_then(|token| edge.auth.verify(&token).ok());
        // Without a valid token there is nobody to count for; the route answers 401.
        if let Some(caller) = context.caller.as_deref().filter(|caller| !caller.admin) {
            budget = edge.limiter.take(&caller.user, 1);
        }
    }
    if let Some(wait) = budget.and_then(|budget| budget.wait) {
        return (budget, Err(Problem::too_many(wait)));
    }
    request.extensions_mut().insert(context);
    (budget, Ok(()))
}

fn is_command(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    )
}

fn inspect(edge: &Edge, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    // Two answers to "where does this request end" are how requests are smuggled past a proxy.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Problem::malformed(
            "Content-Length",
            "given together with Transfer-Encoding",
        ));
    }
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(Problem::malformed("Host", "the header is needed, once"));
    }
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return Err(Problem::method_not_allowed());
    }
    if is_websocket(headers) && !may_open_websocket(edge, headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "Pages of this origin may not open WebSockets here.",
        ));
    }
    Ok(())
}

/// A browser names the page's origin, and CORS does not cover WebSockets. Programs name none.
fn may_open_websocket(edge: &Edge, headers: &HeaderMap) -> bool {
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
    matches!((page, host), (Some(page), Some(host)) if name_of(page).eq_ignore_ascii_case(name_of(host)))
}

/// The host without its port: a proxy in between may have changed that.
fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_name_is_the_authority_without_its_port() {
        assert_eq!(name_of("chat.example:8443"), "chat.example");
        assert_eq!(name_of("chat.example"), "chat.example");
        assert_eq!(name_of("[::1]:80"), "[::1]");
        assert_eq!(name_of("[::1]"), "[::1]");
    }
}
