//! The entries of the sync feed by type: one schema for each, which `type` distinguishes. The data
//! is what the fold of the projector writes.

#![expect(dead_code, reason = "these types describe the OpenAPI document")]

use http_edge::schema::union::{SchemaMap, pascal_case, replace_property, split_object};
use http_edge::schema::{ConversationKindSchema, HistorySchema, RoleSchema};
use read_model::entry_type::EntryType;
use utoipa::ToSchema;

use crate::routes::policy::PolicySchema;
use crate::sql::entry_view::MessageEditedData;
use crate::sql::message_view::MessageView;
use crate::sql::recipient_part::JoinedConversation;

/// The data of `conversation_created` and `conversation_changed`: the conversation after the event.
#[derive(ToSchema)]
#[schema(as = ConversationData)]
struct ConversationEntrySchema {
    /// The id of the conversation.
    id: String,
    /// Whether it is a direct conversation or a group.
    #[schema(value_type = ConversationKindSchema)]
    kind: String,
    /// The title of a group; null if it has none.
    #[schema(required = true)]
    title: Option<String>,
    /// Which earlier messages new members can see.
    #[schema(value_type = HistorySchema)]
    history: String,
    /// The user who did it. Entries of earlier releases lack it.
    #[schema(required = false)]
    by: String,
    /// The number of the first members, in `conversation_created`.
    #[schema(required = false)]
    member_count: i64,
    /// The first ten of them, the creator first, in `conversation_created`.
    #[schema(required = false)]
    members: Vec<String>,
    /// The other user of a direct conversation, in `conversation_created`.
    #[schema(required = false)]
    peer: String,
}

/// The data of `member_added`.
#[derive(ToSchema)]
#[schema(as = MemberAddedData)]
struct MemberAddedEntrySchema {
    /// The member.
    user: String,
    /// The role of the member.
    #[schema(value_type = RoleSchema)]
    role: String,
    /// The user who did it.
    by: String,
    /// The conversation as it is when the entry is served, for the user who was added alone.
    #[schema(required = false)]
    conversation: JoinedConversation,
}

/// The data of `member_role_changed`.
#[derive(ToSchema)]
#[schema(as = MemberRoleData)]
struct MemberRoleEntrySchema {
    /// The member.
    user: String,
    /// The role after the event.
    #[schema(value_type = RoleSchema)]
    role: String,
    /// The user who did it.
    by: String,
}

/// The data of `member_removed`.
#[derive(ToSchema)]
#[schema(as = MemberRemovedData)]
struct MemberRemovedEntrySchema {
    /// The user who is no longer a member.
    user: String,
    /// The user who did it: the same one, if the member left.
    by: String,
}

/// The data of `message_recalled`, `message_restored` and `message_erased`.
#[derive(ToSchema)]
#[schema(as = MessageRemovalData)]
struct MessageRemovalEntrySchema {
    /// The message.
    seq: i64,
    /// The user who did it.
    by: String,
}

/// The data of `message_pinned` and `message_unpinned`.
#[derive(ToSchema)]
#[schema(as = PinData)]
struct PinEntrySchema {
    /// The message.
    seq: i64,
    /// The user who did it, or who recalled or erased the message.
    by: String,
}

/// The data of `conversation_cleared`.
#[derive(ToSchema)]
#[schema(as = ConversationClearedData)]
struct ConversationClearedEntrySchema {
    /// The last seq that the caller no longer sees.
    up_to: i64,
}

/// The data of `reaction_added` and `reaction_removed`.
#[derive(ToSchema)]
#[schema(as = ReactionData)]
struct ReactionEntrySchema {
    /// The message.
    seq: i64,
    /// The reaction.
    key: String,
    /// The user whose reaction it is.
    user: String,
}

/// The data of `conversation_read`.
#[derive(ToSchema)]
#[schema(as = ReadReceiptData)]
struct ReadReceiptEntrySchema {
    /// The user who has read.
    user: String,
    /// The last seq that the user has read.
    read_seq: i64,
}

/// The data of `delivered`.
#[derive(ToSchema)]
#[schema(as = DeliveryReceiptData)]
struct DeliveryReceiptEntrySchema {
    /// The user whose device it is.
    user: String,
    /// Everything up to this log position has reached the device.
    position: i64,
}

/// The data of `preferences_changed`: the caller's preferences after the event.
#[derive(ToSchema)]
#[schema(as = PreferencesData)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent setting"
)]
struct PreferencesEntrySchema {
    /// Whether the conversation is excluded from the total unread count.
    muted: bool,
    /// Whether it is listed first in the inbox.
    pinned: bool,
    /// Whether it is hidden from the inbox.
    archived: bool,
    /// Present only when false: while the conversation is muted or archived, mentions of the caller
    /// cause no notification.
    #[schema(required = false)]
    mentions: bool,
}

/// The data of `conversation_policy_changed`.
#[derive(ToSchema)]
#[schema(as = PolicyData)]
struct PolicyEntrySchema {
    /// The whole policy after the event.
    policy: PolicySchema,
    /// The user who did it.
    by: String,
}

