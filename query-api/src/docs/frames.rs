//! The frames of live delivery, in both directions. A WebSocket carries them as JSON texts, and
//! server-sent events those of the server.

#![expect(dead_code, reason = "these types describe the OpenAPI document")]

use http_edge::FieldError;
use http_edge::schema::union::{
    SchemaMap, UnionVariant, add_union, allow_other_properties, pascal_case,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::sql::entry_view::FeedEntry;

/// An entry of the sync feed.
#[derive(ToSchema)]
struct EntryFrameSchema {
    /// The entry.
    entry: FeedEntry,
    /// The cursor of the entry.
    #[schema(example = "1234.5f3a9c21")]
    cursor: String,
    /// True if another entry of the same position follows: do not use the cursor yet.
    #[schema(required = false)]
    more: bool,
}

/// The backlog is complete.
#[derive(ToSchema)]
struct CaughtUpFrameSchema {
    /// The cursor of its end.
    #[schema(example = "1234.5f3a9c21")]
    cursor: String,
}

/// A member is typing.
#[derive(ToSchema)]
struct TypingFrameSchema {
    /// The conversation.
    conversation_id: String,
    /// The member.
    user: String,
}

/// A member is no longer typing.
#[derive(ToSchema)]
struct TypingStoppedFrameSchema {
    /// The conversation.
    conversation_id: String,
    /// The member.
    user: String,
}

/// A watched user has gone online or offline, or a watch has begun.
#[derive(ToSchema)]
struct PresenceFrameSchema {
    /// The user.
    user: String,
    /// Whether the user has a live connection.
    online: bool,
    /// When the user was last online, if that is known; null while the user is online.
    #[schema(format = DateTime, required = true)]
    last_seen: Option<String>,
}

/// The number of sessions at a service desk has changed. For its agents.
#[derive(ToSchema)]
struct DeskFrameSchema {
    /// The desk.
    desk: String,
    /// How many sessions wait for an agent.
    waiting: i64,
    /// How many sessions have an agent.
    open: i64,
}

/// A newer token is in use.
#[derive(ToSchema)]
struct TokenRenewedFrameSchema {
    /// When it expires.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A frame of the client was not carried out. The connection goes on.
#[derive(ToSchema)]
struct RefusedFrameSchema {
    /// The type of that frame.
    #[schema(example = "ack")]
    frame: String,
    /// The reason phrase of the status.
    title: String,
    /// The HTTP status that corresponds to the reason.
    status: u16,
    /// A description of the reason, for humans.
    detail: String,
    /// The stable error code, in snake_case, for programs: `device_missing` for an acknowledgement
    /// over a connection that names no device.
    #[schema(example = "device_missing")]
    code: String,
}

/// Why the server closes the connection, as a problem document. Some codes have further members.
#[derive(ToSchema)]
struct ProblemFrameSchema {
    /// The reason phrase of the status.
    title: String,
    /// The HTTP status that corresponds to the close code.
    status: u16,
    /// A description of the error, for humans.
    detail: String,
    /// The stable error code, in snake_case, for programs.
    code: String,
    /// The invalid fields, for an invalid frame.
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// After how many seconds to connect again.
    #[schema(required = false)]
    retry_after: u64,
}

/// The token of the caller: the first frame of a connection without one, or a newer token.
#[derive(ToSchema)]
struct TokenFrameSchema {
    /// The token.
    token: String,
}

/// Acknowledges everything up to a cursor.
#[derive(ToSchema)]
struct AckFrameSchema {
    /// The cursor of the last received entry.
    #[schema(example = "1234.5f3a9c21")]
    cursor: String,
}

/// The caller is typing.
#[derive(ToSchema)]
struct OwnTypingFrameSchema {
    /// The conversation in which the caller is typing.
    conversation_id: String,
}

/// The caller is no longer typing.
#[derive(ToSchema)]
struct OwnTypingStoppedFrameSchema {
    /// The conversation in which the caller was typing.
    conversation_id: String,
}

/// Watches the presence of users, instead of those watched before.
#[derive(ToSchema)]
struct WatchFrameSchema {
    /// The users, at most 500.
    #[schema(max_items = 500)]
    users: Vec<String>,
}

/// The union of the frames of the server, and that of the frames of a client.
pub(super) const UNIONS: [&str; 2] = ["ServerFrame", "ClientFrame"];

/// Adds the frames, and their union for each direction.
pub(super) fn add_frames(schemas: &mut SchemaMap) {
    let [server, client] = UNIONS;
    let text = "A frame from the server. Clients ignore frames of types that they do not know.";
    let frames = [
        variant::<EntryFrameSchema>("entry"),
        variant::<CaughtUpFrameSchema>("caught_up"),
        variant::<TypingFrameSchema>("typing"),
        variant::<TypingStoppedFrameSchema>("typing_stopped"),
        variant::<PresenceFrameSchema>("presence"),
        variant::<DeskFrameSchema>("desk"),
        variant::<TokenRenewedFrameSchema>("token_renewed"),
        variant::<RefusedFrameSchema>("refused"),
        variant::<ProblemFrameSchema>("problem"),
    ];
    add_variants(schemas, server, text, frames);
    let mut frames = [
        variant::<TokenFrameSchema>("token"),
        variant::<AckFrameSchema>("ack"),
        variant::<OwnTypingFrameSchema>("typing"),
        variant::<OwnTypingStoppedFrameSchema>("typing_stopped"),
        variant::<WatchFrameSchema>("watch"),
    ];
    for frame in frames.iter_mut().flatten() {
        frame.name = format!("Client{}", frame.name);
    }
    let text = "A frame from a client, over a WebSocket.";
    add_variants(schemas, client, text, frames);
}

fn variant<S: PartialSchema>(value: &str) -> Option<UnionVariant> {
    let mut schema = S::schema();
    if matches!(value, "problem" | "refused") {
        allow_other_properties(&mut schema);
    }
    let RefOr::T(Schema::Object(object)) = schema else {
        return None;
    };
    Some(UnionVariant {
        value: value.to_owned(),
        name: format!("{}Frame", pascal_case(value)),
        object,
    })
}

fn add_variants<const N: usize>(
    schemas: &mut SchemaMap,
    name: &str,
    description: &str,
    variants: [Option<UnionVariant>; N],
) {
    let variants = variants.into_iter().flatten().collect();
    add_union(
        schemas,
        name,
        "type",
        Some(description.to_owned()),
        variants,
    );
}

#[cfg(test)]
mod tests {
    use http_edge::schema::union::schemas_of;
    use serde_json::{Value, json};

    use crate::live::frame::ClientFrame;

    /// The types of the frames of a union.
    fn types_of(union: &str) -> Vec<String> {
        let mut api = crate::document();
        let json = serde_json::to_value(&schemas_of(&mut api)[union]).unwrap();
        let mapping = json["discriminator"]["mapping"].as_object().unwrap();
        mapping.keys().cloned().collect()
    }

    #[test]
    fn every_client_frame_is_documented() {
        let unknown: Value = json!({"type": "unknown"});
        let error = serde_json::from_value::<ClientFrame>(unknown).unwrap_err();
        let error = error.to_string();
        // "unknown variant `unknown`, expected one of `ack`, `typing`, ..."
        let (_, expected) = error.split_once("expected").unwrap();
        let mut names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        names.sort_unstable();
        assert_eq!(types_of("ClientFrame"), names);
    }
}
