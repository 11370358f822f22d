//! Loads the current content of messages from the read model.

use event_log::reader::ChangedMessage;
use search::index::{DocumentKey, IndexCheckpoint, MessageDocument};
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgPool};

use super::error::IndexingError;
use super::read_model::check_numbering;
use super::report::DifferingMessage;

#[derive(sqlx::FromRow)]
struct IndexMessageRow {
    conversation: i64,
    seq: i64,
    position: i64,
    sender: i64,
    sent_at: OffsetDateTime,
    #[sqlx(rename = "type")]
    kind: String,
    /// Null if the message has no content to search.
    body: Option<String>,
    mentions: Option<String>,
}

#[derive(sqlx::FromRow)]
struct NumberedRow {
    numbering: i64,
    #[sqlx(flatten)]
    row: IndexMessageRow,
}

/// The change to the index that brings a message up to date.
pub(super) enum IndexChange {
    /// The message must be in the index with this content.
    Upsert(MessageDocument),
    /// The message must not be in the index: it was recalled or is a control message.
    Remove {
        /// The id of its conversation.
        conversation: u64,
        /// Its seq in that conversation.
        seq: u64,
    },
}

impl IndexChange {
    /// The message's conversation id and seq.
    pub fn key(&self) -> DocumentKey {
        match self {
            Self::Upsert(message) => message.key(),
            Self::Remove { conversation, seq } => (*conversation, *seq),
        }
    }
}

/// Loads the changes for these messages, together with the numbering that their ids belong to.
/// Messages that are missing from the read model, because their `message_sent` event is parked, are
/// omitted.
///
/// The query is planned each time, and looks up each message by both of its keys: a cached plan
/// from when there were three conversations scanned all of them for every message, for a minute.
pub(super) async fn load_changes(
    pool: &PgPool,
    changed_messages: &[ChangedMessage],
) -> Result<(i64, Vec<IndexChange>), sqlx::Error> {
    let conversations: Vec<&str> = changed_messages
        .iter()
        .map(|message| message.conversation.as_str())
        .collect();
    let seqs: Vec<i64> = changed_messages.iter().map(|message| message.seq).collect();
    let rows: Vec<NumberedRow> = sqlx::query_as(
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
    Ok((
        numbering,
        rows.into_iter()
            .map(|numbered| numbered.row.into_change())
            .collect(),
    ))
}

/// Loads the next searchable messages after a key, in the order of conversation and seq, that were
/// sent up to the checkpoint's position. Fails if the read model's numbering differs from the
/// checkpoint's.
pub(super) async fn load_after(
    connection: &mut PgConnection,
    checkpoint: &IndexCheckpoint,
    (conversation, seq): DocumentKey,
    limit: i64,
) -> Result<Vec<MessageDocument>, IndexingError> {
    let rows: Vec<NumberedRow> = sqlx::query_as(
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
    for row in &rows {
        check_numbering(row.numbering, checkpoint.numbering)?;
    }
    let changes = rows.into_iter().map(|numbered| numbered.row.into_change());
    Ok(changes
        .filter_map(|change| match change {
            IndexChange::Upsert(message) => Some(message),
            IndexChange::Remove { .. } => None,
        })
        .collect())
}

/// Resolves message keys to the public ids of their conversations. Messages of unknown
/// conversations are omitted.
pub(super) async fn resolve_names(
    pool: &PgPool,
    keys: &[DocumentKey],
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
    let messages = rows
        .into_iter()
        .map(|(conversation, seq)| DifferingMessage {
            conversation,
            seq: seq.unsigned_abs(),
        });
    Ok(messages.collect())
}

/// The planner's estimate of the number of messages.
pub(super) async fn estimate_count(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let rows: f32 =
        sqlx::query_scalar("SELECT reltuples FROM pg_class WHERE oid = 'read.messages'::regclass")
            .fetch_one(connection)
            .await?;
    Ok(rows.max(0.0) as u64)
}

impl IndexMessageRow {
    fn into_change(self) -> IndexChange {
        let (conversation, seq) = (self.conversation.unsigned_abs(), self.seq.unsigned_abs());
        let Some(body) = self.body else {
            return IndexChange::Remove { conversation, seq };
        };
        let mentions = self.mentions.as_deref().map(serde_json::from_str);
        IndexChange::Upsert(MessageDocument {
            position: self.position.unsigned_abs(),
            conversation,
            seq,
            sender: self.sender.unsigned_abs(),
            sent_at: domain::time::Timestamp::from(self.sent_at).millis(),
            text: search::body::searchable_text(&self.kind, &body),
            kind: self.kind,
            mentions: mentions.and_then(Result::ok).unwrap_or_default(),
        })
    }
}
