//! Writes `devices` and `blocks`.

use std::collections::BTreeMap;

use domain::ids::DeviceId;
use sqlx::PgConnection;

use super::columns::{PgQuery, column_values, to_sql_time};
use crate::rows::DeviceRow;

/// Upserts devices. A device's cursor never moves back.
pub(super) const UPSERT_DEVICES: &str = "acked AS (
    INSERT INTO devices (user_id, device, cursor, position, acked_at)
    SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::timestamptz[])
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (user_id, device) DO UPDATE SET cursor = EXCLUDED.cursor,
        position = EXCLUDED.position, acked_at = EXCLUDED.acked_at
    WHERE devices.cursor < EXCLUDED.cursor)";

pub(super) fn bind_devices<'q>(
    query: PgQuery<'q>,
    rows: &'q BTreeMap<(i64, DeviceId), DeviceRow>,
) -> PgQuery<'q> {
    query
        .bind(column_values(rows.keys(), |key| key.0))
        .bind(column_values(rows.keys(), |key| key.1.as_str()))
        .bind(column_values(rows.values(), |row| row.cursor))
        .bind(column_values(rows.values(), |row| row.position))
        .bind(column_values(rows.values(), |row| {
            to_sql_time(row.acked_at)
        }))
}

pub(super) async fn write_blocks(
    connection: &mut PgConnection,
    rows: &BTreeMap<(i64, i64), bool>,
) -> Result<(), sqlx::Error> {
    let keys_with = |blocked: bool| {
        rows.iter()
            .filter(|(_, is_blocked)| **is_blocked == blocked)
            .map(|(key, _)| *key)
            .collect::<Vec<_>>()
    };
    let (added, removed) = (keys_with(true), keys_with(false));
    if !added.is_empty() {
        sqlx::query(
            "INSERT INTO blocks (user_id, blocked) SELECT * FROM unnest($1::bigint[], $2::bigint[]) \
             ON CONFLICT DO NOTHING",
        )
        .bind(column_values(&added, |key| key.0))
        .bind(column_values(&added, |key| key.1))
        .execute(&mut *connection)
        .await?;
    }
    if !removed.is_empty() {
        sqlx::query(
            "DELETE FROM blocks b USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, blocked) \
             WHERE b.user_id = n.user_id AND b.blocked = n.blocked",
        )
        .bind(column_values(&removed, |key| key.0))
        .bind(column_values(&removed, |key| key.1))
        .execute(connection)
        .await?;
    }
    Ok(())
}
