//! Rejects a connection when the connection limit is reached.

use std::time::Duration;

use axum::response::IntoResponse;
use http::header::RETRY_AFTER;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::problem::{PROBLEM_JSON, Problem};
use crate::retry_after::jitter;

/// How long one rejection may take in total, because others are waiting.
const REJECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The range of the random `Retry-After`.
const RETRY_AFTER_RANGE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// How much of the request is read, because closing over unread bytes would lose the response.
const MAX_DISCARDED_BYTES: u64 = 64 * 1024;

/// Answers `503` and closes the connection. Best effort: errors are ignored.
pub(super) async fn reject_connection(mut stream: TcpStream) {
    let _ = tokio::time::timeout(REJECTION_TIMEOUT, async {
        stream.write_all(render_response().as_bytes()).await?;
        stream.shutdown().await?;
        let request = (&mut stream).take(MAX_DISCARDED_BYTES);
        tokio::io::copy(&mut { request }, &mut tokio::io::sink()).await
    })
    .await;
}

fn render_response() -> String {
    let problem = Problem::unavailable(
        "too_many_connections",
        "The server has reached its connection limit; try again later.",
        jitter(RETRY_AFTER_RANGE.0, RETRY_AFTER_RANGE.1),
    );
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let response = problem.into_response();
    let retry = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("1");
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: {PROBLEM_JSON}\r\nContent-Length: {}\r\n\
         Retry-After: {retry}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    )
}
