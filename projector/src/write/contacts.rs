//! Writes `contacts`.

use std::collections::BTreeMap;

use domain::texts::ContactNote;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::rows::ContactRow;

/// Writes what users are to each other after the batch.
pub(super) async fn write(
    connection: &mut PgConnection,
    contacts: &BTreeMap<(i64, i64), Option<ContactRow>>,
) -> Result<(), sqlx::Error> {
    let removed = contacts.iter().filter(|(_, row)| row.is_none());
    let removed: Vec<(i64, i64)> = removed.map(|(key, _)| *key).collect();
    if !removed.is_empty() {
        sqlx::query(
            "DELETE FROM contacts c USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, other) \
             WHERE c.user_id = n.user_id AND c.other = n.other",
        )
        .bind(column_values(&removed, |key| key.0))
        .bind(column_values(&removed, |key| key.1))
        .execute(&mut *connection)
        .await?;
    }
    let rows = contacts.iter();
    let rows: Vec<_> = rows
        .filter_map(|(key, row)| Some((*key, row.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO contacts (user_id, other, state, note, position, at, hidden) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], \
         $6::timestamptz[], $7::boolean[]) \
         ON CONFLICT (user_id, other) DO UPDATE SET state = EXCLUDED.state, note = EXCLUDED.note, \
         position = EXCLUDED.position, at = EXCLUDED.at, hidden = EXCLUDED.hidden",
    )
    .bind(column_values(&rows, |(key, _)| key.0))
    .bind(column_values(&rows, |(key, _)| key.1))
    .bind(column_values(&rows, |(_, row)| row.state))
    .bind(column_values(&rows, |(_, row)| {
        row.note.as_ref().map(ContactNote::as_str)
    }))
    .bind(column_values(&rows, |(_, row)| row.position))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.at)))
    .bind(column_values(&rows, |(_, row)| row.hidden))
    .execute(connection)
    .await?;
    Ok(())
}
