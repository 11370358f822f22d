//! Titles that were erased: what told of them before this batch tells of none.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::column;
use crate::fold::{TITLED, untitled};

pub(super) async fn erase(
    connection: &mut PgConnection,
    conversations: &BTreeSet<i64>,
) -> Result<(), sqlx::Error> {
    if conversations.is_empty() {
        return Ok(());
    }
    let conversations: Vec<i64> = conversations.iter().copied().collect();
    sqlx::query(
        "UPDATE conversation_history SET title = NULL \
         WHERE conversation = ANY($1) AND title IS NOT NULL",
    )
    .bind(&conversations)
    .execute(&mut *connection)
    .await?;
    let told: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT t.conversation, t.position, t.data FROM timeline t \
         WHERE t.conversation = ANY($1) AND t.type = ANY($2) AND t.data IS NOT NULL",
    )
    .bind(&conversations)
    .bind(TITLED.as_slice())
    .fetch_all(&mut *connection)
    .await?;
    let mut untold = Vec::with_capacity(told.len());
    for (_, _, data) in &told {
        untold.push(untitled(data).map_err(|error| sqlx::Error::Decode(error.into()))?);
    }
    sqlx::query(
        "UPDATE timeline t SET data = n.data \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(conversation, position, data) \
         WHERE t.conversation = n.conversation AND t.position = n.position",
    )
    .bind(column(&told, |row| row.0))
    .bind(column(&told, |row| row.1))
    .bind(&untold)
    .execute(connection)
    .await?;
    Ok(())
}
