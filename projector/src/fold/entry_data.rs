//! The data of sync entries, as clients receive it. The order of the fields determines the bytes.

use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
use domain::ids::{ConversationId, ReactionKey, Title, UserId};
use serde::{Deserialize, Serialize};

/// The types of entries whose data contains a title.
pub(crate) const TITLED_ENTRY_TYPES: [&str; 2] = ["conversation_created", "conversation_changed"];

/// The data of `conversation_created` and `conversation_changed`.
#[derive(Serialize)]
pub(super) struct ConversationData<'a> {
    pub id: &'a ConversationId,
    pub kind: ConversationKind,
    pub title: Option<&'a Title>,
    pub history: HistoryVisibility,
}

/// The data of `member_added` and `member_role_changed`.
#[derive(Serialize)]
pub(super) struct MemberRoleData<'a> {
    pub user: &'a UserId,
    pub role: Role,
    pub by: &'a UserId,
}

/// The data of `member_removed`.
#[derive(Serialize)]
pub(super) struct MemberRemovedData<'a> {
    pub user: &'a UserId,
    pub by: &'a UserId,
}

/// The data of `message_recalled` and `message_erased`.
#[derive(Serialize)]
pub(super) struct MessageRemovalData<'a> {
    pub seq: i64,
    pub by: &'a UserId,
}

/// The data of `reaction_added` and `reaction_removed`.
#[derive(Serialize)]
pub(super) struct ReactionData<'a> {
    pub seq: i64,
    pub key: &'a ReactionKey,
    pub user: &'a UserId,
}

/// The data of `conversation_read`.
#[derive(Serialize)]
pub(super) struct ReadReceiptData<'a> {
    pub user: &'a UserId,
    pub read_seq: i64,
}

/// The data of `delivered`: everything up to this position has reached a device of this user.
#[derive(Serialize)]
pub(super) struct DeliveryReceiptData<'a> {
    pub user: &'a UserId,
    pub position: i64,
}

/// The data of `preferences_changed`.
#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent setting"
)]
pub(super) struct PreferencesData {
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
pub(super) fn to_json(data: &impl Serialize) -> Result<Option<String>, serde_json::Error> {
    serde_json::to_string(data).map(Some)
}

/// Removes the title from the data of an entry with a type in [`TITLED_ENTRY_TYPES`].
pub(crate) fn clear_title(data: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct TitledData {
        id: ConversationId,
        kind: ConversationKind,
        history: HistoryVisibility,
    }
    let titled: TitledData = serde_json::from_str(data)?;
    serde_json::to_string(&ConversationData {
        id: &titled.id,
        kind: titled.kind,
        title: None,
        history: titled.history,
    })
}
