//! Extracts path parameters.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{shorten, text};
use crate::problem::Problem;

/// The parameters of the matched path, percent-decoded (`%2F` does not split a parameter); `400` if
/// they cannot be parsed.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        text::check_percent_encoding(parts.uri.path())
            .map_err(|defect| Problem::malformed("path", defect.message()))?;
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(path) => Ok(Self(path.0)),
            Err(rejection) if rejection.status().is_server_error() => {
                tracing::error!(
                    error = %rejection.body_text(),
                    "the path parameters do not match the route"
                );
                Err(Problem::internal())
            }
            Err(rejection) => Err(Problem::malformed("path", shorten(&rejection.body_text()))),
        }
    }
}
