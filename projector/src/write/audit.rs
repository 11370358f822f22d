//! Writes `audit`.

use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;

use super::columns::column_values;
use crate::rows::AuditRow;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &[AuditRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO audit (position, at, actor, act, target, detail) \
         SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], \
         $6::text[])",
    )
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| OffsetDateTime::from(row.at)))
    .bind(column_values(rows, |row| row.actor.as_str()))
    .bind(column_values(rows, |row| row.act.as_str()))
    .bind(column_values(rows, |row| row.target.as_deref()))
    .bind(column_values(rows, |row| row.detail.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}
