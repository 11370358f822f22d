//! Writes `held`.

use std::collections::BTreeMap;

use domain::ids::ClientKey;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::rows::HeldRow;

/// User and number.
type HeldKey = (i64, i64);

pub(super) async fn write(
    connection: &mut PgConnection,
    changes: &BTreeMap<HeldKey, Option<HeldRow>>,
) -> Result<(), sqlx::Error> {
    let (mut held, mut ended) = (Vec::new(), Vec::new());
    for (key, row) in changes {
        match row {
            Some(row) => held.push((*key, row)),
            None => ended.push(*key),
        }
    }
    insert(connection, &held).await?;
    delete(connection, &ended).await
}

async fn insert(
    connection: &mut PgConnection,
    rows: &[(HeldKey, &HeldRow)],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO held (user_id, number, conversation, type, reply_to, thread, mentions, \
         client_message_id, at, body, file) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], \
         $6::bigint[], $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::text[])",
    )
    .bind(column_values(rows, |(key, _)| key.0))
    .bind(column_values(rows, |(key, _)| key.1))
    .bind(column_values(rows, |(_, row)| row.conversation))
    .bind(column_values(rows, |(_, row)| row.kind.as_str()))
    .bind(column_values(rows, |(_, row)| row.reply_to))
    .bind(column_values(rows, |(_, row)| row.thread))
    .bind(column_values(rows, |(_, row)| row.mentions.as_deref()))
    .bind(column_values(rows, |(_, row)| {
        row.client_message_id.as_ref().map(ClientKey::as_str)
    }))
    .bind(column_values(rows, |(_, row)| to_sql_time(row.at)))
    .bind(column_values(rows, |(_, row)| row.body.as_json()))
    .bind(column_values(rows, |(_, row)| {
        row.body.file(row.kind).map(String::from)
    }))
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(connection: &mut PgConnection, rows: &[HeldKey]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM held h USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, number) \
         WHERE h.user_id = n.user_id AND h.number = n.number",
    )
    .bind(column_values(rows, |key| key.0))
    .bind(column_values(rows, |key| key.1))
    .execute(connection)
    .await?;
    Ok(())
}
