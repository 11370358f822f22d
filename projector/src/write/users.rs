//! Writes `users`.

use sqlx::PgConnection;

use super::{Query, column};
use crate::picture::{Change, Picture};

/// Updates the sequences of mailboxes.
pub(super) const SEQUENCES: &str = "sequences AS (
    UPDATE users u SET sequence = n.sequence
    FROM unnest(?::bigint[], ?::bigint[]) AS n(id, sequence)
    WHERE u.id = n.id AND EXISTS (SELECT FROM moved))";

pub(super) fn bind_sequences<'q>(query: Query<'q>, working_set: &'q Picture) -> Query<'q> {
    let rows: Vec<_> = working_set
        .users
        .values()
        .filter(|user| user.change == Change::Row)
        .collect();
    query
        .bind(column(&rows, |user| user.now.id))
        .bind(column(&rows, |user| user.now.sequence))
}

/// Inserts the users whom the log names for the first time in this batch.
pub(super) async fn insert(
    connection: &mut PgConnection,
    working_set: &Picture,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = working_set
        .users
        .iter()
        .filter(|(_, user)| user.change == Change::New)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO users (id, name, sequence) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])",
    )
    .bind(column(&rows, |(_, user)| user.now.id))
    .bind(column(&rows, |(name, _)| name.as_str()))
    .bind(column(&rows, |(_, user)| user.now.sequence))
    .execute(connection)
    .await?;
    Ok(())
}
