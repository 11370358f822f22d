//! Writes `thread_marks`.

use sqlx::PgConnection;

use super::columns::column_values;
use crate::rows::ThreadMarkRow;

pub(super) async fn insert_marks(
    connection: &mut PgConnection,
    rows: &[ThreadMarkRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO thread_marks (user_id, conversation, root, position, followed, read_seq) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], \
         $6::bigint[])",
    )
    .bind(column_values(rows, |row| row.user))
    .bind(column_values(rows, |row| row.conversation))
    .bind(column_values(rows, |row| row.root))
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| row.followed))
    .bind(column_values(rows, |row| row.read_seq))
    .execute(connection)
    .await?;
    Ok(())
}
