//! Parses a JSON object that a request may omit, because all of its fields are optional.

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::body;
use super::json::Json;
use crate::context::RequestContext;
use crate::problem::Problem;

/// The body of a request like [`Json`]; the default value for a request without a body and without
/// a content type.
#[derive(Debug, Clone, Copy, Default)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return Json::from_request(request, state)
                .await
                .map(|Json(parsed)| Self(parsed));
        }
        let timeout = RequestContext::from_extensions(request.extensions())?
            .edge
            .config
            .body_read_timeout;
        // Anything but nothing needs a content type.
        match body::read_body(request, 0, timeout).await {
            Ok(bytes) if bytes.is_empty() => Ok(Self::default()),
            Err(problem) if problem.status() == http::StatusCode::REQUEST_TIMEOUT => Err(problem),
            _ => Err(Problem::unsupported_media_type(
                "The Content-Type of this request must be application/json.",
            )),
        }
    }
}
