//! The rows that a batch writes in addition to those of its
//! [`WorkingSet`](crate::working_set::WorkingSet). One type per table; the migration documents the
//! columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::body::{MessageBody, MessageType};
use domain::conversation::event::HistoryVisibility;
use domain::envelope::Envelope;
use domain::ids::{ClientKey, DeviceId, ReactionKey, Title, UserId};
use domain::mailbox::push_event::RegistrationDigest;
use domain::profile::event::UserKind;
use domain::profile::settings::UserSettings;
use domain::texts::ContactNote;
use domain::time::Timestamp;
use sqlx::types::time::OffsetDateTime;

use crate::access_rows::AccessRows;
use crate::case_rows::CaseRows;
use crate::file_rows::FileChanges;
use crate::row_cache::{MemberKey, MemberState};
use crate::session_rows::SessionRows;

/// Conversation id and seq.
pub(crate) type MessageKey = (i64, i64);

/// A membership period that began in this batch.
#[derive(Debug)]
pub(crate) struct MembershipPeriodRow {
    pub key: MemberKey,
    pub from_position: i64,
    pub to_position: Option<i64>,
    pub after_seq: i64,
    pub until_seq: Option<i64>,
}

/// The end of a membership period that began before this batch.
#[derive(Debug)]
pub(crate) struct MembershipPeriodEnd {
    pub key: MemberKey,
    pub to_position: i64,
    pub until_seq: i64,
}

/// A message that was sent in this batch.
#[derive(Debug)]
pub(crate) struct MessageRow {
    pub key: MessageKey,
    pub position: i64,
    pub sender: i64,
    pub sent_at: Timestamp,
    pub ordinal: i64,
    pub reply_to: Option<i64>,
    pub edited_at: Option<Timestamp>,
    /// A recalled message keeps its content here, in case that it is restored in the same batch,
    /// but it is written without it.
    pub recalled: bool,
    pub fanned: bool,
    pub kind: MessageType,
    pub body: Option<MessageBody>,
    pub original: Option<MessageBody>,
    pub mentions: Option<String>,
    pub client_message_id: Option<ClientKey>,
    pub thread: Option<i64>,
}

/// The changes to a message that was sent before this batch.
#[derive(Debug, Default)]
pub(crate) struct MessageChange {
    pub body: Option<MessageBody>,
    pub edited_at: Option<Timestamp>,
    /// Whether it is recalled after the batch; `None` if that has not changed.
    pub recalled: Option<bool>,
    /// Implies `recalled`.
    pub erased: bool,
}

/// A pin of a message that was set in this batch.
#[derive(Debug)]
pub(crate) struct PinRow {
    pub key: MessageKey,
    pub position: i64,
    pub unpinned_at: Option<i64>,
}

/// A version of a message: the body that an edit gave it.
#[derive(Debug)]
pub(crate) struct MessageVersionRow {
    pub key: MessageKey,
    pub position: i64,
    pub at: Timestamp,
    pub body: Option<MessageBody>,
}

/// A sync entry other than a sent message.
#[derive(Debug)]
pub(crate) struct TimelineRow {
    pub conversation: i64,
    pub position: i64,
    pub at: Timestamp,
    pub fanned: bool,
    pub subject: Option<i64>,
    pub seq: Option<i64>,
    pub kind: &'static str,
    pub data: Option<String>,
}

/// An entry that all members of the conversation at that position get.
#[derive(Debug)]
pub(crate) struct FanOutEntry {
    pub conversation: i64,
    pub position: i64,
    /// The message's seq; `None` for other entries.
    pub seq: Option<i64>,
    /// The user whose read receipt it is, if members who see no read receipts do not get it.
    pub receipt_of: Option<i64>,
}

impl FanOutEntry {
    /// An entry that is neither a message nor a receipt.
    pub fn new(conversation: i64, position: i64) -> Self {
        Self {
            conversation,
            position,
            seq: None,
            receipt_of: None,
        }
    }
}

/// When a user neither sent nor saw read receipts. It began in this batch.
#[derive(Debug)]
pub(crate) struct ReceiptsOffPeriod {
    pub user: i64,
    pub from_position: i64,
    pub to_position: Option<i64>,
}

impl ReceiptsOffPeriod {
    /// A period that has not ended.
    pub fn from(user: i64, from_position: i64) -> Self {
        Self {
            user,
            from_position,
            to_position: None,
        }
    }
}

/// An entry for one user alone.
#[derive(Debug)]
pub(crate) struct PersonalEntry {
    pub user: i64,
    pub position: i64,
    pub conversation: i64,
}

/// The sync cursor of a device.
#[derive(Debug)]
pub(crate) struct DeviceRow {
    pub cursor: i64,
    pub position: i64,
    pub acked_at: Timestamp,
}

