//! The data of sync entries, as clients receive it. The order of the fields determines the bytes.

use domain::conversation::event::{
    ConversationKind, HistoryVisibility, InitialMember, InvitationOutcome, Role,
};
use domain::conversation::settings::ConversationPolicy;
use domain::held_id::HeldId;
use domain::ids::{ConversationId, DeskId, ReactionKey, Title, UserId};
use domain::session_id::SessionId;
use domain::texts::ContactNote;
use domain::time::Timestamp;
use read_model::entry_type::EntryType;
use serde::{Deserialize, Serialize};

/// The types of entries whose data contains a title, or other text about the conversation.
pub(crate) const TITLED_ENTRY_TYPES: [&str; 4] = [
    EntryType::ConversationCreated.as_str(),
    EntryType::ConversationChanged.as_str(),
    EntryType::ConversationPolicyChanged.as_str(),
    EntryType::SessionClosed.as_str(),
];

/// How many members `conversation_created` lists.
const MAX_LISTED_MEMBERS: usize = 10;

/// The data of `conversation_created` and `conversation_changed`. Entries that an older projector
/// has written lack the fields that may be absent.
#[derive(Serialize, Deserialize)]
pub(super) struct ConversationData {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub title: Option<Title>,
    pub history: HistoryVisibility,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    #[serde(flatten)]
    pub members: Option<MemberList>,
}

/// The first members of a new conversation, and their number.
#[derive(Serialize, Deserialize)]
pub(super) struct MemberList {
    member_count: usize,
    members: Vec<UserId>,
}

impl MemberList {
    /// Lists the first members in the order in which they were named.
    pub fn new(all: &[InitialMember]) -> Self {
        let first = all.iter().take(MAX_LISTED_MEMBERS);
        Self {
            member_count: all.len(),
            members: first.map(|member| member.user.clone()).collect(),
        }
    }
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

/// The data of `conversation_policy_changed`.
#[derive(Serialize, Deserialize)]
pub(super) struct PolicyData {
    pub policy: ConversationPolicy,
    pub by: UserId,
}

/// The data of `member_silenced` and `member_banned`. Only the owner and admins get the reason.
#[derive(Serialize)]
pub(super) struct SanctionData<'a> {
    pub user: &'a UserId,
    pub until: Option<Timestamp>,
    pub by: &'a UserId,
}

/// The data of `member_unsilenced` and `member_unbanned`.
#[derive(Serialize)]
pub(super) struct SanctionLiftedData<'a> {
    pub user: &'a UserId,
    pub by: &'a UserId,
}

/// The data of `message_recalled`, `message_restored` and `message_erased`.
#[derive(Serialize)]
pub(super) struct MessageRemovalData<'a> {
    pub seq: i64,
    pub by: &'a UserId,
}

/// The data of `message_pinned` and `message_unpinned`.
#[derive(Serialize)]
pub(super) struct PinData<'a> {
    pub seq: i64,
    pub by: &'a UserId,
}

/// The data of `conversation_cleared`.
#[derive(Serialize)]
pub(super) struct ClearedData {
    pub up_to: i64,
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

/// The data of `contact_requested`, as one of the two users gets it.
#[derive(Serialize)]
pub(super) struct ContactRequestData<'a> {
    /// The other user.
    pub user: &'a UserId,
    pub note: Option<&'a ContactNote>,
    pub by: &'a UserId,
}

/// The data of `contact_added` and `contact_removed`, as one of the two users gets it.
#[derive(Serialize)]
pub(super) struct ContactData<'a> {
    /// The other user.
    pub user: &'a UserId,
}

/// The data of `invited`. Queries add the title that the group has when the entry is served.
#[derive(Serialize)]
pub(super) struct InvitationData<'a> {
    pub id: &'a ConversationId,
    pub by: &'a UserId,
}

/// The data of `invitation_ended`.
#[derive(Serialize)]
pub(super) struct InvitationEndedData<'a> {
    pub id: &'a ConversationId,
    pub outcome: InvitationOutcome,
}

/// The data of `join_requested`. Queries add the note when the entry is served.
#[derive(Serialize)]
pub(super) struct JoinRequestData<'a> {
    pub id: &'a ConversationId,
    pub user: &'a UserId,
}

/// The data of `join_request_ended`.
#[derive(Serialize)]
pub(super) struct JoinRequestEndedData<'a> {
    pub id: &'a ConversationId,
    pub user: &'a UserId,
    pub outcome: &'static str,
}

/// The data of `thread_followed` and `thread_unfollowed`.
#[derive(Serialize)]
pub(super) struct ThreadData {
    pub root: i64,
}

/// The data of the entries of scheduled messages. It has no text: that is erased once the message
/// is sent or cancelled.
#[derive(Serialize)]
pub(super) struct ScheduledData<'a> {
    pub scheduled_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
}

/// The data of `message_held`, `held_message_released` and `message_refused`.
#[derive(Serialize)]
pub(super) struct HeldData<'a> {
    pub held_id: HeldId,
    pub conversation_id: &'a ConversationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}

/// The data of `thread_read`.
#[derive(Serialize)]
pub(super) struct ThreadReadData {
    pub root: i64,
    pub read_seq: i64,
}

/// The data of the entries about service sessions.
#[derive(Serialize)]
pub(super) struct SessionData<'a> {
    pub session_id: &'a SessionId,
    /// The desk that has it now.
    pub desk: &'a DeskId,
    /// The agent who has it, or had it when it was closed.
    pub agent: Option<&'a UserId>,
    /// Why it was closed.
    pub reason: Option<&'a str>,
    pub by: &'a UserId,
}

