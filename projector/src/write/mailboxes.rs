//! `devices` and `blocks`.

use std::collections::BTreeMap;

use domain::ids::DeviceId;
use sqlx::PgConnection;

use super::{Query, at, column};
use crate::rows::DeviceRow;

/// A device's cursor never goes back.
pub(super) const DEVICES: &str = "acked AS (
    INSERT INTO devices (user_id, device, cursor, position, acked_at)
    SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::timestamptz[])
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (user_id, device) DO UPDATE SET cursor = EXCLUDED.cursor,
        position = EXCLUDED.position, acked_at = EXCLUDED.acked_at
    WHERE devices.cursor < EXCLUDED.cursor)";

pub(super) fn bind_devices<'q>(
    query: Query<'q>,
    rows: &'q BTreeMap<(i64, DeviceId), DeviceRow>,
) -> Query<'q> {
    query
        .bind(column(rows.keys(), |key| key.0))
        .bind(column(rows.keys(), |key| key.1.as_str()))
        .bind(column(rows.values(), |row| row.cursor))
        .bind(column(rows.values(), |row| row.position))
        .bind(column(rows.values(), |row| at(row.acked_at)))
}

pub(super) async fn blocks(
    connection: &mut PgConnection,
    rows: &BTreeMap<(i64, i64), bool>,
) -> Result<(), sqlx::Error> {
    let of = |wanted: bool| {
        rows.iter()
            .filter(|(_, is_so)| **is_so == wanted)
            .map(|(key, _)| *key)
            .collect::<Vec<_>>()
    };
    let (made, lifted) = (of(true), of(false));
    if !made.is_empty() {
        sqlx::query(
            "INSERT INTO blocks (user_id, blocked) SELECT * FROM unnest($1::bigint[], $2::bigint[]) \
             ON CONFLICT DO NOTHING",
        )
        .bind(column(&made, |key| key.0))
        .bind(column(&made, |key| key.1))
        .execute(&mut *connection)
        .await?;
    }
    if !lifted.is_empty() {
        sqlx::query(
            "DELETE FROM blocks b USING unnest($1::bigint[], $2::bigint[]) AS n(user_id, blocked) \
             WHERE b.user_id = n.user_id AND b.blocked = n.blocked",
        )
        .bind(column(&lifted, |key| key.0))
        .bind(column(&lifted, |key| key.1))
        .execute(connection)
        .await?;
    }
    Ok(())
}