/// A row of `push_devices`.
#[derive(Debug)]
pub(crate) struct PushDeviceRow {
    pub provider: &'static str,
    pub digest: RegistrationDigest,
    pub preview: bool,
    pub position: i64,
    pub at: Timestamp,
}

/// A row of `contacts`.
#[derive(Debug)]
pub(crate) struct ContactRow {
    pub state: &'static str,
    pub note: Option<ContactNote>,
    pub position: i64,
    pub at: Timestamp,
    pub hidden: bool,
}

/// All notes of a user before this position are erased.
#[derive(Debug)]
pub(crate) struct ErasedNotes {
    pub author: UserId,
    pub position: i64,
}

/// A row of `invitations`.
#[derive(Debug)]
pub(crate) struct InvitationRow {
    pub by: i64,
    pub position: i64,
    pub at: Timestamp,
}

/// What a user did with a thread.
#[derive(Debug)]
pub(crate) struct ThreadMarkRow {
    pub user: i64,
    pub conversation: i64,
    pub root: i64,
    pub position: i64,
    /// Whether the user followed it, or no longer follows it.
    pub followed: Option<bool>,
    /// The last seq that the user marked as read.
    pub read_seq: Option<i64>,
}

/// A scheduled message, without what a change can change.
#[derive(Debug)]
pub(crate) struct ScheduledRow {
    pub conversation: i64,
    pub kind: MessageType,
    pub reply_to: Option<i64>,
    pub thread: Option<i64>,
    pub mentions: Option<String>,
    pub client_message_id: Option<ClientKey>,
}

/// A held message on which nobody has decided.
#[derive(Debug)]
pub(crate) struct HeldRow {
    pub conversation: i64,
    pub kind: MessageType,
    pub reply_to: Option<i64>,
    pub thread: Option<i64>,
    pub mentions: Option<String>,
    pub client_message_id: Option<ClientKey>,
    pub at: Timestamp,
    pub body: MessageBody,
}

/// What a batch does to a scheduled message.
#[derive(Debug, Default)]
#[expect(
    clippy::option_option,
    reason = "unchanged, no code and a code have different meanings"
)]
pub(crate) struct ScheduledChange {
    /// The message, if it was scheduled in this batch.
    pub inserted: Option<ScheduledRow>,
    pub send_at: Option<Timestamp>,
    pub body: Option<MessageBody>,
    /// The code of the refusal, or that it waits again.
    pub code: Option<Option<String>>,
    /// It was sent or cancelled.
    pub is_removed: bool,
}

/// An ack whose delivery receipts are to be written.
#[derive(Debug)]
pub(crate) struct DeviceAck {
    pub position: i64,
    pub at: Timestamp,
    pub user: i64,
    pub previous: i64,
    pub cursor: i64,
    pub data: String,
}

/// The state of a conversation after an event that changed it.
#[derive(Debug)]
pub(crate) struct ConversationVersion {
    pub conversation: i64,
    pub position: i64,
    pub activity: i64,
    pub title: Option<Title>,
    pub history: HistoryVisibility,
    pub member_count: i64,
}

/// A reaction that a user added or removed.
#[derive(Debug)]
pub(crate) struct ReactionChange {
    pub message: MessageKey,
    pub key: ReactionKey,
    pub user: i64,
    pub position: i64,
    pub added: bool,
}

/// A row of `profiles`. The migration documents the columns.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
#[allow(clippy::struct_excessive_bools, reason = "one per column")]
pub(crate) struct ProfileState {
    pub user_id: i64,
    pub sequence: i64,
    pub display_name: Option<String>,
    pub avatar: Option<String>,
    pub about: Option<String>,
    pub locale: Option<String>,
    pub custom: Option<String>,
    pub kind: String,
    pub deactivated: bool,
    pub direct_from: String,
    pub groups_from: String,
    pub groups_from_chosen: bool,
    pub read_receipts: bool,
    pub last_seen: bool,
    pub quiet_hours: Option<String>,
    pub revoked_before: Option<OffsetDateTime>,
    pub restriction: Option<String>,
}

impl Default for ProfileState {
    /// The profile of a user who has none, with the defaults of the domain.
    fn default() -> Self {
        let settings = UserSettings::default();
        Self {
            user_id: 0,
            sequence: 0,
            display_name: None,
            avatar: None,
            about: None,
            locale: None,
            custom: None,
            kind: UserKind::default().as_str().to_owned(),
            deactivated: false,
            direct_from: settings.direct_from.as_str().to_owned(),
            groups_from: settings.groups_from.as_str().to_owned(),
            groups_from_chosen: settings.groups_from_chosen,
            read_receipts: settings.read_receipts,
            last_seen: settings.last_seen,
            quiet_hours: None,
            revoked_before: None,
            restriction: None,
        }
    }
}

