//! What a batch writes besides the rows of its [`Picture`](crate::picture::Picture). One type a
//! table; the columns are told in the migration.

use std::collections::{BTreeMap, HashMap};

use domain::body::{Body, MessageType};
use domain::conversation::event::History;
use domain::envelope::Envelope;
use domain::ids::{DeviceId, ReactionKey, Title};
use domain::time::Timestamp;

use crate::memory::{Member, MemberKey};

/// Conversation and seq.
pub(crate) type MessageKey = (i64, i64);

/// A stay that began in this batch.
#[derive(Debug)]
pub(crate) struct StayRow {
    pub key: MemberKey,
    pub from_position: i64,
    pub to_position: Option<i64>,
    pub after_seq: i64,
    pub until_seq: Option<i64>,
}

/// The end of a stay that began before.
#[derive(Debug)]
pub(crate) struct StayEnd {
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
    pub recalled: bool,
    pub fanned: bool,
    pub kind: MessageType,
    pub body: Option<Body>,
    pub original: Option<Body>,
    pub mentions: Option<String>,
}

/// What became of a message that was sent before.
#[derive(Debug, Default)]
pub(crate) struct MessageChange {
    pub body: Option<Body>,
    pub edited_at: Option<Timestamp>,
    pub recalled: bool,
    /// Also recalled, then.
    pub erased: bool,
}

/// A body that a message got by an edit.
#[derive(Debug)]
pub(crate) struct VersionRow {
    pub key: MessageKey,
    pub position: i64,
    pub at: Timestamp,
    pub body: Option<Body>,
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

/// An entry that everybody gets who is in the conversation at that position.
#[derive(Debug)]
pub(crate) struct Fanned {
    pub conversation: i64,
    pub position: i64,
    /// For a sent message.
    pub seq: Option<i64>,
}

/// An entry for one user alone.
#[derive(Debug)]
pub(crate) struct Own {
    pub user: i64,
    pub position: i64,
    pub conversation: i64,
}

/// Where a device is.
#[derive(Debug)]
pub(crate) struct DeviceRow {
    pub cursor: i64,
    pub position: i64,
    pub acked_at: Timestamp,
}

/// An ack whose receipts are to be told.
#[derive(Debug)]
pub(crate) struct Ack {
    pub position: i64,
    pub at: Timestamp,
    pub user: i64,
    pub previous: i64,
    pub cursor: i64,
    pub data: String,
}

/// What is told of a conversation after an event that changed it.
#[derive(Debug)]
pub(crate) struct ConversationVersion {
    pub conversation: i64,
    pub position: i64,
    pub activity: i64,
    pub title: Option<Title>,
    pub history: History,
    pub member_count: i64,
}

/// Somebody reacted, or took it back.
#[derive(Debug)]
pub(crate) struct ReactionChange {
    pub message: MessageKey,
    pub key: ReactionKey,
    pub user: i64,
    pub position: i64,
    pub added: bool,
}

/// An event that was put aside.
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
            source: storable(&envelope.source()),
            event_type: storable(&envelope.event_type),
            poison,
            reason: storable(reason),
        }
    }
}

/// Text of any origin as Postgres takes it: without U+0000.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Everything that a batch writes.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub stays: Vec<StayRow>,
    /// Which of `stays` are open.
    pub open_stays: HashMap<MemberKey, usize>,
    pub ended_stays: Vec<StayEnd>,
    pub messages: Vec<MessageRow>,
    /// Where in `messages` one is.
    pub sent: HashMap<MessageKey, usize>,
    pub changes: BTreeMap<MessageKey, MessageChange>,
    pub versions: Vec<VersionRow>,
    /// The position at which one reacted; `None` if the reaction is gone.
    pub reactions: BTreeMap<(i64, i64, ReactionKey, i64), Option<i64>>,
    pub timeline: Vec<TimelineRow>,
    pub fanned: Vec<Fanned>,
    pub own: Vec<Own>,
    pub devices: BTreeMap<(i64, DeviceId), DeviceRow>,
    /// Who has blocked whom: whether it is so in the end.
    pub blocks: BTreeMap<(i64, i64), bool>,
    pub acks: Vec<Ack>,
    pub parked: Vec<ParkedRow>,
    /// What members were after events that changed more than their own messages do, with the position.
    pub member_history: BTreeMap<(MemberKey, i64), Member>,
    pub conversation_history: Vec<ConversationVersion>,
    /// Conversations whose titles were erased, with all that tells of them before this position.
    pub untitled: BTreeMap<i64, i64>,
    /// Where messages were recalled.
    pub recalls: BTreeMap<MessageKey, i64>,
    pub reaction_history: Vec<ReactionChange>,
    /// User, position and cursor.
    pub ack_history: Vec<(i64, i64, i64)>,
    /// Joins and leaves in this batch.
    pub joins_and_leaves: i64,
    /// Inbox rows to be written, about.
    pub told: i64,
}
