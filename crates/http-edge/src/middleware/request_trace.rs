//! The span of a request: the first one that this system adds to a trace.

use std::convert::Infallible;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use traces::{Span, SpanContext};

use super::access_log;

/// The header with the trace context of the caller.
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header of a response with the position of what the request has appended.
const TIDINGS_POSITION: &str = "tidings-position";

/// Starts the span of a request, if the request is traced. Probes never are.
pub(super) fn start(request: &Request, id: &HeaderValue, route: Option<&MatchedPath>) -> Span {
    if !traces::is_on() || access_log::is_probe(request.uri()) {
        return Span::default();
    }
    let (method, route) = (request.method(), route.map(MatchedPath::as_str));
    let traceparent = caller_header(request.headers());
    let mut span = Span::start_request(traceparent, || name_of_request(method, route));
    if span.is_recorded() {
        span.set("http.request.method", method.to_string());
        if let Some(route) = route {
            span.set("http.route", route.to_owned());
        }
        if let Ok(id) = id.to_str() {
            span.set("tidings.request_id", id.to_owned());
        }
    }
    span
}

/// Answers a request that is traced.
pub(super) async fn follow(
    mut span: Span,
    context: SpanContext,
    answering: impl Future<Output = Result<Response, Infallible>>,
) -> Result<Response, Infallible> {
    let Ok(response) = traces::follow(context, answering).await;
    let status = response.status();
    span.set("http.response.status_code", i64::from(status.as_u16()));
    let position = response.headers().get(TIDINGS_POSITION);
    let position = position.and_then(|position| position.to_str().ok()?.parse::<i64>().ok());
    if let Some(position) = position {
        span.set("tidings.position", position);
    }
    if status.is_server_error() {
        span.fail(&status);
    } else {
        span.end();
    }
    Ok(response)
}

/// The header of the caller. Several contradict each other, so they count as none.
fn caller_header(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let first = values.next().filter(|_| values.next().is_none());
    first?.to_str().ok()
}

/// Without the path, which has names of users and conversations in it.
fn name_of_request(method: &Method, route: Option<&str>) -> String {
    match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_headers_count_as_none() {
        let value = |text| HeaderValue::from_static(text);
        let mut headers = HeaderMap::new();
        assert_eq!(caller_header(&headers), None);
        headers.append(TRACEPARENT, value("00-1"));
        assert_eq!(caller_header(&headers), Some("00-1"));
        headers.append(TRACEPARENT, value("00-2"));
        assert_eq!(caller_header(&headers), None);
    }

    #[test]
    fn a_span_is_named_after_its_route() {
        let route = Some("/v1/conversations/{id}/messages");
        let name = name_of_request(&Method::POST, route);
        assert_eq!(name, "POST /v1/conversations/{id}/messages");
        assert_eq!(name_of_request(&Method::GET, None), "GET");
    }
}
