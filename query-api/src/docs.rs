//! Types that only describe the OpenAPI document: the enums of the domain, and the problem
//! responses.

#![expect(dead_code, reason = "these types describe the OpenAPI document")]

use http_edge::Problem;
use utoipa::openapi::{ComponentsBuilder, OpenApi};
use utoipa::{IntoResponses, ToSchema};

/// Returns a document with the schema of a problem, to which the responses refer.
pub(crate) fn base_document() -> OpenApi {
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

/// `direct` is a conversation of two users that never changes; users can join and leave a `group`.
#[derive(ToSchema)]
#[schema(as = ConversationKind, rename_all = "snake_case")]
pub(crate) enum ConversationKindDoc {
    Direct,
    Group,
}

/// What new members can see of earlier messages: `all` of them, or only those `since_join`.
#[derive(ToSchema)]
#[schema(as = History, rename_all = "snake_case")]
pub(crate) enum HistoryDoc {
    All,
    SinceJoin,
}

/// The role of a member, in ascending order of permissions.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub(crate) enum RoleDoc {
    Member,
    Admin,
    Owner,
}

/// The type of a message. `control` messages are delivered and stored, but never counted, previewed
/// or searched.
#[derive(ToSchema)]
#[schema(as = MessageType, rename_all = "snake_case")]
pub(crate) enum MessageTypeDoc {
    Text,
    Image,
    File,
    Audio,
    Video,
    Location,
    Custom,
    Control,
}

/// The problem responses of a query about the caller's own data.
#[derive(IntoResponses)]
pub(crate) enum CallerProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), or the read model has not reached `min_position` in
    /// time (`projection_behind`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// The problem responses of a query about a conversation.
#[derive(IntoResponses)]
pub(crate) enum ConversationProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// It does not exist, or the caller may not know that it exists.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), or the read model has not reached `min_position` in
    /// time (`projection_behind`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}

/// The problem responses of the sync feed.
#[derive(IntoResponses)]
pub(crate) enum SyncProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The cursor is older than the retained entries (`cursor_expired`, with `oldest`, the oldest
    /// cursor that is still valid), or beyond the head of the log (`cursor_ahead`, with `head`).
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), or the read model has not reached `min_position` in
    /// time (`projection_behind`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
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
    /// Postgres is unavailable (`unavailable`), the index is being built (`search_unavailable`) or
    /// has not reached `min_position` in time (`projection_behind`). `Retry-After` says when to try
    /// again.
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
