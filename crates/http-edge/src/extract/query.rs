//! Extracts query parameters.

use std::error::Error;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::plain_words::{find_named_field, rephrase};
use super::{shorten, text};
use crate::problem::Problem;

/// The parameters of a query string; `400` if they cannot be parsed. Declare parameters with their
/// own rules (`limit`, cursors) as `Option<String>` and parse them with [`super::params`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let raw = parts.uri.query().unwrap_or_default();
        text::check_percent_encoding(raw)
            .map_err(|defect| Problem::malformed("", defect.message()))?;
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|rejection| {
                let reason = rejection
                    .source()
                    .map_or_else(String::new, ToString::to_string);
                let (field, message) = reason.split_once(": ").unwrap_or(("", &reason));
                let field = find_named_field(message).unwrap_or(field);
                Problem::malformed(shorten(field), shorten(&rephrase(message)))
            })
    }
}
