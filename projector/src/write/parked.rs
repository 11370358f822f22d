//! Writes `parked`.

use sqlx::PgConnection;

use super::columns::column_values;
use crate::rows::ParkedRow;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &[ParkedRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO parked (position, source, event_type, poison, reason) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::text[])",
    )
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| row.source.as_str()))
    .bind(column_values(rows, |row| row.event_type.as_str()))
    .bind(column_values(rows, |row| row.poison))
    .bind(column_values(rows, |row| row.reason.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}
