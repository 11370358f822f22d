//! Writes `scheduled`.

use std::collections::BTreeMap;

use domain::body::MessageBody;
use domain::ids::ClientKey;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use super::messages::named_file;
use crate::rows::{ScheduledChange, ScheduledRow};

/// User and number.
type ScheduledKey = (i64, i64);

pub(super) async fn write(
    connection: &mut PgConnection,
    changes: &BTreeMap<ScheduledKey, ScheduledChange>,
) -> Result<(), sqlx::Error> {
    let (mut inserted, mut updated, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for (key, change) in changes {
        match (&change.inserted, change.is_removed) {
            (Some(row), false) => inserted.push((*key, row, change)),
            (Some(_), true) => {}
            (None, false) => updated.push((*key, change)),
            (None, true) => removed.push(*key),
        }
    }
    insert(connection, &inserted).await?;
    update(connection, &updated).await?;
    delete(connection, &removed).await
}

async fn insert(
    connection: &mut PgConnection,
    rows: &[(ScheduledKey, &ScheduledRow, &ScheduledChange)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO scheduled (user_id, number, conversation, type, reply_to, thread, mentions, \
         client_message_id, send_at, body, code, file) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], \
         $6::bigint[], $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::text[], $12::text[])",
    )
    .bind(column_values(rows, |(key, ..)| key.0))
    .bind(column_values(rows, |(key, ..)| key.1))
    .bind(column_values(rows, |(_, row, _)| row.conversation))
    .bind(column_values(rows, |(_, row, _)| row.kind.as_str()))
    .bind(column_values(rows, |(_, row, _)| row.reply_to))
    .bind(column_values(rows, |(_, row, _)| row.thread))
    .bind(column_values(rows, |(_, row, _)| row.mentions.as_deref()))
    .bind(column_values(rows, |(_, row, _)| {
        row.client_message_id.as_ref().map(ClientKey::as_str)
    }))
    .bind(column_values(rows, |(.., change)| {
        change.send_at.map(to_sql_time)
    }))
    .bind(column_values(rows, |(.., change)| {
        change.body.as_ref().map(MessageBody::as_json)
    }))
    .bind(column_values(rows, |(.., change)| {
        change.code.as_ref().and_then(Option::as_deref)
    }))
    .bind(column_values(rows, |(_, row, change)| {
        let body = change.body.as_ref()?;
        body.file(row.kind).map(String::from)
    }))
    .execute(connection)
    .await?;
    Ok(())
}

async fn update(
    connection: &mut PgConnection,
    rows: &[(ScheduledKey, &ScheduledChange)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE scheduled s SET send_at = coalesce(n.send_at, s.send_at), \
         body = coalesce(n.body, s.body), \
         file = CASE WHEN n.body IS NULL THEN s.file \
             WHEN s.type IN ('image', 'file', 'audio', 'video') THEN n.file END, \
         code = CASE WHEN n.has_code THEN n.code ELSE s.code END \
         FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::boolean[], $6::text[], $7::text[]) \
         AS n(user_id, number, send_at, body, has_code, code, file) \
         WHERE s.user_id = n.user_id AND s.number = n.number",
    )
    .bind(column_values(rows, |(key, _)| key.0))
    .bind(column_values(rows, |(key, _)| key.1))
    .bind(column_values(rows, |(_, change)| {
        change.send_at.map(to_sql_time)
    }))
    .bind(column_values(rows, |(_, change)| {
        change.body.as_ref().map(MessageBody::as_json)
    }))
    .bind(column_values(rows, |(_, change)| change.code.is_some()))
    .bind(column_values(rows, |(_, change)| {
        change.code.as_ref().and_then(Option::as_deref)
    }))
    .bind(column_values(rows, |(_, change)| {
        named_file(change.body.as_ref())
    }))
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(connection: &mut PgConnection, rows: &[ScheduledKey]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM scheduled s USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, number) \
         WHERE s.user_id = n.user_id AND s.number = n.number",
    )
    .bind(column_values(rows, |key| key.0))
    .bind(column_values(rows, |key| key.1))
    .execute(connection)
    .await?;
    Ok(())
}
