//! Writes `users`.

use sqlx::PgConnection;

use super::columns::{PgQuery, column_values};
use super::name_keys::{self, NamedUser};
use crate::working_set::{RowChange, WorkingSet};

/// Updates the sequences of mailboxes.
pub(super) const UPDATE_SEQUENCES: &str = "sequences AS (
    UPDATE users u SET sequence = n.sequence
    FROM (SELECT unnest(?::bigint[]) AS id, unnest(?::bigint[]) AS sequence FROM moved) n
    WHERE u.id = n.id)";

pub(super) fn bind_sequences<'q>(query: PgQuery<'q>, working_set: &'q WorkingSet) -> PgQuery<'q> {
    let rows: Vec<_> = working_set
        .users
        .values()
        .filter(|user| user.change == RowChange::Row)
        .collect();
    query
        .bind(column_values(&rows, |user| user.row.id))
        .bind(column_values(&rows, |user| user.row.sequence))
}

/// Inserts the users whom the log names for the first time in this batch.
pub(super) async fn insert(
    connection: &mut PgConnection,
    working_set: &WorkingSet,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = working_set
        .users
        .iter()
        .filter(|(_, user)| user.change == RowChange::New)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO users (id, name, sequence) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])",
    )
    .bind(column_values(&rows, |(_, user)| user.row.id))
    .bind(column_values(&rows, |(name, _)| name.as_str()))
    .bind(column_values(&rows, |(_, user)| user.row.sequence))
    .execute(&mut *connection)
    .await?;
    let users = rows.iter().map(|(name, user)| NamedUser {
        id: user.row.id,
        name: name.as_str(),
        display_name: None,
    });
    name_keys::insert(connection, users).await
}
