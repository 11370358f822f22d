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
    webhook: i64,
    messages: &[&MessageRef],
    recipients: &NotificationRecipients<'_>,
    window: Duration,
) -> Result<u64, sqlx::Error> {
    if messages.is_empty() {
        return Ok(0);
    }
    let (statement, users) = match recipients {
        NotificationRecipients::AllExcept(users) => (ALL_EXCEPT_SQL, users),
        NotificationRecipients::Undelivered(users) => (UNDELIVERED_SQL, users),
        NotificationRecipients::AllUndeliveredExcept(users) => (ALL_UNDELIVERED_EXCEPT_SQL, users),
    };
    let conversations: Vec<&str> = messages
        .iter()
        .map(|message| message.conversation.as_str())
        .collect();
    let seqs: Vec<i64> = messages.iter().map(|message| message.seq).collect();
    let enqueued = sqlx::query(statement)
        .bind(webhook)
        .bind(conversations)
        .bind(seqs)
        .bind(*users)
        .bind(window.as_secs_f64())
        .execute(connection)
        .await?;
    Ok(enqueued.rows_affected())
}

/// Parameters: the webhook, the conversations and sequence numbers of the messages, the users and
/// the window in seconds.
macro_rules! enqueue_sql {
    ($recipients:literal) => {
        concat!(
            "INSERT INTO hooks.notices AS n
                 (webhook, user_name, conversation, from_position, to_position, since, due_at)
             SELECT $1, u.name, c.name, min(g.position), max(g.position), now(),
                    now() + $5 * interval '1 second'
             FROM unnest($2::text[], $3::bigint[]) f (conversation, seq)
             JOIN read.conversations c ON c.name = f.conversation
             JOIN read.messages g ON g.conversation = c.id AND g.seq = f.seq
             JOIN read.members m ON m.conversation = c.id AND m.present
             JOIN read.users u ON u.id = m.user_id
             WHERE ",
            is_notified!(),
            " AND ",
            $recipients,
            " GROUP BY u.name, c.name
             ON CONFLICT (webhook, user_name, conversation) DO UPDATE SET
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

const ALL_EXCEPT_SQL: &str =
    enqueue_sql!("NOT EXISTS (SELECT FROM unnest($4::text[]) o (name) WHERE o.name = u.name)");

const UNDELIVERED_SQL: &str = enqueue_sql!(
    "u.name = ANY($4::text[]) AND NOT EXISTS (
         SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
);

const ALL_UNDELIVERED_EXCEPT_SQL: &str = enqueue_sql!(
    "NOT EXISTS (SELECT FROM unnest($4::text[]) o (name) WHERE o.name = u.name) AND NOT EXISTS (
         SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
);
