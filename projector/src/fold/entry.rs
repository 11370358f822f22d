//! The data of sync entries, as clients receive it. The order of the fields determines the bytes.

use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
use domain::ids::{ConversationId, ReactionKey, Title, UserId};
use serde::{Deserialize, Serialize};

/// The types of entries whose data contains a title.
pub(crate) const TITLED: [&str; 2] = ["conversation_created", "conversation_changed"];

/// The data of `conversation_created` and `conversation_changed`.
#[derive(Serialize)]
pub(super) struct About<'a> {
    pub id: &'a ConversationId,
    pub kind: ConversationKind,
    pub title: Option<&'a Title>,
    pub history: HistoryVisibility,
}

/// The data of `member_added` and `member_role_changed`.
#[derive(Serialize)]
pub(super) struct HasRole<'a> {
    pub user: &'a UserId,
    pub role: Role,
    pub by: &'a UserId,
}

/// The data of `member_removed`.
#[derive(Serialize)]
pub(super) struct Gone<'a> {
    pub user: &'a UserId,
    pub by: &'a UserId,
}

/// The data of `message_recalled` and `message_erased`.
#[derive(Serialize)]
pub(super) struct Recalled<'a> {
    pub seq: i64,
    pub by: &'a UserId,
}

/// The data of `reaction_added` and `reaction_removed`.
#[derive(Serialize)]
pub(super) struct Reacted<'a> {
    pub seq: i64,
    pub key: &'a ReactionKey,
    pub user: &'a UserId,
}

/// The data of `conversation_read`.
#[derive(Serialize)]
pub(super) struct HasRead<'a> {
    pub user: &'a UserId,
    pub read_seq: i64,
}

/// The data of `delivered`: everything up to this position has reached a device of this user.
#[derive(Serialize)]
pub(super) struct Delivered<'a> {
    pub user: &'a UserId,
    pub position: i64,
}

/// The data of `preferences_changed`.
#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent setting"
)]
pub(super) struct Preferences {
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    /// Omitted if it has the default value, `true`.
    #[serde(skip_serializing_if = "is_default")]
    pub mentions: bool,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_default(mentions: &bool) -> bool {
    *mentions
}

/// Serializes the data as compact JSON.
pub(super) fn json(data: &impl Serialize) -> Result<Option<String>, serde_json::Error> {
    serde_json::to_string(data).map(Some)
}

/// Removes the title from the data of an entry with a type in [`TITLED_ENTRY_TYPES`].
pub(crate) fn untitled(data: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Told {
        id: ConversationId,
        kind: ConversationKind,
        history: HistoryVisibility,
    }
    let titled: Told = serde_json::from_str(data)?;
    serde_json::to_string(&About {
        id: &titled.id,
        kind: titled.kind,
        title: None,
        history: titled.history,
    })
}