/// A parked event.
#[derive(Debug)]
pub(crate) struct ParkedRow {
    pub position: i64,
    pub source: String,
    pub event_type: String,
    pub poison: bool,
    pub reason: String,
}

impl ParkedRow {
    pub fn new(envelope: &Envelope, poison: bool, reason: &str) -> Self {
        Self {
            position: envelope.position,
            source: sanitize_text(&envelope.source()),
            event_type: sanitize_text(&envelope.event_type),
            poison,
            reason: sanitize_text(reason),
        }
    }
}

/// What somebody did with the rights of an administrator, a moderator or a service.
#[derive(Debug)]
pub(crate) struct AuditRow {
    pub position: i64,
    pub at: Timestamp,
    pub actor: String,
    pub act: String,
    pub target: Option<String>,
    /// A JSON object.
    pub detail: String,
}

/// Replaces U+0000, which Postgres cannot store, in text of any origin.
pub(crate) fn sanitize_text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// All rows that a batch writes.
#[derive(Debug, Default)]
pub(crate) struct BatchRows {
    pub membership_periods: Vec<MembershipPeriodRow>,
    /// The open periods of this batch, as indexes into `membership_periods`.
    pub open_periods: HashMap<MemberKey, usize>,
    pub ended_periods: Vec<MembershipPeriodEnd>,
    pub messages: Vec<MessageRow>,
    /// The index of each message in `messages`.
    pub message_index: HashMap<MessageKey, usize>,
    pub message_changes: BTreeMap<MessageKey, MessageChange>,
    pub versions: Vec<MessageVersionRow>,
    /// The position at which the user reacted; `None` if the reaction was removed. Keyed by
    /// conversation, seq, reaction key and user.
    pub reactions: BTreeMap<(i64, i64, ReactionKey, i64), Option<i64>>,
    pub timeline: Vec<TimelineRow>,
    pub fan_out_entries: Vec<FanOutEntry>,
    pub personal_entries: Vec<PersonalEntry>,
    pub devices: BTreeMap<(i64, DeviceId), DeviceRow>,
    /// Devices of earlier batches that were removed.
    pub removed_devices: BTreeSet<(i64, DeviceId)>,
    /// The registration of a device after the batch; `None` if it gets no pushes.
    pub push_devices: BTreeMap<(i64, DeviceId), Option<PushDeviceRow>>,
    /// Whether the first user blocks the second after the batch.
    pub blocks: BTreeMap<(i64, i64), bool>,
    /// What the second user is to the first after the batch; `None` if nothing.
    pub contacts: BTreeMap<(i64, i64), Option<ContactRow>>,
    /// The invitation of the user to the conversation after the batch; `None` if it ended.
    pub invitations: BTreeMap<(i64, i64), Option<InvitationRow>>,
    pub thread_marks: Vec<ThreadMarkRow>,
    /// By user and number.
    pub scheduled: BTreeMap<(i64, i64), ScheduledChange>,
    /// By user and number; `None` if a moderator has decided.
    pub held: BTreeMap<(i64, i64), Option<HeldRow>>,
    pub acks: Vec<DeviceAck>,
    pub receipts_off: Vec<ReceiptsOffPeriod>,
    /// Users whose period without read receipts began before this batch, and where it ends.
    pub receipts_on: Vec<(i64, i64)>,
    pub parked: Vec<ParkedRow>,
    pub audit: Vec<AuditRow>,
    /// The state of members after each event that changed it, by key and position. The effects of a
    /// member's own messages are omitted.
    pub member_history: BTreeMap<(MemberKey, i64), MemberState>,
    pub conversation_history: Vec<ConversationVersion>,
    /// Conversations with erased titles, and the position before which all titles are deleted.
    pub erased_titles: BTreeMap<i64, i64>,
    /// Users whose notes were erased, the last time in this batch.
    pub erased_notes: BTreeMap<i64, ErasedNotes>,
    /// The positions at which each message was recalled or restored, in order, and whether it was
    /// recalled. The values alternate.
    pub recalls: BTreeMap<MessageKey, Vec<(i64, bool)>>,
    /// The pins that were set in this batch.
    pub pins: Vec<PinRow>,
    /// The end of pins that were set before this batch: the message and the position.
    pub unpins: Vec<(MessageKey, i64)>,
    pub reaction_history: Vec<ReactionChange>,
    /// User, position and cursor.
    pub ack_history: Vec<(i64, i64, i64)>,
    /// Policies, silences and bans, join requests and links.
    pub access: AccessRows,
    pub cases: CaseRows,
    pub files: FileChanges,
    pub sessions: SessionRows,
    /// The number of joins and leaves in this batch.
    pub joins_and_leaves: i64,
    /// The approximate number of inbox rows to be written.
    pub inbox_rows: i64,
}
