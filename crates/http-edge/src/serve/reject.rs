//! Rejects a connection before its first request has been read.

use std::time::Duration;

use axum::response::IntoResponse;
use http::header::RETRY_AFTER;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::problem::{PROBLEM_JSON, Problem};
use crate::retry_after::jitter;

/// How long one rejection may take in total, because others are waiting.
pub(super) const REJECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The range of the random `Retry-After`.
const RETRY_AFTER_RANGE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// How much of the request is read, because closing over unread bytes would lose the response.
const MAX_DISCARDED_BYTES: u64 = 64 * 1024;

/// The answer to a connection beyond the limit.
pub(super) fn too_many_connections() -> Problem {
    Problem::unavailable(
        "too_many_connections",
        "The server has reached its connection limit; try again later.",
        jitter(RETRY_AFTER_RANGE.0, RETRY_AFTER_RANGE.1),
    )
}

/// Answers with the problem and closes the connection. Best effort: errors are ignored.
pub(super) async fn reject_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    problem: &Problem,
) {
    let _ = tokio::time::timeout(REJECTION_TIMEOUT, async {
        stream
            .write_all(render_response(problem).as_bytes())
            .await?;
        stream.shutdown().await?;
        let request = (&mut stream).take(MAX_DISCARDED_BYTES);
        tokio::io::copy(&mut { request }, &mut tokio::io::sink()).await
    })
    .await;
}

fn render_response(problem: &Problem) -> String {
    let body = serde_json::to_string(problem).unwrap_or_default();
    let response = problem.clone().into_response();
    let retry = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .map(|seconds| format!("Retry-After: {seconds}\r\n"))
        .unwrap_or_default();
    format!(
        "HTTP/1.1 {}\r\nContent-Type: {PROBLEM_JSON}\r\nContent-Length: {}\r\n{retry}\
         Connection: close\r\n\r\n{body}",
        response.status(),
        body.len(),
    )
}
