//! Enqueues notifications for the recipients of new messages, with one statement per batch.

use std::time::Duration;

use domain::conversation::event::ConversationEvent;
use domain::envelope::Envelope;
use domain::event::EventFamily as _;
use domain::time::Timestamp;
use sqlx::postgres::PgConnection;

use super::eligibility::is_notified;

/// A reference to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRef {
    /// The id of the conversation.
    pub conversation: String,
    /// The sequence number within the conversation.
    pub seq: i64,
    /// The log position.
    pub position: i64,
    /// When it was appended to the log.
    pub time: Timestamp,
}

impl MessageRef {
    /// Returns the message of an event. Returns `None` for other events and imported messages.
    pub fn from_event(event: &Envelope) -> Option<Self> {
        let data = event.data.get().as_bytes();
        let read = ConversationEvent::decode(&event.event_type, event.version, data);
        let Ok(ConversationEvent::MessageSent(message)) = read else {
            return None;
        };
        (!message.is_imported(event.time)).then(|| Self {
            conversation: event.aggregate_id.clone(),
            seq: message.seq,
            position: event.position,
            time: event.time,
        })
    }
}

/// Where notifications are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeTable {
    /// One row per user and conversation, for this webhook.
    Webhook(i64),
    /// One row per device and conversation.
    Push,
}

/// The users to consider for a notification.
pub enum NotificationRecipients<'a> {
    /// All members except these users.
    AllExcept(&'a [String]),
    /// These users, unless one of their devices has received the message.
    Undelivered(&'a [String]),
    /// All members except these users, unless one of their devices has received the message.
    AllUndeliveredExcept(&'a [String]),
}

/// Enqueues notifications of these messages, to be sent at the end of `window`. Idempotent. Returns
/// the number of notifications that were added or extended.
pub async fn enqueue(
    connection: &mut PgConnection,
    table: NoticeTable,
    messages: &[&MessageRef],
    recipients: &NotificationRecipients<'_>,
    window: Duration,
) -> Result<u64, sqlx::Error> {
    if messages.is_empty() {
        return Ok(0);
    }
    let [all_except, undelivered, all_undelivered_except] = match table {
        NoticeTable::Webhook(_) => WEBHOOK_SQL,
        NoticeTable::Push => PUSH_SQL,
    };
    let (statement, users) = match recipients {
        NotificationRecipients::AllExcept(users) => (all_except, users),
        NotificationRecipients::Undelivered(users) => (undelivered, users),
        NotificationRecipients::AllUndeliveredExcept(users) => (all_undelivered_except, users),
    };
    let conversations: Vec<&str> = messages
        .iter()
        .map(|message| message.conversation.as_str())
        .collect();
    let seqs: Vec<i64> = messages.iter().map(|message| message.seq).collect();
    let query = sqlx::query(statement)
        .bind(conversations)
        .bind(seqs)
        .bind(*users)
        .bind(window.as_secs_f64());
    let query = match table {
        NoticeTable::Webhook(webhook) => query.bind(webhook),
        NoticeTable::Push => query,
    };
    Ok(query.execute(connection).await?.rows_affected())
}

/// Parameters: the conversations and sequence numbers of the messages, the users, the window in
/// seconds and, for a webhook, its id.
macro_rules! enqueue_sql {
    ($table:literal, ($key:literal, $values:literal, $grouped:literal), $devices:literal, $recipients:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS n (",
            $key,
            ", conversation, from_position, to_position, since, due_at)
             SELECT ",
            $values,
            ", c.name, min(g.position), max(g.position), now(), now() + $4 * interval '1 second'
             FROM unnest($1::text[], $2::bigint[]) f (conversation, seq)
             JOIN read.conversations c ON c.name = f.conversation
             JOIN read.messages g ON g.conversation = c.id AND g.seq = f.seq
             JOIN read.members m ON m.conversation = c.id AND m.present
             JOIN read.users u ON u.id = m.user_id ",
            $devices,
            " WHERE ",
            is_notified!(),
            " AND ",
            $recipients,
            " GROUP BY ",
            $grouped,
            ", c.name
             ON CONFLICT (",
            $key,
            ", conversation) DO UPDATE SET
                 from_position = CASE WHEN n.told_position < n.to_position THEN n.from_position
                                      ELSE excluded.from_position END,
                 since = CASE WHEN n.told_position < n.to_position THEN n.since ELSE excluded.since END,
                 due_at = CASE WHEN n.told_position < n.to_position THEN n.due_at
                               ELSE excluded.due_at END,
                 tries = CASE WHEN n.told_position < n.to_position THEN n.tries ELSE 0 END,
                 to_position = excluded.to_position
             WHERE n.to_position < excluded.to_position"
        )
    };
}

macro_rules! webhook_sql {
    ($recipients:literal) => {
        enqueue_sql!(
            "hooks.notices",
            ("webhook, user_name", "$5::bigint, u.name", "u.name"),
            "",
            $recipients
        )
    };
}

macro_rules! push_sql {
    ($recipients:literal) => {
        enqueue_sql!(
            "push.notices",
            ("user_name, device", "u.name, p.device", "u.name, p.device"),
            "JOIN read.push_devices p ON p.user_id = u.id",
            $recipients
        )
    };
}

/// One of the recipients of each kind, in the order of [`NotificationRecipients`].
macro_rules! of_each_kind {
    ($statement:ident) => {
        [
            $statement!(
                "NOT EXISTS (SELECT FROM unnest($3::text[]) o (name) WHERE o.name = u.name)"
            ),
            $statement!(
                "u.name = ANY($3::text[]) AND NOT EXISTS (
                     SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
            ),
            $statement!(
                "NOT EXISTS (SELECT FROM unnest($3::text[]) o (name) WHERE o.name = u.name)
                 AND NOT EXISTS (
                     SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
            ),
        ]
    };
}

const WEBHOOK_SQL: [&str; 3] = of_each_kind!(webhook_sql);
const PUSH_SQL: [&str; 3] = of_each_kind!(push_sql);
