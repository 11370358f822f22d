//! Writes `policies`, `silences`, `bans`, `join_requests` and `links`.

use std::collections::BTreeMap;

use domain::ids::{JoinNote, SanctionReason};
use domain::texts::Avatar;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::access_rows::{
    AccessRows, JoinRequestRow, LinkKey, LinkRow, PolicyVersion, SanctionRow,
};
use crate::row_cache::MemberKey;

/// The statements of a table of sanctions: the upsert, and the deletion.
struct SanctionStatements {
    upsert: &'static str,
    delete: &'static str,
}

/// Deletes the rows of a table with these keys.
macro_rules! delete_members {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " x USING unnest($1::bigint[], $2::bigint[]) AS n(conversation, user_id) \
             WHERE x.conversation = n.conversation AND x.user_id = n.user_id"
        )
    };
}

macro_rules! sanction_statements {
    ($table:literal) => {
        SanctionStatements {
            upsert: concat!(
                "INSERT INTO ",
                $table,
                " (conversation, user_id, position, at, until, reason, by) \
                 SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], \
                 $5::timestamptz[], $6::text[], $7::text[]) \
                 ON CONFLICT (conversation, user_id) DO UPDATE SET position = EXCLUDED.position, \
                 at = EXCLUDED.at, until = EXCLUDED.until, reason = EXCLUDED.reason, by = EXCLUDED.by"
            ),
            delete: delete_members!($table),
        }
    };
}

const SILENCES: SanctionStatements = sanction_statements!("silences");
const BANS: SanctionStatements = sanction_statements!("bans");

/// Writes the final state of each changed row.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &AccessRows,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    insert_policies(connection, &rows.policies).await?;
    write_sanctions(connection, &SILENCES, &rows.silences).await?;
    write_sanctions(connection, &BANS, &rows.bans).await?;
    write_join_requests(connection, &rows.join_requests).await?;
    write_links(connection, &rows.links).await?;
    count_link_uses(connection, &rows.link_uses).await
}

async fn insert_policies(
    connection: &mut PgConnection,
    rows: &[PolicyVersion],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut policies = Vec::with_capacity(rows.len());
    for row in rows {
        let policy = serde_json::to_string(&row.policy);
        policies.push(policy.map_err(|error| sqlx::Error::Encode(error.into()))?);
    }
    sqlx::query(
        "INSERT INTO policies (conversation, position, policy, avatar_file) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])",
    )
    .bind(column_values(rows, |row| row.conversation))
    .bind(column_values(rows, |row| row.position))
    .bind(policies)
    .bind(column_values(rows, |row| {
        row.policy
            .avatar
            .as_ref()
            .and_then(Avatar::file)
            .map(String::from)
    }))
    .execute(connection)
    .await?;
    Ok(())
}

/// Splits rows into those that exist after the batch and the keys of those that do not.
fn split<K, T>(rows: &BTreeMap<K, Option<T>>) -> (Vec<(&K, &T)>, Vec<&K>) {
    let present = rows
        .iter()
        .filter_map(|(key, row)| Some((key, row.as_ref()?)));
    let gone = rows.iter().filter(|(_, row)| row.is_none());
    (present.collect(), gone.map(|(key, _)| key).collect())
}

async fn delete_rows(
    connection: &mut PgConnection,
    statement: &'static str,
    keys: &[&MemberKey],
) -> Result<(), sqlx::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query(statement)
        .bind(column_values(keys, |key| key.0))
        .bind(column_values(keys, |key| key.1))
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_sanctions(
    connection: &mut PgConnection,
    statements: &SanctionStatements,
    rows: &BTreeMap<MemberKey, Option<SanctionRow>>,
) -> Result<(), sqlx::Error> {
    let (present, gone) = split(rows);
    if !present.is_empty() {
        let rows = &present;
        sqlx::query(statements.upsert)
            .bind(column_values(rows, |(key, _)| key.0))
            .bind(column_values(rows, |(key, _)| key.1))
            .bind(column_values(rows, |(_, row)| row.position))
            .bind(column_values(rows, |(_, row)| to_sql_time(row.at)))
            .bind(column_values(rows, |(_, row)| row.until.map(to_sql_time)))
            .bind(column_values(rows, |(_, row)| {
                row.reason.as_ref().map(SanctionReason::as_str)
            }))
            .bind(column_values(rows, |(_, row)| row.by.as_str()))
            .execute(&mut *connection)
            .await?;
    }
    delete_rows(connection, statements.delete, &gone).await
}

async fn write_join_requests(
    connection: &mut PgConnection,
    rows: &BTreeMap<MemberKey, Option<JoinRequestRow>>,
) -> Result<(), sqlx::Error> {
    let (present, gone) = split(rows);
    if !present.is_empty() {
        let rows = &present;
        sqlx::query(
            "INSERT INTO join_requests (conversation, user_id, position, at, note) \
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[]) \
             ON CONFLICT (conversation, user_id) DO UPDATE SET position = EXCLUDED.position, \
             at = EXCLUDED.at, note = EXCLUDED.note",
        )
        .bind(column_values(rows, |(key, _)| key.0))
        .bind(column_values(rows, |(key, _)| key.1))
        .bind(column_values(rows, |(_, row)| row.position))
        .bind(column_values(rows, |(_, row)| to_sql_time(row.at)))
        .bind(column_values(rows, |(_, row)| row.note.as_ref().map(JoinNote::as_str)))
        .execute(&mut *connection)
        .await?;
    }
    delete_rows(connection, delete_members!("join_requests"), &gone).await
}

async fn write_links(
    connection: &mut PgConnection,
    rows: &BTreeMap<LinkKey, Option<LinkRow>>,
) -> Result<(), sqlx::Error> {
    let (present, gone) = split(rows);
    if !present.is_empty() {
        let rows = &present;
        sqlx::query(
            "INSERT INTO links (conversation, code, position, at, max_uses, expires_at, uses, by) \
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[], \
             $6::timestamptz[], $7::bigint[], $8::text[])",
        )
        .bind(column_values(rows, |(key, _)| key.0))
        .bind(column_values(rows, |(key, _)| key.1.as_str()))
        .bind(column_values(rows, |(_, row)| row.position))
        .bind(column_values(rows, |(_, row)| to_sql_time(row.at)))
        .bind(column_values(rows, |(_, row)| row.max_uses.map(i64::from)))
        .bind(column_values(rows, |(_, row)| row.expires_at.map(to_sql_time)))
        .bind(column_values(rows, |(_, row)| row.uses))
        .bind(column_values(rows, |(_, row)| row.by.as_str()))
        .execute(&mut *connection)
        .await?;
    }
    if !gone.is_empty() {
        sqlx::query(
            "DELETE FROM links x USING unnest($1::bigint[], $2::text[]) AS n(conversation, code) \
             WHERE x.conversation = n.conversation AND x.code = n.code",
        )
        .bind(column_values(&gone, |key| key.0))
        .bind(column_values(&gone, |key| key.1.as_str()))
        .execute(connection)
        .await?;
    }
    Ok(())
}

async fn count_link_uses(
    connection: &mut PgConnection,
    rows: &BTreeMap<LinkKey, i64>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE links x SET uses = x.uses + n.uses \
         FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS n(conversation, code, uses) \
         WHERE x.conversation = n.conversation AND x.code = n.code",
    )
    .bind(column_values(rows.keys(), |key| key.0))
    .bind(column_values(rows.keys(), |key| key.1.as_str()))
    .bind(column_values(rows.values(), |uses| *uses))
    .execute(connection)
    .await?;
    Ok(())
}
