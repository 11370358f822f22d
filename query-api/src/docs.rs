//! What the API document says of the domain's words, and how a query can end without an answer.

#![expect(dead_code, reason = "these types exist to describe shapes")]

use http_edge::Problem;
use utoipa::openapi::{ComponentsBuilder, OpenApi};
use utoipa::{IntoResponses, ToSchema};

/// A document with the shape of a problem, which responses refer to.
pub(crate) fn with_problem() -> OpenApi {
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(parts)
        .schema_from::<Problem>()
        .build();
    let mut document = OpenApi::default();
    document.components = Some(components);
    document
}

/// Two people for ever, or a group that people join and leave.
#[derive(ToSchema)]
#[schema(as = ConversationKind, rename_all = "snake_case")]
pub(crate) enum Kind {
    Direct,
    Group,
}

/// What newcomers see of what was sent before they joined: everything, or nothing.
#[derive(ToSchema)]
#[schema(as = History, rename_all = "snake_case")]
pub(crate) enum History {
    All,
    SinceJoin,
}

/// What a member may do; a later one may do more.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub(crate) enum Role {
    Member,
    Admin,
    Owner,
}

/// What kind of message. `control` is delivered and kept, never counted, previewed or searched.
#[derive(ToSchema)]
#[schema(as = MessageType, rename_all = "snake_case")]
pub(crate) enum MessageType {
    Text,
    Image,
    File,
    Audio,
    Video,
    Location,
    Custom,
    Control,
}

/// How a query about what is one's own can end without an answer.
#[derive(IntoResponses)]
pub(crate) enum OwnProblems {
    /// A parameter cannot be read; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// Postgres is away (`unavailable`), or the read model has not reached `min_position` in time
    /// (`projection_behind`); `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// How a query about a conversation can end without an answer.
#[derive(IntoResponses)]
pub(crate) enum ConversationProblems {
    /// A parameter cannot be read; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// It does not exist, or one may not know that it does.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Postgres is away (`unavailable`), or the read model has not reached `min_position` in time
    /// (`projection_behind`); `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// How a sync can end without an answer.
#[derive(IntoResponses)]
pub(crate) enum SyncProblems {
    /// A parameter cannot be read; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The cursor is older than what is kept (`cursor_expired`, with `oldest`, the oldest one that
    /// still works), or beyond the log's head (`cursor_ahead`, with `head`).
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(#[to_schema] Problem),
    /// Postgres is away (`unavailable`), or the read model has not reached `min_position` in time
    /// (`projection_behind`); `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// How a search can end without an answer.
#[derive(IntoResponses)]
pub(crate) enum SearchProblems {
    /// A parameter cannot be read; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// `q` is too long, or holds neither a word nor an operator (`invalid`).
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(#[to_schema] Problem),
    /// Postgres is away (`unavailable`), the index is being built (`search_unavailable`), or has not
    /// reached `min_position` in time (`projection_behind`); `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// How reading the log can end without an answer.
#[derive(IntoResponses)]
pub(crate) enum AdminProblems {
    /// A parameter cannot be read; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The token has no scope `admin`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// Postgres is away (`unavailable`), or the log has not reached `min_position` in time
    /// (`projection_behind`); `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
