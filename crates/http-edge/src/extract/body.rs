//! Reads a request body with its content type, size limit and timeout.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use std::time::Duration;

use crate::context::RequestContext;
use crate::problem::Problem;

/// How far beyond the limit a body is still read to its end, so that a client that reads only after
/// it has sent everything receives its `413`. A larger body closes the connection.
const MAX_DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// The bytes of an NDJSON body, at most `max_batch_body_bytes`. The lines are not parsed; pass each
/// to [`super::from_json`]. A JSON array of what the lines would be is accepted too.
#[derive(Debug, Clone)]
pub struct Ndjson {
    /// The body.
    pub bytes: Bytes,
    /// Whether the body is a JSON array instead of lines.
    pub is_array: bool,
}

impl<S: Sync> FromRequest<S> for Ndjson {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let config = &RequestContext::from_extensions(request.extensions())?
            .edge
            .config;
        let (limit, timeout) = (config.max_batch_body_bytes, config.body_read_timeout);
        require_content_type(request.headers(), is_ndjson, "application/x-ndjson")?;
        let may_be_array = content_type(request.headers()).eq_ignore_ascii_case(ARRAY_TYPE);
        let bytes = read_body(request, limit, timeout).await?;
        Ok(Self {
            is_array: may_be_array && bytes.trim_ascii_start().starts_with(b"["),
            bytes,
        })
    }
}

/// The content type of an array. It is accepted for lines too.
const ARRAY_TYPE: &str = "application/json";

fn is_ndjson(essence: &str) -> bool {
    [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        ARRAY_TYPE,
    ]
    .iter()
    .any(|known| essence.eq_ignore_ascii_case(known))
}

/// Checks the media type. `is_expected` receives it without its parameters.
pub(super) fn require_content_type(
    headers: &HeaderMap,
    is_expected: fn(&str) -> bool,
    expected: &str,
) -> Result<(), Problem> {
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|name| !name.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::unsupported_media_type(
            "Compressed request bodies are not supported.",
        ));
    }
    if is_expected(content_type(headers)) {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(format!(
            "The Content-Type of this request must be {expected}."
        )))
    }
}

/// The media type without its parameters; empty if there is none.
fn content_type(headers: &HeaderMap) -> &str {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Reads the whole body. 413 if it has more than `limit` bytes, 408 if it takes longer than
/// `timeout`.
pub(super) async fn read_body(
    request: Request,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Problem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let body = request.into_body();
    match tokio::time::timeout(timeout, collect_body(body, announced, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!(
                "The request body did not arrive within {} s.",
                timeout.as_secs()
            ),
        )),
    }
}

async fn collect_body(
    mut body: Body,
    announced: Option<usize>,
    limit: usize,
) -> Result<Bytes, Problem> {
    let length = announced.unwrap_or(0);
    if length > limit.saturating_add(MAX_DISCARDED_BYTES) {
        return Err(too_large(limit));
    }
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let mut read = 0usize;
    while let Some(frame) = body.frame().await {
        // Reading fails when the client has disconnected or sends invalid chunks.
        let frame = frame
            .map_err(|_| Problem::bad_request("malformed", "The request body is incomplete."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read = read.saturating_add(data.len());
        if read > limit.saturating_add(MAX_DISCARDED_BYTES) {
            return Err(too_large(limit));
        }
        if read > limit {
            (first, more) = Default::default();
        } else if first.is_empty() && more.is_empty() {
            // Nearly every body arrives in one piece and is passed on without a copy.
            first = data;
        } else {
            if more.is_empty() {
                more.reserve(length.clamp(read, limit));
                more.extend_from_slice(&std::mem::take(&mut first));
            }
            more.extend_from_slice(&data);
        }
    }
    if read > limit {
        return Err(too_large(limit));
    }
    Ok(if more.is_empty() {
        first
    } else {
        more.freeze()
    })
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large(format!(
        "The body of this request may have at most {limit} bytes."
    ))
}
