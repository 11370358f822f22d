//! From what was sent to who is to be told, in one statement a batch.

use std::time::Duration;

use domain::conversation::event::ConversationEvent;
use domain::envelope::Envelope;
use domain::event::EventFamily as _;
use domain::time::Timestamp;
use sqlx::postgres::PgConnection;

use super::rule::concerns;

/// What was sent so long before the log took it was imported: it is history, and nobody is told.
const HISTORY: Duration = Duration::from_secs(24 * 3600);

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Where.
    pub conversation: String,
    /// Its number there.
    pub seq: i64,
    /// Where it stands in the log.
    pub position: i64,
    /// When the log took it.
    pub time: Timestamp,
}

impl Sent {
    /// The message of an event; `None` if it is none, or one of long ago.
    pub fn of(event: &Envelope) -> Option<Self> {
        let data = event.data.get().as_bytes();
        let read = ConversationEvent::read(&event.event_type, event.version, data);
        let Ok(ConversationEvent::MessageSent(message)) = read else {
            return None;
        };
        let age = event.time.millis() - message.sent_at.millis();
        let is_history = age >= i64::try_from(HISTORY.as_millis()).unwrap_or(i64::MAX);
        (!is_history).then(|| Self {
            conversation: event.aggregate_id.clone(),
            seq: message.seq,
            position: event.position,
            time: event.time,
        })
    }
}

/// Who may be told.
pub enum Whom<'a> {
    /// Everybody but these.
    AllBut(&'a [String]),
    /// These, unless one of their devices has it.
    Missing(&'a [String]),
    /// Everybody but these, unless one of their devices has it.
    AllMissingBut(&'a [String]),
}

/// Notes whom these messages concern; they are told when `window` is over. Taking a message again changes
/// nothing.
pub async fn take(
    connection: &mut PgConnection,
    webhook: i64,
    sent: &[&Sent],
    whom: &Whom<'_>,
    window: Duration,
) -> Result<u64, sqlx::Error> {
    if sent.is_empty() {
        return Ok(0);
    }
    let (statement, users) = match whom {
        Whom::AllBut(users) => (ALL_BUT, users),
        Whom::Missing(users) => (MISSING, users),
        Whom::AllMissingBut(users) => (ALL_MISSING_BUT, users),
    };
    let conversations: Vec<&str> = sent.iter().map(|it| it.conversation.as_str()).collect();
    let seqs: Vec<i64> = sent.iter().map(|it| it.seq).collect();
    let noted = sqlx::query(statement)
        .bind(webhook)
        .bind(conversations)
        .bind(seqs)
        .bind(*users)
        .bind(window.as_secs_f64())
        .execute(connection)
        .await?;
    Ok(noted.rows_affected())
}

/// Binds the webhook, conversations and seqs of messages, users, and seconds.
macro_rules! noting {
    ($whom:literal) => {
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
            concerns!(),
            " AND ",
            $whom,
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

const ALL_BUT: &str =
    noting!("NOT EXISTS (SELECT FROM unnest($4::text[]) o (name) WHERE o.name = u.name)");

const MISSING: &str = noting!(
    "u.name = ANY($4::text[]) AND NOT EXISTS (
         SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
);

const ALL_MISSING_BUT: &str = noting!(
    "NOT EXISTS (SELECT FROM unnest($4::text[]) o (name) WHERE o.name = u.name) AND NOT EXISTS (
         SELECT FROM read.devices d WHERE d.user_id = u.id AND d.cursor >= g.position)"
);
