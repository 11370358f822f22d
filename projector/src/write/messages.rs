//! Writes `messages`, `versions` and `reactions`.

use std::collections::BTreeMap;

use domain::body::MessageBody;
use domain::ids::ReactionKey;
use sqlx::PgConnection;

use super::{Query, at, column, in_order};
use crate::rows::{MessageChange, MessageKey, MessageRow, VersionRow};

pub(super) const INSERT: &str = "sent AS (
    INSERT INTO messages (conversation, seq, position, sender, sent_at, ordinal, reply_to, edited_at,
        recalled, fanned, type, body, original, mentions)
    SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::timestamptz[],
        ?::bigint[], ?::bigint[], ?::timestamptz[], ?::boolean[], ?::boolean[], ?::text[],
        ?::text[], ?::text[], ?::text[])
    WHERE EXISTS (SELECT FROM moved))";

pub(super) fn bind_insert<'q>(query: Query<'q>, rows: &'q [MessageRow]) -> Query<'q> {
    let rows = &in_order(rows.iter(), |row| row.key);
    query
        .bind(column(rows, |row| row.key.0))
        .bind(column(rows, |row| row.key.1))
        .bind(column(rows, |row| row.position))
        .bind(column(rows, |row| row.sender))
        .bind(column(rows, |row| at(row.sent_at)))
        .bind(column(rows, |row| row.ordinal))
        .bind(column(rows, |row| row.reply_to))
        .bind(column(rows, |row| row.edited_at.map(at)))
        .bind(column(rows, |row| row.recalled))
        .bind(column(rows, |row| row.fanned))
        .bind(column(rows, |row| row.kind.as_str()))
        .bind(column(rows, |row| {
            row.body.as_ref().map(MessageBody::as_json)
        }))
        .bind(column(rows, |row| {
            row.original.as_ref().map(MessageBody::as_json)
        }))
        .bind(column(rows, |row| row.mentions.as_deref()))
}

/// Applies edits and recalls to messages that were sent before this batch.
pub(super) async fn change(
    connection: &mut PgConnection,
    rows: &BTreeMap<MessageKey, MessageChange>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE messages m SET \
         body = CASE WHEN n.recalled OR m.recalled THEN NULL ELSE coalesce(n.body, m.body) END, \
         original = CASE WHEN n.recalled OR m.recalled THEN NULL \
             WHEN n.body IS NULL THEN m.original ELSE coalesce(m.original, m.body) END, \
         edited_at = coalesce(n.edited_at, m.edited_at), \
         recalled = n.recalled OR m.recalled, \
         mentions = CASE WHEN n.erased THEN NULL ELSE m.mentions END \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::boolean[], $6::boolean[]) \
         AS n(conversation, seq, body, edited_at, recalled, erased) \
         WHERE m.conversation = n.conversation AND m.seq = n.seq",
    )
    .bind(column(rows.keys(), |key| key.0))
    .bind(column(rows.keys(), |key| key.1))
    .bind(column(rows.values(), |row| {
        row.body.as_ref().map(MessageBody::as_json)
    }))
    .bind(column(rows.values(), |row| row.edited_at.map(at)))
    .bind(column(rows.values(), |row| row.recalled))
    .bind(column(rows.values(), |row| row.erased))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn versions(
    connection: &mut PgConnection,
    rows: &[VersionRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO versions (conversation, seq, position, at, body) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[])",
    )
    .bind(column(rows, |row| row.key.0))
    .bind(column(rows, |row| row.key.1))
    .bind(column(rows, |row| row.position))
    .bind(column(rows, |row| at(row.at)))
    .bind(column(rows, |row| row.body.as_ref().map(MessageBody::as_json)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the bodies of all versions of recalled messages, including versions from earlier
/// batches.
pub(super) async fn forget_versions(
    connection: &mut PgConnection,
    rows: &BTreeMap<MessageKey, MessageChange>,
) -> Result<(), sqlx::Error> {
    let recalled: Vec<_> = rows
        .iter()
        .filter(|(_, row)| row.recalled)
        .map(|(key, _)| *key)
        .collect();
    if recalled.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE versions v SET body = NULL \
         FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, seq) \
         WHERE v.conversation = n.conversation AND v.seq = n.seq AND v.body IS NOT NULL",
    )
    .bind(column(&recalled, |key| key.0))
    .bind(column(&recalled, |key| key.1))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the final state of each reaction after the batch. Rows are keyed by conversation, seq,
/// reaction key and user; `None` means that the reaction was removed.
pub(super) async fn reactions(
    connection: &mut PgConnection,
    rows: &BTreeMap<(i64, i64, ReactionKey, i64), Option<i64>>,
) -> Result<(), sqlx::Error> {
    let added: Vec<_> = rows
        .iter()
        .filter_map(|(key, position)| Some((key, (*position)?)))
        .collect();
    if !added.is_empty() {
        sqlx::query(
            "INSERT INTO reactions (conversation, seq, key, user_id, position) \
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) \
             ON CONFLICT (conversation, seq, key, user_id) DO UPDATE SET position = EXCLUDED.position",
        )
        .bind(column(&added, |(key, _)| key.0))
        .bind(column(&added, |(key, _)| key.1))
        .bind(column(&added, |(key, _)| key.2.as_str()))
        .bind(column(&added, |(key, _)| key.3))
        .bind(column(&added, |(_, position)| *position))
        .execute(&mut *connection)
        .await?;
    }
    let removed: Vec<_> = rows
        .iter()
        .filter(|(_, position)| position.is_none())
        .map(|(key, _)| key)
        .collect();
    if !removed.is_empty() {
        sqlx::query(
            "DELETE FROM reactions r \
             USING unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) AS n(conversation, seq, key, user_id) \
             WHERE r.conversation = n.conversation AND r.seq = n.seq AND r.key = n.key \
             AND r.user_id = n.user_id",
        )
        .bind(column(&removed, |key| key.0))
        .bind(column(&removed, |key| key.1))
        .bind(column(&removed, |key| key.2.as_str()))
        .bind(column(&removed, |key| key.3))
        .execute(connection)
        .await?;
    }
    Ok(())
}