/// The data of `member_silenced` and `member_banned`.
#[derive(ToSchema)]
#[schema(as = SanctionData)]
struct SanctionEntrySchema {
    /// The user.
    user: String,
    /// When it ends by itself; null for never.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<String>,
    /// The user who did it.
    by: String,
}

/// The data of `member_unsilenced` and `member_unbanned`.
#[derive(ToSchema)]
#[schema(as = SanctionLiftedData)]
struct SanctionLiftedEntrySchema {
    /// The user.
    user: String,
    /// The user who did it.
    by: String,
}

/// The data of `contact_requested`.
#[derive(ToSchema)]
#[schema(as = ContactRequestData)]
struct ContactRequestEntrySchema {
    /// The other user: who asked, or who was asked.
    user: String,
    /// What the user who asked says; null if nothing.
    #[schema(required = true)]
    note: Option<String>,
    /// The user who asked.
    by: String,
}

/// The data of `contact_added` and `contact_removed`.
#[derive(ToSchema)]
#[schema(as = ContactData)]
struct ContactEntrySchema {
    /// The other user.
    user: String,
}

/// The data of `invited`.
#[derive(ToSchema)]
#[schema(as = InvitationData)]
struct InvitedEntrySchema {
    /// The group.
    id: String,
    /// The user who invited the recipient.
    by: String,
    /// The title of the group as it is when the entry is served; null if it has none, or if the
    /// recipient is no longer invited and no member.
    #[schema(required = true)]
    title: Option<String>,
}

/// The data of `invitation_ended`.
#[derive(ToSchema)]
#[schema(as = InvitationEndedData)]
struct InvitationEndedEntrySchema {
    /// The group.
    id: String,
    /// How it ended: `joined`, `declined` or `withdrawn`.
    outcome: String,
}

/// The data of `join_requested`.
#[derive(ToSchema)]
#[schema(as = JoinRequestData)]
struct JoinRequestEntrySchema {
    /// The group.
    id: String,
    /// The user who asks to join.
    user: String,
    /// What the user wrote with it; null if nothing, if the request no longer waits, or if the
    /// recipient is no longer the owner or an admin.
    #[schema(required = true)]
    note: Option<String>,
}

/// The data of `join_request_ended`.
#[derive(ToSchema)]
#[schema(as = JoinRequestEndedData)]
struct JoinRequestEndedEntrySchema {
    /// The group.
    id: String,
    /// The user who had asked to join.
    user: String,
    /// How it ended: `declined` or `withdrawn`. A user who is admitted becomes a member, and a
    /// banned one is banned: that has its own entry.
    outcome: String,
}

/// The data of `thread_followed` and `thread_unfollowed`.
#[derive(ToSchema)]
#[schema(as = ThreadData)]
struct ThreadEntrySchema {
    /// The seq of the root.
    root: i64,
}

/// The data of `thread_read`.
#[derive(ToSchema)]
#[schema(as = ThreadReadData)]
struct ThreadReadEntrySchema {
    /// The seq of the root.
    root: i64,
    /// The last seq that is read in the thread.
    read_seq: i64,
}

/// The data of the entries of held messages.
#[derive(ToSchema)]
#[schema(as = HeldData)]
struct HeldEntrySchema {
    /// The id of the held message.
    held_id: String,
    /// The conversation, also if the sender has left it.
    conversation_id: String,
    /// The seq that it got, in `held_message_released`.
    #[schema(required = false)]
    seq: i64,
    /// Why it is refused, in `message_refused`: `content_refused` by a moderator, the code of the
    /// rule against which it could not be sent, or `erased`.
    #[schema(required = false)]
    reason: String,
}

/// The data of the entries about service sessions.
#[derive(ToSchema)]
#[schema(as = SessionData)]
struct SessionEntrySchema {
    /// The session.
    session_id: String,
    /// The desk that has it now.
    desk: String,
    /// The agent who has it, or had it when it was closed; null while it waits.
    #[schema(required = true)]
    agent: Option<String>,
    /// Why it was closed, in `session_closed`: `idle` if it closed by itself.
    #[schema(required = true)]
    reason: Option<String>,
    /// Who did it; `tidings` for the system.
    by: String,
}

/// The data of `session_reminded`, which only agents get: the agent of the session, or all agents
/// of the desk while it waits.
#[derive(ToSchema)]
#[schema(as = SessionReminderData)]
struct SessionReminderEntrySchema {
    /// The session.
    session_id: String,
    /// The conversation, also if the agent cannot see it yet.
    conversation_id: String,
    /// The desk that has it.
    desk: String,
    /// The agent who has it; null while it waits.
    #[schema(required = true)]
    agent: Option<String>,
    /// By when the customer was to have a reply.
    #[schema(format = DateTime)]
    due: String,
}