/// The data of `session_reminded`.
#[derive(Serialize)]
pub(super) struct ReminderData<'a> {
    pub session_id: &'a SessionId,
    /// The conversation, also if the agent is no member of it.
    pub conversation_id: &'a ConversationId,
    pub desk: &'a DeskId,
    /// The agent who has it.
    pub agent: Option<&'a UserId>,
    pub due: Timestamp,
}

/// The data of a session, read again.
#[derive(Serialize, Deserialize)]
struct StoredSessionData {
    session_id: String,
    desk: String,
    agent: Option<String>,
    reason: Option<String>,
    by: String,
}

/// Removes the reason from the data of `session_closed`, if this user wrote it, or anybody but the
/// system.
pub(crate) fn clear_reason(data: &str, author: Option<&str>) -> Result<String, serde_json::Error> {
    let mut stored: StoredSessionData = serde_json::from_str(data)?;
    let is_erased = match author {
        Some(author) => stored.by == author,
        None => stored.by != UserId::system().as_str(),
    };
    if is_erased {
        stored.reason = None;
    }
    serde_json::to_string(&stored)
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

/// Removes the title, or other text, from the data of an entry with a type in
/// [`TITLED_ENTRY_TYPES`].
pub(crate) fn clear_title(kind: &str, data: &str) -> Result<String, serde_json::Error> {
    if kind == EntryType::SessionClosed.as_str() {
        return clear_reason(data, None);
    }
    if kind == EntryType::ConversationPolicyChanged.as_str() {
        let PolicyData { policy, by } = serde_json::from_str(data)?;
        let policy = policy.without_text();
        return serde_json::to_string(&PolicyData { policy, by });
    }
    let titled: ConversationData = serde_json::from_str(data)?;
    serde_json::to_string(&ConversationData {
        title: None,
        ..titled
    })
}

/// The data of `contact_requested`, read again.
#[derive(Serialize, Deserialize)]
struct StoredRequestData {
    user: String,
    note: Option<String>,
    by: String,
}

/// An entry about a request without its note.
pub(crate) struct ClearedRequest {
    /// The other user, to whom the entry does not belong.
    pub user: String,
    pub data: String,
}

/// Removes the note from the data of `contact_requested`. `None` if another user wrote it.
pub(crate) fn clear_note(
    data: &str,
    author: &str,
) -> Result<Option<ClearedRequest>, serde_json::Error> {
    let stored: StoredRequestData = serde_json::from_str(data)?;
    if stored.by != author {
        return Ok(None);
    }
    let cleared = StoredRequestData {
        note: None,
        ..stored
    };
    Ok(Some(ClearedRequest {
        data: serde_json::to_string(&cleared)?,
        user: cleared.user,
    }))
}

#[cfg(test)]
mod tests {
    use domain::ids::Topic;

    use super::*;

    #[test]
    fn only_the_title_is_cleared() {
        let created = |title: &str| {
            format!(
                r#"{{"id":"c","kind":"group","title":{title},"history":"all","by":"ann","member_count":12,"members":["ann","bob"]}}"#
            )
        };
        let clear_title = |data: &str| clear_title("conversation_changed", data);
        assert_eq!(
            clear_title(&created(r#""plans""#)).ok(),
            Some(created("null"))
        );
        let old = r#"{"id":"c","kind":"group","title":null,"history":"all"}"#;
        assert_eq!(clear_title(old).ok().as_deref(), Some(old));
        let changed = r#"{"id":"c","kind":"group","title":null,"history":"all","by":"ann"}"#;
        assert_eq!(clear_title(changed).ok().as_deref(), Some(changed));
    }

    #[test]
    fn a_closing_loses_what_a_user_wrote() {
        let data = |reason: &str, by: &str| {
            format!(r#"{{"session_id":"s","desk":"d","agent":null,"reason":{reason},"by":"{by}"}}"#)
        };
        let clear = |by: &str, author| clear_reason(&data(r#""idle""#, by), author).ok();
        assert_eq!(clear("ann", None), Some(data("null", "ann")));
        assert_eq!(clear("tidings", None), Some(data(r#""idle""#, "tidings")));
        assert_eq!(clear("ann", Some("bob")), Some(data(r#""idle""#, "ann")));
        assert_eq!(clear("ann", Some("ann")), Some(data("null", "ann")));
    }

    #[test]
    fn a_request_loses_the_note_of_its_author_alone() {
        let data = |note: &str| format!(r#"{{"user":"bob","note":{note},"by":"ann"}}"#);
        let clear = |author: &str| {
            let cleared = clear_note(&data(r#""hi""#), author).expect("it can be read");
            cleared.map(|cleared| (cleared.user, cleared.data))
        };
        assert_eq!(clear("ann"), Some(("bob".to_owned(), data("null"))));
        assert_eq!(clear("bob"), None);
    }

    #[test]
    fn a_policy_loses_what_users_wrote() {
        let policy = ConversationPolicy {
            frozen: true,
            topic: Topic::parse("plans").ok(),
            ..ConversationPolicy::default()
        };
        let by = UserId::parse("ann").expect("a user");
        let data = |policy: ConversationPolicy| {
            let by = by.clone();
            serde_json::to_string(&PolicyData { policy, by }).expect("JSON")
        };
        let cleared = clear_title("conversation_policy_changed", &data(policy.clone()));
        assert_eq!(cleared.ok(), Some(data(policy.without_text())));
    }
}
