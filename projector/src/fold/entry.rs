//! The data of sync entries, as clients are told. The order of the fields is part of the bytes.

use domain::conversation::event::{ConversationKind, History, Role};
use domain::ids::{ConversationId, ReactionKey, Title, UserId};
use serde::{Deserialize, Serialize};

/// What is told with a title in its data.
pub(crate) const TITLED: [&str; 2] = ["conversation_created", "conversation_changed"];

/// `conversation_created` and `conversation_changed`.
#[derive(Serialize)]
pub(super) struct About<'a> {
    pub id: &'a ConversationId,
    pub kind: ConversationKind,
    pub title: Option<&'a Title>,
    pub history: History,
}

/// `member_added` and `member_role_changed`.
#[derive(Serialize)]
pub(super) struct HasRole<'a> {
    pub user: &'a UserId,
    pub role: Role,
    pub by: &'a UserId,
}

/// `member_removed`.
#[derive(Serialize)]
pub(super) struct Gone<'a> {
    pub user: &'a UserId,
    pub by: &'a UserId,
}

/// `message_recalled` and `message_erased`.
#[derive(Serialize)]
pub(super) struct Recalled<'a> {
    pub seq: i64,
    pub by: &'a UserId,
}

/// `reaction_added` and `reaction_removed`.
#[derive(Serialize)]
pub(super) struct Reacted<'a> {
    pub seq: i64,
    pub key: &'a ReactionKey,
    pub user: &'a UserId,
}

/// `conversation_read`.
#[derive(Serialize)]
pub(super) struct HasRead<'a> {
    pub user: &'a UserId,
    pub read_seq: i64,
}

/// `delivered`: everything up to this position has reached a device of this user.
#[derive(Serialize)]
pub(super) struct Delivered<'a> {
    pub user: &'a UserId,
    pub position: i64,
}

/// `preferences_changed`.
#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Preferences {
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    /// Told only when it is not as by default.
    #[serde(skip_serializing_if = "is_default")]
    pub mentions: bool,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_default(mentions: &bool) -> bool {
    *mentions
}

/// The data as compact JSON.
pub(super) fn json(data: &impl Serialize) -> Result<Option<String>, serde_json::Error> {
    serde_json::to_string(data).map(Some)
}

/// The data of a [`TITLED`] entry, the title being gone.
pub(crate) fn untitled(data: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Told {
        id: ConversationId,
        kind: ConversationKind,
        history: History,
    }
    let told: Told = serde_json::from_str(data)?;
    serde_json::to_string(&About {
        id: &told.id,
        kind: told.kind,
        title: None,
        history: told.history,
    })
}
