//! Writes the content of restored messages.
//!
//! The tables hold nothing of a recalled message, so its bodies come from the log. The result
//! therefore does not depend on where a batch begins or ends.

use std::collections::{BTreeMap, HashMap};

use domain::body::MessageBody;
use event_log::message_bodies::load_bodies;
use sqlx::PgConnection;

use super::columns::column_values;
use super::messages::named_file;
use crate::rows::{BatchRows, MessageKey};

/// Marks the messages that were restored in this batch, and writes the content of those that were
/// sent before it and are not recalled again.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &BatchRows,
) -> Result<(), sqlx::Error> {
    let restored: Vec<MessageKey> = rows
        .recalls
        .iter()
        .filter(|(_, changes)| changes.iter().any(|(_, is_recalled)| !is_recalled))
        .map(|(key, _)| *key)
        .collect();
    if restored.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE messages m SET restored = true \
         FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, seq) \
         WHERE m.conversation = n.conversation AND m.seq = n.seq",
    )
    .bind(column_values(&restored, |key| key.0))
    .bind(column_values(&restored, |key| key.1))
    .execute(&mut *connection)
    .await?;
    let changes = rows.message_changes.iter();
    let visible: Vec<MessageKey> = changes
        .filter(|(_, change)| change.recalled == Some(false))
        .map(|(key, _)| *key)
        .collect();
    let positions = load_positions(connection, &visible).await?;
    let all: Vec<i64> = positions.values().flatten().copied().collect();
    let bodies = load_bodies(connection, &all).await?;
    write_versions(connection, &positions, &bodies).await?;
    write_messages(connection, &positions, &bodies).await
}

/// The positions at which each message got a body, in order: first that of the message itself, then
/// those of its edits.
async fn load_positions(
    connection: &mut PgConnection,
    keys: &[MessageKey],
) -> Result<BTreeMap<MessageKey, Vec<i64>>, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT m.conversation, m.seq, m.position FROM messages m \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, seq) \
         ON m.conversation = n.conversation AND m.seq = n.seq \
         UNION ALL \
         SELECT v.conversation, v.seq, v.position FROM versions v \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, seq) \
         ON v.conversation = n.conversation AND v.seq = n.seq \
         ORDER BY 3",
    )
    .bind(column_values(keys, |key| key.0))
    .bind(column_values(keys, |key| key.1))
    .fetch_all(connection)
    .await?;
    let mut positions: BTreeMap<MessageKey, Vec<i64>> = BTreeMap::new();
    for (conversation, seq, position) in rows {
        let key = (conversation, seq);
        positions.entry(key).or_default().push(position);
    }
    Ok(positions)
}

async fn write_versions(
    connection: &mut PgConnection,
    positions: &BTreeMap<MessageKey, Vec<i64>>,
    bodies: &HashMap<i64, MessageBody>,
) -> Result<(), sqlx::Error> {
    let edits = positions.iter().flat_map(|(key, positions)| {
        let edits = positions.iter().skip(1);
        edits.map(move |position| (key, position, bodies.get(position)))
    });
    let rows: Vec<_> = edits.collect();
    sqlx::query(
        "UPDATE versions v SET body = n.body \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) \
         AS n(conversation, seq, position, body) \
         WHERE v.conversation = n.conversation AND v.seq = n.seq AND v.position = n.position",
    )
    .bind(column_values(&rows, |row| row.0.0))
    .bind(column_values(&rows, |row| row.0.1))
    .bind(column_values(&rows, |row| *row.1))
    .bind(column_values(&rows, |row| row.2.map(MessageBody::as_json)))
    .execute(connection)
    .await?;
    Ok(())
}

/// The current body is that of the last edit. A message that was never edited has no original.
async fn write_messages(
    connection: &mut PgConnection,
    positions: &BTreeMap<MessageKey, Vec<i64>>,
    bodies: &HashMap<i64, MessageBody>,
) -> Result<(), sqlx::Error> {
    let body_at = |position: Option<&i64>| {
        let body = bodies.get(position?);
        body.map(MessageBody::as_json)
    };
    sqlx::query(
        "UPDATE messages m SET body = n.body, original = n.original, \
         file = CASE WHEN m.type IN ('image', 'file', 'audio', 'video') THEN n.file END \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) \
         AS n(conversation, seq, body, original, file) \
         WHERE m.conversation = n.conversation AND m.seq = n.seq",
    )
    .bind(column_values(positions.keys(), |key| key.0))
    .bind(column_values(positions.keys(), |key| key.1))
    .bind(column_values(positions.values(), |of| body_at(of.last())))
    .bind(column_values(positions.values(), |of| {
        body_at(of.first().filter(|_| of.len() > 1))
    }))
    .bind(column_values(positions.values(), |of| {
        named_file(of.last().and_then(|position| bodies.get(position)))
    }))
    .execute(connection)
    .await?;
    Ok(())
}
