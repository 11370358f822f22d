//! What the OpenAPI document says of queries besides their routes.
//!
//! - `entries`: the entries of the sync feed by type. `frames`: the frames of live delivery.
//! - `event`: an event of the log.
//! - [`live_document`](self::live_document::build_live_document): the AsyncAPI document of live
//!   delivery, which has the same schemas.

mod entries;
mod event;
mod frames;
pub(crate) mod live_document;

pub(crate) use event::EventLines;

use std::collections::BTreeMap;

use http::StatusCode;
use http_edge::schema::message_body::split_by_message_type;
use http_edge::schema::problem_responses::responses_with;
use http_edge::schema::union;
use utoipa::IntoResponses;
use utoipa::openapi::{OpenApi, RefOr, Response};

/// Puts unions into the form that generators of clients take, and adds the frames of live delivery.
pub(crate) fn arrange_unions(api: &mut OpenApi) {
    let schemas = union::schemas_of(api);
    union::merge_all_of(schemas);
    split_by_message_type(schemas, "Message", |kind| format!("{kind}Message"));
    entries::split_entries(schemas);
    frames::add_frames(schemas);
}

/// The problem responses of every query. Those of some queries follow.
pub(crate) struct CallerProblems;

impl IntoResponses for CallerProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[
            StatusCode::BAD_REQUEST,
            StatusCode::UNAUTHORIZED,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ])
    }
}

/// The further problem response of a query about a conversation or a message.
pub(crate) struct NotFoundProblem;

impl IntoResponses for NotFoundProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::NOT_FOUND])
    }
}

/// The further problem response of a query whose text can violate a rule: a search, or a query
/// about the reactions with one key.
pub(crate) struct InvalidProblem;

impl IntoResponses for InvalidProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::UNPROCESSABLE_ENTITY])
    }
}

/// The further problem response of the sync feed.
pub(crate) struct CursorProblem;

impl IntoResponses for CursorProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::GONE])
    }
}

/// The further problem response of reading the log.
pub(crate) struct AdminProblem;

impl IntoResponses for AdminProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[StatusCode::FORBIDDEN])
    }
}
