//! Writes `file_uses`: which conversation uses which file.
//!
//! Nothing is counted. A batch touches some pairs of a file and a conversation; after everything
//! else is written, the tables say for each of them whether it is a use. So the result does not
//! depend on where a batch begins or ends.

use domain::file::FilePhase;
use read_model::uses_file;
use sqlx::PgConnection;

use super::columns::column_values;
use crate::rows::{BatchRows, MessageKey, MessageRow};

/// The pairs that rows named before the batch.
pub(super) type NamedPairs = Vec<(String, i64)>;

/// The rows of the batch that name files, or named some before it.
struct TouchedRows<'a> {
    /// Messages that are new and name a file.
    sent: Vec<MessageKey>,
    /// Messages that were sent before and have changed.
    changed: Vec<MessageKey>,
    /// Scheduled messages, by user and number.
    scheduled: Vec<(i64, i64)>,
    /// Held messages, by user and number.
    held: Vec<(i64, i64)>,
    /// Conversations that somebody has cleared.
    cleared: Vec<i64>,
    /// Files that were stored or deleted.
    files: Vec<&'a str>,
}

impl<'a> TouchedRows<'a> {
    fn collect(rows: &'a BatchRows) -> Self {
        let stored = rows.files.iter().filter(|(_, change)| {
            let phase = change.phase;
            phase.is_some_and(|phase| phase != FilePhase::Reserved)
        });
        Self {
            sent: rows
                .messages
                .iter()
                .filter(|row| names_file(row))
                .map(|row| row.key)
                .collect(),
            changed: rows.message_changes.keys().copied().collect(),
            scheduled: rows.scheduled.keys().copied().collect(),
            held: rows.held.keys().copied().collect(),
            cleared: rows.cleared.iter().copied().collect(),
            files: stored.map(|(id, _)| id.as_str()).collect(),
        }
    }

    /// Whether rows that exist may have named files.
    fn had_names(&self) -> bool {
        !(self.changed.is_empty() && self.scheduled.is_empty() && self.held.is_empty())
    }

    fn is_empty(&self) -> bool {
        !self.had_names()
            && self.sent.is_empty()
            && self.cleared.is_empty()
            && self.files.is_empty()
    }
}

/// Whether this new message names a file.
fn names_file(row: &MessageRow) -> bool {
    let body = row.body.as_ref().filter(|_| !row.recalled);
    body.is_some_and(|body| body.file(row.kind).is_some())
}

/// Whether a batch with these rows touches pairs that no other change makes it write in a
/// transaction.
pub(super) fn needs_transaction(rows: &BatchRows) -> bool {
    !rows.cleared.is_empty() || rows.messages.iter().any(names_file)
}

/// Reads the pairs that the changed rows have named until now. Call it before they are written.
pub(super) async fn read_named(
    connection: &mut PgConnection,
    rows: &BatchRows,
) -> Result<NamedPairs, sqlx::Error> {
    let touched = TouchedRows::collect(rows);
    if !touched.had_names() {
        return Ok(vec![]);
    }
    sqlx::query_as(
        "SELECT m.file, m.conversation FROM messages m \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, seq) \
         ON m.conversation = n.conversation AND m.seq = n.seq WHERE m.file IS NOT NULL \
         UNION SELECT s.file, s.conversation FROM scheduled s \
         JOIN unnest($3::bigint[], $4::bigint[]) AS n(user_id, number) \
         ON s.user_id = n.user_id AND s.number = n.number WHERE s.file IS NOT NULL \
         UNION SELECT h.file, h.conversation FROM held h \
         JOIN unnest($5::bigint[], $6::bigint[]) AS n(user_id, number) \
         ON h.user_id = n.user_id AND h.number = n.number WHERE h.file IS NOT NULL",
    )
    .bind(column_values(&touched.changed, |key| key.0))
    .bind(column_values(&touched.changed, |key| key.1))
    .bind(column_values(&touched.scheduled, |key| key.0))
    .bind(column_values(&touched.scheduled, |key| key.1))
    .bind(column_values(&touched.held, |key| key.0))
    .bind(column_values(&touched.held, |key| key.1))
    .fetch_all(connection)
    .await
}

