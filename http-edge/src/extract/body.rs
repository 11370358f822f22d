//! The bytes of a body: of the right type, within the limit, and in time.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use std::time::Duration;

use crate::harden::Context;
use crate::problem::Problem;

/// A body that is too large is still read to the end if it is at most this much larger, so that a
/// client which only listens after it has spoken gets its `413`. Beyond, the connection closes.
const MAX_DISCARDED: usize = 8 * 1024 * 1024;

/// The bytes of an NDJSON body, at most `max_batch_body` of them. Lines are not looked at; give
/// each to [`super::from_json`].
#[derive(Debug, Clone)]
pub struct Ndjson(pub Bytes);

impl<S: Sync> FromRequest<S> for Ndjson {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let config = &Context::of(request.extensions())?.edge.config;
        let (limit, timeout) = (config.max_batch_body, config.body_read_timeout);
        expect_type(request.headers(), is_ndjson, "application/x-ndjson")?;
        read(request, limit, timeout).await.map(Self)
    }
}

fn is_ndjson(essence: &str) -> bool {
    [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/json",
    ]
    .iter()
    .any(|known| essence.eq_ignore_ascii_case(known))
}

/// Checks the media type, of which `is_expected` sees what stands before the parameters.
pub(super) fn expect_type(
    headers: &HeaderMap,
    is_expected: fn(&str) -> bool,
    expected: &str,
) -> Result<(), Problem> {
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|name| !name.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::unsupported_media_type(
            "Bodies are taken uncompressed only.",
        ));
    }
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if is_expected(essence) {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(format!(
            "The Content-Type of this call is {expected}."
        )))
    }
}

/// The whole body. 413 if it has more than `limit` bytes, 408 if it takes longer than `timeout`.
pub(super) async fn read(
    request: Request,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Problem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let body = request.into_body();
    match tokio::time::timeout(timeout, collect(body, announced, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!("The body did not arrive within {} s.", timeout.as_secs()),
        )),
    }
}

async fn collect(mut body: Body, announced: Option<usize>, limit: usize) -> Result<Bytes, Problem> {
    let length = announced.unwrap_or(0);
    if length > limit.saturating_add(MAX_DISCARDED) {
        return Err(too_large(limit));
    }
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    let mut read = 0usize;
    while let Some(frame) = body.frame().await {
        // Reading fails when the client has gone, or sends chunks that are none.
        let frame = frame.map_err(|_| Problem::bad_request("malformed", "The body broke off."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read = read.saturating_add(data.len());
        if read > limit.saturating_add(MAX_DISCARDED) {
            return Err(too_large(limit));
        }
        if read > limit {
            (first, more) = Default::default();
        } else if first.is_empty() && more.is_empty() {
            // Nearly every body arrives whole: it is handed on as it is.
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
    Problem::too_large(format!("The body of this call has at most {limit} bytes."))
}
