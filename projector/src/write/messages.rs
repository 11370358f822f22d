//! Writes `messages`, `versions` and `reactions`.

use std::collections::BTreeMap;

use domain::body::{MessageBody, MessageType};
use domain::ids::{ClientKey, ReactionKey};
use sqlx::PgConnection;

use super::columns::{PgQuery, column_values, sort_rows, to_sql_time};
use crate::rows::{BatchRows, MessageChange, MessageKey, MessageRow};

pub(super) const INSERT: &str = "sent AS (
    INSERT INTO messages (conversation, seq, position, sender, sent_at, ordinal, reply_to, edited_at,
        recalled, fanned, type, body, original, mentions, client_message_id, thread, file)
    SELECT unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::bigint[]),
        unnest(?::timestamptz[]), unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::timestamptz[]),
        unnest(?::boolean[]), unnest(?::boolean[]), unnest(?::text[]), unnest(?::text[]),
        unnest(?::text[]), unnest(?::text[]), unnest(?::text[]), unnest(?::bigint[]), unnest(?::text[])
    FROM moved)";

pub(super) fn bind_insert<'q>(query: PgQuery<'q>, rows: &'q [MessageRow]) -> PgQuery<'q> {
    let rows = &sort_rows(rows.iter(), |row| row.key);
    query
        .bind(column_values(rows, |row| row.key.0))
        .bind(column_values(rows, |row| row.key.1))
        .bind(column_values(rows, |row| row.position))
        .bind(column_values(rows, |row| row.sender))
        .bind(column_values(rows, |row| to_sql_time(row.sent_at)))
        .bind(column_values(rows, |row| row.ordinal))
        .bind(column_values(rows, |row| row.reply_to))
        .bind(column_values(rows, |row| row.edited_at.map(to_sql_time)))
        .bind(column_values(rows, |row| row.recalled))
        .bind(column_values(rows, |row| row.fanned))
        .bind(column_values(rows, |row| row.kind.as_str()))
        .bind(column_values(rows, |row| {
            let body = row.body.as_ref().filter(|_| !row.recalled);
            body.map(MessageBody::as_json)
        }))
        .bind(column_values(rows, |row| {
            let original = row.original.as_ref().filter(|_| !row.recalled);
            original.map(MessageBody::as_json)
        }))
        .bind(column_values(rows, |row| row.mentions.as_deref()))
        .bind(column_values(rows, |row| {
            row.client_message_id.as_ref().map(ClientKey::as_str)
        }))
        .bind(column_values(rows, |row| row.thread))
        .bind(column_values(rows, |row| {
            let body = row.body.as_ref().filter(|_| !row.recalled)?;
            body.file(row.kind).map(String::from)
        }))
}

/// The file that a message with this body uses if its type is one of those that can use a file.
pub(super) fn named_file(body: Option<&MessageBody>) -> Option<String> {
    body?.file(MessageType::File).map(String::from)
}

/// Applies edits and recalls to messages that were sent before this batch. A restored message gets
/// its content afterwards, by [`super::restores::write`].
pub(super) async fn update(
    connection: &mut PgConnection,
    rows: &BTreeMap<MessageKey, MessageChange>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE messages m SET \
         body = CASE WHEN coalesce(n.recalled, m.recalled) THEN NULL ELSE coalesce(n.body, m.body) END, \
         original = CASE WHEN coalesce(n.recalled, m.recalled) THEN NULL \
             WHEN n.body IS NULL THEN m.original ELSE coalesce(m.original, m.body) END, \
         file = CASE WHEN coalesce(n.recalled, m.recalled) THEN NULL WHEN n.body IS NULL THEN m.file \
             WHEN m.type IN ('image', 'file', 'audio', 'video') THEN n.file END, \
         edited_at = coalesce(n.edited_at, m.edited_at), \
         recalled = coalesce(n.recalled, m.recalled), \
         mentions = CASE WHEN n.erased THEN NULL ELSE m.mentions END, \
         client_message_id = CASE WHEN n.erased THEN NULL ELSE m.client_message_id END \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::boolean[], $6::boolean[], \
         $7::text[]) AS n(conversation, seq, body, edited_at, recalled, erased, file) \
         WHERE m.conversation = n.conversation AND m.seq = n.seq",
    )
    .bind(column_values(rows.keys(), |key| key.0))
    .bind(column_values(rows.keys(), |key| key.1))
    .bind(column_values(rows.values(), |row| {
        row.body.as_ref().map(MessageBody::as_json)
    }))
    .bind(column_values(rows.values(), |row| row.edited_at.map(to_sql_time)))
    .bind(column_values(rows.values(), |row| row.recalled))
    .bind(column_values(rows.values(), |row| row.erased))
    .bind(column_values(rows.values(), |row| {
        named_file(row.body.as_ref())
    }))
    .execute(connection)
    .await?;
    Ok(())
}

/// Inserts the versions of this batch, without the bodies of those messages of the batch that are
/// recalled now.
pub(super) async fn insert_versions(
    connection: &mut PgConnection,
    batch: &BatchRows,
) -> Result<(), sqlx::Error> {
    let rows = &batch.versions;
    if rows.is_empty() {
        return Ok(());
    }
    let is_recalled = |key: &MessageKey| {
        let index = batch.message_index.get(key);
        index.is_some_and(|index| batch.messages[*index].recalled)
    };
    sqlx::query(
        "INSERT INTO versions (conversation, seq, position, at, body) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[])",
    )
    .bind(column_values(rows, |row| row.key.0))
    .bind(column_values(rows, |row| row.key.1))
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| to_sql_time(row.at)))
    .bind(column_values(rows, |row| {
        let body = row.body.as_ref().filter(|_| !is_recalled(&row.key));
        body.map(MessageBody::as_json)
    }))
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the bodies of all versions of recalled messages, including versions from earlier
/// batches.
pub(super) async fn clear_recalled_versions(
    connection: &mut PgConnection,
    rows: &BTreeMap<MessageKey, MessageChange>,
) -> Result<(), sqlx::Error> {
    let recalled: Vec<_> = rows
        .iter()
        .filter(|(_, row)| row.recalled == Some(true))
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
    .bind(column_values(&recalled, |key| key.0))
    .bind(column_values(&recalled, |key| key.1))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the final state of each reaction after the batch. Rows are keyed by conversation, seq,
/// reaction key and user; `None` means that the reaction was removed.
pub(super) async fn write_reactions(
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
        .bind(column_values(&added, |(key, _)| key.0))
        .bind(column_values(&added, |(key, _)| key.1))
        .bind(column_values(&added, |(key, _)| key.2.as_str()))
        .bind(column_values(&added, |(key, _)| key.3))
        .bind(column_values(&added, |(_, position)| *position))
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
        .bind(column_values(&removed, |key| key.0))
        .bind(column_values(&removed, |key| key.1))
        .bind(column_values(&removed, |key| key.2.as_str()))
        .bind(column_values(&removed, |key| key.3))
        .execute(connection)
        .await?;
    }
    Ok(())
}
