//! Erases titles: rows from before this batch that contain an erased title lose it.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::columns::column_values;
use crate::fold::{TITLED_ENTRY_TYPES, clear_title};

pub(super) async fn erase(
    connection: &mut PgConnection,
    erased: &BTreeMap<i64, i64>,
) -> Result<(), sqlx::Error> {
    if erased.is_empty() {
        return Ok(());
    }
    let conversations = column_values(erased.keys(), |id| *id);
    let positions = column_values(erased.values(), |position| *position);
    sqlx::query(
        "UPDATE conversation_history h SET title = NULL \
         FROM unnest($1::bigint[], $2::bigint[]) AS n(conversation, position) \
         WHERE h.conversation = n.conversation AND h.position < n.position AND h.title IS NOT NULL",
    )
    .bind(&conversations)
    .bind(&positions)
    .execute(&mut *connection)
    .await?;
    let entries: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT t.conversation, t.position, t.data FROM timeline t \
         JOIN unnest($1::bigint[], $2::bigint[]) AS n(conversation, position) \
         ON t.conversation = n.conversation AND t.position < n.position \
         WHERE t.type = ANY($3) AND t.data IS NOT NULL",
    )
    .bind(&conversations)
    .bind(&positions)
    .bind(TITLED_ENTRY_TYPES.as_slice())
    .fetch_all(&mut *connection)
    .await?;
    let mut cleared = Vec::with_capacity(entries.len());
    for (_, _, data) in &entries {
        cleared.push(clear_title(data).map_err(|error| sqlx::Error::Decode(error.into()))?);
    }
    sqlx::query(
        "UPDATE timeline t SET data = n.data \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(conversation, position, data) \
         WHERE t.conversation = n.conversation AND t.position = n.position",
    )
    .bind(column_values(&entries, |row| row.0))
    .bind(column_values(&entries, |row| row.1))
    .bind(&cleared)
    .execute(connection)
    .await?;
    Ok(())
}
