//! Writes `push_devices`, and removes `devices`.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::DeviceId;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::rows::PushDeviceRow;

/// Removes devices, before those that the batch adds are written.
pub(super) async fn remove_devices(
    connection: &mut PgConnection,
    devices: &BTreeSet<(i64, DeviceId)>,
) -> Result<(), sqlx::Error> {
    if devices.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM devices d USING unnest($1::bigint[], $2::text[]) AS n(user_id, device) \
         WHERE d.user_id = n.user_id AND d.device = n.device",
    )
    .bind(column_values(devices, |key| key.0))
    .bind(column_values(devices, |key| key.1.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the registrations as they are after the batch.
pub(super) async fn write(
    connection: &mut PgConnection,
    devices: &BTreeMap<(i64, DeviceId), Option<PushDeviceRow>>,
) -> Result<(), sqlx::Error> {
    let dropped = devices.iter().filter(|(_, row)| row.is_none());
    let dropped: Vec<&(i64, DeviceId)> = dropped.map(|(key, _)| key).collect();
    if !dropped.is_empty() {
        sqlx::query(
            "DELETE FROM push_devices d USING unnest($1::bigint[], $2::text[]) AS n(user_id, device) \
             WHERE d.user_id = n.user_id AND d.device = n.device",
        )
        .bind(column_values(&dropped, |key| key.0))
        .bind(column_values(&dropped, |key| key.1.as_str()))
        .execute(&mut *connection)
        .await?;
    }
    let rows = devices.iter();
    let rows: Vec<_> = rows
        .filter_map(|(key, row)| Some((key, row.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO push_devices (user_id, device, provider, digest, preview, position, at) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[], \
         $6::bigint[], $7::timestamptz[]) \
         ON CONFLICT (user_id, device) DO UPDATE SET provider = EXCLUDED.provider, \
         digest = EXCLUDED.digest, preview = EXCLUDED.preview, position = EXCLUDED.position, \
         at = EXCLUDED.at",
    )
    .bind(column_values(&rows, |(key, _)| key.0))
    .bind(column_values(&rows, |(key, _)| key.1.as_str()))
    .bind(column_values(&rows, |(_, row)| row.provider))
    .bind(column_values(&rows, |(_, row)| row.digest.as_str()))
    .bind(column_values(&rows, |(_, row)| row.preview))
    .bind(column_values(&rows, |(_, row)| row.position))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.at)))
    .execute(connection)
    .await?;
    Ok(())
}
