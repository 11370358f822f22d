//! Writes `profiles`.

use std::collections::HashMap;

use domain::ids::UserId;
use sqlx::PgConnection;

use super::columns::{column_values, sort_rows};
use super::name_keys::{self, NamedUser};
use crate::rows::{BatchRows, ProfileState};
use crate::working_set::{RowChange, TrackedRow};

const UPSERT: &str = "INSERT INTO profiles (user_id, sequence, display_name, avatar, about, locale, custom, \
     kind, deactivated, direct_from, groups_from, groups_from_chosen, read_receipts, last_seen, \
     quiet_hours, revoked_before, restriction) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], \
     $7::text[], $8::text[], $9::boolean[], $10::text[], $11::text[], $12::boolean[], $13::boolean[], \
     $14::boolean[], $15::text[], $16::timestamptz[], $17::text[]) \
     ON CONFLICT (user_id) DO UPDATE SET sequence = EXCLUDED.sequence, \
     display_name = EXCLUDED.display_name, avatar = EXCLUDED.avatar, about = EXCLUDED.about, \
     locale = EXCLUDED.locale, custom = EXCLUDED.custom, kind = EXCLUDED.kind, \
     deactivated = EXCLUDED.deactivated, direct_from = EXCLUDED.direct_from, \
     groups_from = EXCLUDED.groups_from, groups_from_chosen = EXCLUDED.groups_from_chosen, \
     read_receipts = EXCLUDED.read_receipts, \
     last_seen = EXCLUDED.last_seen, quiet_hours = EXCLUDED.quiet_hours, \
     revoked_before = EXCLUDED.revoked_before, restriction = EXCLUDED.restriction";

/// Writes the periods without read receipts, before the receipts of the batch are fanned out.
pub(super) async fn write_receipts_off(
    connection: &mut PgConnection,
    rows: &BatchRows,
) -> Result<(), sqlx::Error> {
    let (begun, ended) = (&rows.receipts_off, &rows.receipts_on);
    if !ended.is_empty() {
        sqlx::query(
            "UPDATE receipts_off o SET to_position = n.position \
             FROM unnest($1::bigint[], $2::bigint[]) AS n(user_id, position) \
             WHERE o.user_id = n.user_id AND o.to_position IS NULL",
        )
        .bind(column_values(ended, |row| row.0))
        .bind(column_values(ended, |row| row.1))
        .execute(&mut *connection)
        .await?;
    }
    if !begun.is_empty() {
        sqlx::query(
            "INSERT INTO receipts_off (user_id, from_position, to_position) \
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])",
        )
        .bind(column_values(begun, |row| row.user))
        .bind(column_values(begun, |row| row.from_position))
        .bind(column_values(begun, |row| row.to_position))
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Writes the changed profiles, and the keys by which their users are found.
pub(super) async fn write(
    connection: &mut PgConnection,
    profiles: &HashMap<UserId, TrackedRow<ProfileState>>,
) -> Result<(), sqlx::Error> {
    let changed = profiles
        .iter()
        .filter(|(_, profile)| profile.change > RowChange::Unchanged)
        .map(|(name, profile)| (name, &profile.row));
    let rows = sort_rows(changed, |(_, row)| row.user_id);
    if rows.is_empty() {
        return Ok(());
    }
    let profiles = || rows.iter().map(|(_, row)| *row);
    sqlx::query(UPSERT)
        .bind(column_values(profiles(), |row| row.user_id))
        .bind(column_values(profiles(), |row| row.sequence))
        .bind(column_values(profiles(), |row| row.display_name.as_deref()))
        .bind(column_values(profiles(), |row| row.avatar.as_deref()))
        .bind(column_values(profiles(), |row| row.about.as_deref()))
        .bind(column_values(profiles(), |row| row.locale.as_deref()))
        .bind(column_values(profiles(), |row| row.custom.as_deref()))
        .bind(column_values(profiles(), |row| row.kind.as_str()))
        .bind(column_values(profiles(), |row| row.deactivated))
        .bind(column_values(profiles(), |row| row.direct_from.as_str()))
        .bind(column_values(profiles(), |row| row.groups_from.as_str()))
        .bind(column_values(profiles(), |row| row.groups_from_chosen))
        .bind(column_values(profiles(), |row| row.read_receipts))
        .bind(column_values(profiles(), |row| row.last_seen))
        .bind(column_values(profiles(), |row| row.quiet_hours.as_deref()))
        .bind(column_values(profiles(), |row| row.revoked_before))
        .bind(column_values(profiles(), |row| row.restriction.as_deref()))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE users u SET read_receipts = n.read_receipts \
         FROM unnest($1::bigint[], $2::boolean[]) AS n(id, read_receipts) \
         WHERE u.id = n.id AND u.read_receipts <> n.read_receipts",
    )
    .bind(column_values(profiles(), |row| row.user_id))
    .bind(column_values(profiles(), |row| row.read_receipts))
    .execute(&mut *connection)
    .await?;
    let users = rows.iter().map(|(name, row)| NamedUser {
        id: row.user_id,
        name: name.as_str(),
        display_name: row.display_name.as_deref(),
    });
    name_keys::replace(connection, &users.collect::<Vec<_>>()).await
}
