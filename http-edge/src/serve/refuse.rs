//! The answer to a connection for which there is no room.

use std::time::Duration;

use axum::response::IntoResponse;
use http::header::RETRY_AFTER;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::problem::{PROBLEM_JSON, Problem};
use crate::retry::spread;

/// How long it may take altogether. There are others to be told.
const PATIENCE: Duration = Duration::from_secs(1);

/// When those come back who were told.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What is read of the request, so that closing does not take back the answer.
const MAX_REQUEST: u64 = 64 * 1024;

/// Says `503` and closes. Whether the client hears it is its own business.
pub(super) async fn refuse(mut stream: TcpStream) {
    let _ = tokio::time::timeout(PATIENCE, async {
        stream.write_all(answer().as_bytes()).await?;
        stream.shutdown().await?;
        let request = (&mut stream).take(MAX_REQUEST);
        tokio::io::copy(&mut { request }, &mut tokio::io::sink()).await
    })
    .await;
}

fn answer() -> String {
    let problem = Problem::unavailable(
        "too_many_connections",
        "There is no room for a connection now.",
        spread(RETRY.0, RETRY.1),
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
