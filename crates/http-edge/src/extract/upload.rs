//! The body of an upload, whose bytes are passed on as they arrive.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt as _;

use crate::context::RequestContext;
use crate::problem::Problem;

/// A body of any type and size. It may take as long as it needs, as long as something arrives in
/// every `body_read_timeout`. The handler limits its size.
pub struct UploadBody {
    body: Body,
    announced: Option<u64>,
    stall_timeout: Duration,
}

impl<S: Sync> FromRequest<S> for UploadBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let config = &RequestContext::from_extensions(request.extensions())?
            .edge
            .config;
        let stall_timeout = config.body_read_timeout;
        let headers = request.headers();
        let encoding = headers.get(CONTENT_ENCODING);
        if encoding.is_some_and(|name| !name.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Problem::unsupported_media_type(
                "Compressed request bodies are not supported.",
            ));
        }
        let announced = headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Self {
            announced,
            body: request.into_body(),
            stall_timeout,
        })
    }
}

impl UploadBody {
    /// The size in bytes, if the client has announced it.
    pub fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// The next bytes; `None` at the end. `408` if nothing arrives, `400` if the client is gone.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let frame = tokio::time::timeout(self.stall_timeout, self.body.frame()).await;
            let Ok(frame) = frame else {
                let seconds = self.stall_timeout.as_secs();
                let detail = format!("No bytes of the request body arrived for {seconds} s.");
                let status = StatusCode::REQUEST_TIMEOUT;
                return Err(Problem::new(status, "body_timeout", detail));
            };
            let Some(frame) = frame else {
                return Ok(None);
            };
            let frame = frame.map_err(|_| {
                Problem::bad_request("malformed", "The request body is incomplete.")
            })?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}
