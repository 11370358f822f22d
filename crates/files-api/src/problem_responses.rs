//! The problem responses of these routes, for the OpenAPI document.

use std::collections::BTreeMap;

use http::StatusCode;
use http_edge::schema::problem_responses::responses_with;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

/// The problems that every command about a file can return.
pub(crate) struct UploadProblems;

impl IntoResponses for UploadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[
            StatusCode::BAD_REQUEST,
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::CONFLICT,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ])
    }
}

/// The further problem of a command about a file that exists.
pub(crate) struct UnknownFileProblem;

impl IntoResponses for UnknownFileProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::NOT_FOUND])
    }
}

/// The further problem of a command that puts bytes into the store.
pub(crate) struct FullStoreProblem;

impl IntoResponses for FullStoreProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::INSUFFICIENT_STORAGE])
    }
}
