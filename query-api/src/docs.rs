//! The problem responses of queries, for the OpenAPI document.

#![expect(dead_code, reason = "these types describe the OpenAPI document")]

use http_edge::Problem;
use utoipa::IntoResponses;

/// The problem responses of every query. Those of some queries follow.
#[derive(IntoResponses)]
pub(crate) enum CallerProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// Too many queries of the user are under way. `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), the read model has not reached `min_position` in
    /// time (`projection_behind`), or slow clients use all memory for answers (`overloaded`).
    /// `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// The further problem response of a query about a conversation or a message.
#[derive(IntoResponses)]
pub(crate) enum NotFoundProblem {
    /// It does not exist, or the caller may not know that it exists.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
}

/// The further problem response of a query about the reactions with one key.
#[derive(IntoResponses)]
pub(crate) enum ReactionKeyProblem {
    /// The key cannot be that of a reaction (`invalid`).
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(#[to_schema] Problem),
}

/// The further problem response of the sync feed.
#[derive(IntoResponses)]
pub(crate) enum CursorProblem {
    /// The cursor is older than the retained entries (`cursor_expired`, with `oldest`, the oldest
    /// cursor that is still valid) or of another history (`cursor_expired`), or beyond the head of
    /// the log (`cursor_ahead`, with `head`).
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(#[to_schema] Problem),
}

/// The problem responses of a search.
#[derive(IntoResponses)]
pub(crate) enum SearchProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// `q` is too long, or contains neither a word nor an operator (`invalid`).
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(#[to_schema] Problem),
    /// Too many queries of the user are under way. `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), the index is being built (`search_unavailable`) or
    /// has not reached `min_position` in time (`projection_behind`), or slow clients use all memory
    /// for answers (`overloaded`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// The problem responses of reading the log.
#[derive(IntoResponses)]
pub(crate) enum AdminProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The token does not have the scope `admin`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), or the log has not reached `min_position` in time
    /// (`projection_behind`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
