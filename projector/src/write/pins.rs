//! Writes `pins`.

use sqlx::PgConnection;

use super::columns::column_values;
use crate::rows::BatchRows;

/// Ends pins from before the batch, then inserts those of the batch.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &BatchRows,
) -> Result<(), sqlx::Error> {
    let (pins, unpins) = (&rows.pins, &rows.unpins);
    if !unpins.is_empty() {
        sqlx::query(
            "UPDATE pins p SET unpinned_at = n.position \
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(conversation, seq, position) \
             WHERE p.conversation = n.conversation AND p.seq = n.seq AND p.unpinned_at IS NULL",
        )
        .bind(column_values(unpins, |row| row.0.0))
        .bind(column_values(unpins, |row| row.0.1))
        .bind(column_values(unpins, |row| row.1))
        .execute(&mut *connection)
        .await?;
    }
    if !pins.is_empty() {
        sqlx::query(
            "INSERT INTO pins (conversation, seq, position, unpinned_at) \
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])",
        )
        .bind(column_values(pins, |row| row.key.0))
        .bind(column_values(pins, |row| row.key.1))
        .bind(column_values(pins, |row| row.position))
        .bind(column_values(pins, |row| row.unpinned_at))
        .execute(connection)
        .await?;
    }
    Ok(())
}
