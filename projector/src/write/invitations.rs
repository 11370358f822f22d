//! Writes `invitations`.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::rows::InvitationRow;

/// Writes the invitations as they are after the batch.
pub(super) async fn write(
    connection: &mut PgConnection,
    invitations: &BTreeMap<(i64, i64), Option<InvitationRow>>,
) -> Result<(), sqlx::Error> {
    let ended = invitations.iter().filter(|(_, row)| row.is_none());
    let ended: Vec<(i64, i64)> = ended.map(|(key, _)| *key).collect();
    if !ended.is_empty() {
        sqlx::query(
            "DELETE FROM invitations i USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, conversation) \
             WHERE i.user_id = n.user_id AND i.conversation = n.conversation",
        )
        .bind(column_values(&ended, |key| key.0))
        .bind(column_values(&ended, |key| key.1))
        .execute(&mut *connection)
        .await?;
    }
    let rows = invitations.iter();
    let rows: Vec<_> = rows
        .filter_map(|(key, row)| Some((*key, row.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO invitations (user_id, conversation, by, position, at) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[]) \
         ON CONFLICT (user_id, conversation) DO UPDATE SET by = EXCLUDED.by, \
         position = EXCLUDED.position, at = EXCLUDED.at",
    )
    .bind(column_values(&rows, |(key, _)| key.0))
    .bind(column_values(&rows, |(key, _)| key.1))
    .bind(column_values(&rows, |(_, row)| row.by))
    .bind(column_values(&rows, |(_, row)| row.position))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.at)))
    .execute(connection)
    .await?;
    Ok(())
}
