//! The data of sync entries, as clients are told. The order of the fields is part of the bytes.

use domain::conversation::event::{ConversationKind, History, Role};
use domain::ids::{ConversationId, ReactionKey, Title, UserId};
use serde::Serialize;

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

/// `message_recalled`.
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
