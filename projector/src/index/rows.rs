//! Messages as the read models have them now.

use event_log::reader::Touched;
use search::index::{Checkpoint, Key, Message};
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgPool};

use super::IndexingError;
use super::built::DifferingMessage;

/// Why an index does not fit when users and conversations have got other numbers.
pub(super) const RENUMBERED: &str = "has other numbers than the read models";

/// How far the read models are, and how they number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct ReadModel {
    /// The last event folded.
    pub position: i64,
    /// Which numbering of users and conversations.
    pub numbering: i64,
    /// When the last event folded happened.
    pub event_time: OffsetDateTime,
}

const READ_MODEL: &str = "SELECT position, numbering, event_time FROM read.checkpoint";

impl ReadModel {
    pub async fn look(pool: &PgPool) -> Result<Self, sqlx::Error> {
        sqlx::query_as(READ_MODEL).fetch_one(pool).await
    }

    /// In the snapshot of a transaction.
    pub async fn seen_by(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        sqlx::query_as(READ_MODEL).fetch_one(connection).await
    }

    /// When that event happened, in milliseconds since 1970.
    pub fn time(&self) -> i64 {
        domain::time::Timestamp::from(self.event_time).millis()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    conversation: i64,
    seq: i64,
    position: i64,
    sender: i64,
    sent_at: OffsetDateTime,
    #[sqlx(rename = "type")]
    kind: String,
    /// Null if there is nothing to search.
    body: Option<String>,
    mentions: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Numbered {
    numbering: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// What a message that has changed is now.
pub(super) enum Now {
    /// To be found, in this form.
    There(Message),
    /// Not to be found: recalled, or a control message.
    Gone {
        /// Where it is.
        conversation: u64,
        /// Its number there.
        seq: u64,
    },
}

impl Now {
    /// Its conversation and seq.
    pub fn key(&self) -> Key {
        match self {
            Self::There(message) => message.key(),
            Self::Gone { conversation, seq } => (*conversation, *seq),
        }
    }
}

/// The messages of these names as they are now. Those that are not in the read models, because what sent
/// them is parked, are left out. Also answers which numbering they are of.
///
/// Planned each time, and each message a probe by both of its keys: a plan that was kept from when there were three
/// conversations looked through all of them for every message, a minute long.
pub(super) async fn changed(
    pool: &PgPool,
    touched: &[Touched],
) -> Result<(i64, Vec<Now>), sqlx::Error> {
    let conversations: Vec<&str> = touched.iter().map(|it| it.conversation.as_str()).collect();
    let seqs: Vec<i64> = touched.iter().map(|it| it.seq).collect();
    let rows: Vec<Numbered> = sqlx::query_as(
        "SELECT k.numbering, g.conversation, g.seq, g.position, g.sender, g.sent_at, g.type, \
         CASE WHEN NOT g.recalled AND g.type <> 'control' THEN g.body END AS body, g.mentions \
         FROM read.checkpoint k CROSS JOIN unnest($1::text[], $2::bigint[]) AS t(name, seq) \
         CROSS JOIN LATERAL (SELECT c.id FROM read.conversations c WHERE c.name = t.name OFFSET 0) c \
         CROSS JOIN LATERAL (SELECT m.* FROM read.messages m \
             WHERE m.conversation = c.id AND m.seq = t.seq OFFSET 0) g",
    )
    .bind(conversations)
    .bind(seqs)
    .persistent(false)
    .fetch_all(pool)
    .await?;
    let numbering = rows.first().map_or(0, |row| row.numbering);
    Ok((numbering, rows.into_iter().map(|it| it.row.now()).collect()))
}

/// The next messages after one, in the order of conversations and seqs, that are to be found and were sent up to the
/// position of a checkpoint. An error if the read models are numbered otherwise than it says.
pub(super) async fn after(
    connection: &mut PgConnection,
    checkpoint: &Checkpoint,
    (conversation, seq): Key,
    limit: i64,
) -> Result<Vec<Message>, IndexingError> {
    let rows: Vec<Numbered> = sqlx::query_as(
        "SELECT k.numbering, g.* FROM read.checkpoint k CROSS JOIN LATERAL ( \
            SELECT g.conversation, g.seq, g.position, g.sender, g.sent_at, g.type, g.body, g.mentions \
            FROM read.messages g WHERE (g.conversation, g.seq) > ($1, $2) AND g.position <= $3 \
            AND NOT g.recalled AND g.type <> 'control' AND g.body IS NOT NULL \
            ORDER BY g.conversation, g.seq LIMIT $4) g \
         ORDER BY g.conversation, g.seq",
    )
    .bind(conversation.cast_signed())
    .bind(seq.cast_signed())
    .bind(checkpoint.position.cast_signed())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    if rows.iter().any(|row| row.numbering != checkpoint.numbering) {
        return Err(IndexingError::Unfit(RENUMBERED));
    }
    let now = rows.into_iter().map(|it| it.row.now());
    Ok(now
        .filter_map(|now| match now {
            Now::There(message) => Some(message),
            Now::Gone { .. } => None,
        })
        .collect())
}

/// Messages by the names of their conversations; those of conversations that are not there are left out.
pub(super) async fn named(
    pool: &PgPool,
    keys: &[Key],
) -> Result<Vec<DifferingMessage>, sqlx::Error> {
    let conversations: Vec<i64> = keys.iter().map(|key| key.0.cast_signed()).collect();
    let seqs: Vec<i64> = keys.iter().map(|key| key.1.cast_signed()).collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT c.name, t.seq FROM unnest($1::bigint[], $2::bigint[]) AS t(id, seq) \
         JOIN read.conversations c ON c.id = t.id ORDER BY c.name, t.seq",
    )
    .bind(conversations)
    .bind(seqs)
    .fetch_all(pool)
    .await?;
    let named = rows
        .into_iter()
        .map(|(conversation, seq)| DifferingMessage {
            conversation,
            seq: seq.unsigned_abs(),
        });
    Ok(named.collect())
}

/// How many messages there are, about: as many as the planner believes.
pub(super) async fn count(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let rows: f32 =
        sqlx::query_scalar("SELECT reltuples FROM pg_class WHERE oid = 'read.messages'::regclass")
            .fetch_one(connection)
            .await?;
    Ok(rows.max(0.0) as u64)
}

impl Row {
    fn now(self) -> Now {
        let (conversation, seq) = (self.conversation.unsigned_abs(), self.seq.unsigned_abs());
        let Some(body) = self.body else {
            return Now::Gone { conversation, seq };
        };
        let mentions = self.mentions.as_deref().map(serde_json::from_str);
        Now::There(Message {
            position: self.position.unsigned_abs(),
            conversation,
            seq,
            sender: self.sender.unsigned_abs(),
            sent_at: domain::time::Timestamp::from(self.sent_at).millis(),
            text: search::body::text(&self.kind, &body),
            kind: self.kind,
            mentions: mentions.and_then(Result::ok).unwrap_or_default(),
        })
    }
}
