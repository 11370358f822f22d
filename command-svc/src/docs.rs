//! OpenAPI schemas for domain types, and the problem responses that every command can return.

#![expect(dead_code, reason = "these types exist to describe shapes")]

use http_edge::Problem;
use utoipa::openapi::{Components, ComponentsBuilder, OpenApi};
use utoipa::{IntoResponses, ToSchema};

/// An OpenAPI document that contains the `Problem` schema, which responses refer to.
pub(crate) fn new_openapi() -> OpenApi {
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    let components: Components = ComponentsBuilder::new()
        .schemas_from_iter(parts)
        .schema_from::<Problem>()
        .build();
    let mut document = OpenApi::default();
    document.components = Some(components);
    document
}

/// A fixed pair of users, or a group that users join and leave.
#[derive(ToSchema)]
#[schema(as = ConversationKind, rename_all = "snake_case")]
pub(crate) enum ConversationKindSchema {
    Direct,
    Group,
}

/// Which messages sent before they joined new members can see: all or none.
#[derive(ToSchema)]
#[schema(as = History, rename_all = "snake_case")]
pub(crate) enum HistorySchema {
    All,
    SinceJoin,
}

/// The type of a message. `control` messages are delivered and stored, but never counted as
/// unread, previewed or searched.
#[derive(ToSchema)]
#[schema(as = MessageType, rename_all = "snake_case")]
pub(crate) enum MessageTypeSchema {
    Text,
    Image,
    File,
    Audio,
    Video,
    Location,
    Custom,
    Control,
}

/// The problems that any command can return.
#[derive(IntoResponses)]
pub(crate) enum CommandProblems {
    /// The request is malformed: invalid syntax or encoding, U+0000, or a seq that is not a
    /// positive integer.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The token is missing or invalid.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The member lacks the permission (`forbidden`), or the other user has blocked the caller
    /// (`blocked`).
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It does not exist, or the caller cannot see it.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The key was used for a different request (`idempotency_mismatch`), or the id is already in
    /// use (`conflict`).
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The request exceeds a size limit; the detail says which.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The media type is not supported by this operation.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Problem),
    /// The request is well formed but violates a rule.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// Too many commands; `Retry-After` says when to retry.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// Postgres is unavailable (`unavailable`), or there were too many conflicting changes
    /// (`busy`); `Retry-After` says when to retry.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
