//! The problem responses that every command can return, for the OpenAPI document.

#![expect(dead_code, reason = "these types exist to describe shapes")]

use http_edge::Problem;
use utoipa::IntoResponses;

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

#[cfg(test)]
mod tests {
    use domain::body::MessageType;
    use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
    use http_edge::schema::{ConversationKindSchema, HistorySchema, MessageTypeSchema, RoleSchema};
    use serde::Serialize;
    use serde_json::to_value;
    use utoipa::PartialSchema;

    fn assert_mirrors<S: PartialSchema>(values: &[impl Serialize]) {
        let schema = to_value(S::schema()).expect("a schema");
        assert_eq!(schema["enum"], to_value(values).expect("values"));
    }

    #[test]
    fn the_schemas_of_the_edge_mirror_the_domain() {
        use MessageType::{Audio, Control, Custom, File, Image, Location, Text, Video};
        assert_mirrors::<ConversationKindSchema>(&[
            ConversationKind::Direct,
            ConversationKind::Group,
        ]);
        assert_mirrors::<HistorySchema>(&[HistoryVisibility::All, HistoryVisibility::SinceJoin]);
        assert_mirrors::<RoleSchema>(&[Role::Member, Role::Admin, Role::Owner]);
        assert_mirrors::<MessageTypeSchema>(&[
            Text, Image, File, Audio, Video, Location, Custom, Control,
        ]);
    }
}