/// Binds the pairs that were named before, then the keys of messages, scheduled and held messages,
/// the cleared conversations, and the files.
const REFRESH: &str = concat!(
    "WITH touched AS (
        SELECT * FROM unnest($1::text[], $2::bigint[]) AS n(file, conversation)
        UNION SELECT m.file, m.conversation FROM messages m
            JOIN unnest($3::bigint[], $4::bigint[]) AS n(conversation, seq)
            ON m.conversation = n.conversation AND m.seq = n.seq WHERE m.file IS NOT NULL
        UNION SELECT s.file, s.conversation FROM scheduled s
            JOIN unnest($5::bigint[], $6::bigint[]) AS n(user_id, number)
            ON s.user_id = n.user_id AND s.number = n.number WHERE s.file IS NOT NULL
        UNION SELECT h.file, h.conversation FROM held h
            JOIN unnest($7::bigint[], $8::bigint[]) AS n(user_id, number)
            ON h.user_id = n.user_id AND h.number = n.number WHERE h.file IS NOT NULL
        UNION SELECT m.file, m.conversation FROM messages m JOIN conversations c ON c.id = m.conversation
            WHERE m.conversation = ANY ($9::bigint[]) AND c.kind = 'direct' AND m.file IS NOT NULL
        UNION SELECT m.file, m.conversation FROM messages m WHERE m.file = ANY ($10::text[])
        UNION SELECT s.file, s.conversation FROM scheduled s WHERE s.file = ANY ($10::text[])
        UNION SELECT h.file, h.conversation FROM held h WHERE h.file = ANY ($10::text[])
    ), used AS (
        SELECT t.file, t.conversation, f.size FROM touched t
        JOIN files f ON f.id = t.file AND f.phase <> 'reserved'
        WHERE EXISTS (SELECT FROM messages g JOIN conversations c ON c.id = g.conversation
                      WHERE g.file = t.file AND g.conversation = t.conversation AND ",
    uses_file!("g", "c", "members"),
    ") OR EXISTS (SELECT FROM scheduled s WHERE s.file = t.file AND s.conversation = t.conversation)
            OR EXISTS (SELECT FROM held h WHERE h.file = t.file AND h.conversation = t.conversation)
    ), ended AS (
        DELETE FROM file_uses u USING touched t WHERE u.file = t.file
            AND u.conversation = t.conversation AND NOT EXISTS (
                SELECT FROM used n WHERE n.file = t.file AND n.conversation = t.conversation))
    INSERT INTO file_uses (file, conversation, size) SELECT * FROM used
    ON CONFLICT (file, conversation) DO NOTHING"
);

/// Looks again at the pairs that the batch has touched. `before` are those that its rows named
/// before it. Call it after everything else is written.
pub(super) async fn refresh(
    connection: &mut PgConnection,
    rows: &BatchRows,
    before: &[(String, i64)],
) -> Result<(), sqlx::Error> {
    let touched = TouchedRows::collect(rows);
    if touched.is_empty() {
        return Ok(());
    }
    let messages: Vec<MessageKey> = touched.sent.into_iter().chain(touched.changed).collect();
    sqlx::query(REFRESH)
        .bind(column_values(before, |pair| pair.0.as_str()))
        .bind(column_values(before, |pair| pair.1))
        .bind(column_values(&messages, |key| key.0))
        .bind(column_values(&messages, |key| key.1))
        .bind(column_values(&touched.scheduled, |key| key.0))
        .bind(column_values(&touched.scheduled, |key| key.1))
        .bind(column_values(&touched.held, |key| key.0))
        .bind(column_values(&touched.held, |key| key.1))
        .bind(touched.cleared)
        .bind(touched.files)
        .execute(connection)
        .await?;
    Ok(())
}
