//! What the API document says of the domain's words, and of the answers that every command can
//! give.

#![expect(dead_code, reason = "these types exist to describe shapes")]

use http_edge::Problem;
use utoipa::openapi::{Components, ComponentsBuilder, OpenApi};
use utoipa::{IntoResponses, ToSchema};

/// A document with the shape of a problem, which responses refer to.
pub(crate) fn with_problem() -> OpenApi {
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

/// How any command can end without being carried out.
#[derive(IntoResponses)]
pub(crate) enum Problems {
    /// It cannot be read: syntax, encoding, U+0000, a seq that is not a positive integer.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// A member without the right (`forbidden`), or blocked by the peer (`blocked`).
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It does not exist, or one may not know that it does.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The key was used for another request (`idempotency_mismatch`), or the id is taken
    /// (`conflict`).
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// Larger than a limit, which the detail names.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// Not a media type that this call takes.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Problem),
    /// Well-formed, refused by a rule.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// Too many commands; `Retry-After` says when to come back.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// Postgres is away (`unavailable`), or too many others were faster (`busy`); `Retry-After`
    /// says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