/// The data of the entries of scheduled messages.
#[derive(ToSchema)]
#[schema(as = ScheduledData)]
struct ScheduledEntrySchema {
    /// The id of the scheduled message.
    scheduled_id: String,
    /// When it is due, in `message_scheduled` and `scheduled_message_changed`.
    #[schema(required = false, format = DateTime)]
    send_at: String,
    /// The seq that it got, in `scheduled_message_sent`.
    #[schema(required = false)]
    seq: i64,
    /// The code of the refusal, in `scheduled_message_failed`.
    #[schema(required = false)]
    code: String,
}

/// Adds the schema of the data of entries of this type, and returns its name.
fn add_data(schemas: &mut SchemaMap, entry: EntryType) -> String {
    fn add<S: ToSchema>(schemas: &mut SchemaMap) -> String {
        let name = S::name().into_owned();
        let parts = &mut Vec::new();
        S::schemas(parts);
        for (name, schema) in parts.drain(..) {
            schemas.entry(name).or_insert(schema);
        }
        schemas.entry(name.clone()).or_insert_with(S::schema);
        name
    }
    match entry {
        EntryType::ConversationCreated | EntryType::ConversationChanged => {
            add::<ConversationEntrySchema>(schemas)
        }
        EntryType::MemberAdded => add::<MemberAddedEntrySchema>(schemas),
        EntryType::MemberRoleChanged => add::<MemberRoleEntrySchema>(schemas),
        EntryType::MemberRemoved => add::<MemberRemovedEntrySchema>(schemas),
        EntryType::MessageSent => add::<MessageView>(schemas),
        EntryType::MessageEdited => add::<MessageEditedData>(schemas),
        EntryType::MessageRecalled | EntryType::MessageRestored | EntryType::MessageErased => {
            add::<MessageRemovalEntrySchema>(schemas)
        }
        EntryType::MessagePinned | EntryType::MessageUnpinned => add::<PinEntrySchema>(schemas),
        EntryType::ConversationCleared => add::<ConversationClearedEntrySchema>(schemas),
        EntryType::ReactionAdded | EntryType::ReactionRemoved => {
            add::<ReactionEntrySchema>(schemas)
        }
        EntryType::ConversationRead => add::<ReadReceiptEntrySchema>(schemas),
        EntryType::Delivered => add::<DeliveryReceiptEntrySchema>(schemas),
        EntryType::PreferencesChanged => add::<PreferencesEntrySchema>(schemas),
        EntryType::ConversationPolicyChanged => add::<PolicyEntrySchema>(schemas),
        EntryType::MemberSilenced | EntryType::MemberBanned => add::<SanctionEntrySchema>(schemas),
        EntryType::MemberUnsilenced | EntryType::MemberUnbanned => {
            add::<SanctionLiftedEntrySchema>(schemas)
        }
        EntryType::ContactRequested => add::<ContactRequestEntrySchema>(schemas),
        EntryType::ContactAdded | EntryType::ContactRemoved => add::<ContactEntrySchema>(schemas),
        EntryType::Invited => add::<InvitedEntrySchema>(schemas),
        EntryType::JoinRequested => add::<JoinRequestEntrySchema>(schemas),
        EntryType::JoinRequestEnded => add::<JoinRequestEndedEntrySchema>(schemas),
        EntryType::InvitationEnded => add::<InvitationEndedEntrySchema>(schemas),
        EntryType::ThreadFollowed | EntryType::ThreadUnfollowed => {
            add::<ThreadEntrySchema>(schemas)
        }
        EntryType::ThreadRead => add::<ThreadReadEntrySchema>(schemas),
        EntryType::MessageScheduled
        | EntryType::ScheduledMessageChanged
        | EntryType::ScheduledMessageCancelled
        | EntryType::ScheduledMessageSent
        | EntryType::ScheduledMessageFailed => add::<ScheduledEntrySchema>(schemas),
        EntryType::SessionOpened
        | EntryType::SessionAccepted
        | EntryType::SessionTransferred
        | EntryType::SessionClosed => add::<SessionEntrySchema>(schemas),
        EntryType::SessionReminded => add::<SessionReminderEntrySchema>(schemas),
        EntryType::MessageHeld | EntryType::HeldMessageReleased | EntryType::MessageRefused => {
            add::<HeldEntrySchema>(schemas)
        }
    }
}

/// Splits the schema of an entry into one for each type.
pub(super) fn split_entries(schemas: &mut SchemaMap) {
    let types = EntryType::ALL.iter().map(|entry| {
        let data = add_data(schemas, *entry);
        (entry.as_str().to_owned(), data)
    });
    let data: Vec<(String, String)> = types.collect();
    let values = data.iter().map(|(entry, _)| entry.clone());
    let values: Vec<String> = values.collect();
    split_object(schemas, "Entry", "type", values, |entry, object| {
        if let Some((_, data)) = data.iter().find(|(name, _)| name == entry) {
            replace_property(object, "data", data);
        }
        format!("{}Entry", pascal_case(entry))
    });
}
