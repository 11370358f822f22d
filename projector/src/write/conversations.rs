//! Writes `conversations`: final values, once per batch.

use domain::ids::{ConversationId, Title};
use sqlx::PgConnection;

use super::columns::{PgQuery, column_values, sort_rows, to_sql_time};
use crate::row_cache::ConversationState;
use crate::sql_names;
use crate::working_set::{RowChange, WorkingSet};

fn changed_rows(
    working_set: &WorkingSet,
    change: RowChange,
) -> Vec<(&ConversationId, &ConversationState)> {
    let tracked = working_set
        .conversations
        .iter()
        .filter(|(_, tracked)| tracked.change == change);
    sort_rows(
        tracked.map(|(name, tracked)| (name, &tracked.row)),
        |(_, row)| row.id,
    )
}

pub(super) const UPDATE: &str = "updated_conversations AS (
    UPDATE conversations c SET title = n.title, history = n.history, member_count = n.member_count,
        head_seq = n.head_seq, countable = n.countable, last_seq = n.last_seq, activity = n.activity,
        unfanned = n.unfanned, head_position = n.head_position, joins = n.joins, sequence = n.sequence
    FROM (SELECT unnest(?::bigint[]) AS id, unnest(?::text[]) AS title, unnest(?::text[]) AS history,
              unnest(?::bigint[]) AS member_count, unnest(?::bigint[]) AS head_seq,
              unnest(?::bigint[]) AS countable, unnest(?::bigint[]) AS last_seq,
              unnest(?::bigint[]) AS activity, unnest(?::bigint[]) AS unfanned,
              unnest(?::bigint[]) AS head_position, unnest(?::bigint[]) AS joins,
              unnest(?::bigint[]) AS sequence FROM moved) n
    WHERE c.id = n.id)";

pub(super) fn bind_update<'q>(query: PgQuery<'q>, working_set: &'q WorkingSet) -> PgQuery<'q> {
    let rows = &changed_rows(working_set, RowChange::Row);
    query
        .bind(column_values(rows, |(_, row)| row.id))
        .bind(column_values(rows, |(_, row)| {
            row.title.as_ref().map(Title::as_str)
        }))
        .bind(column_values(rows, |(_, row)| {
            sql_names::history_name(row.history)
        }))
        .bind(column_values(rows, |(_, row)| row.member_count))
        .bind(column_values(rows, |(_, row)| row.head_seq))
        .bind(column_values(rows, |(_, row)| row.countable))
        .bind(column_values(rows, |(_, row)| row.last_seq))
        .bind(column_values(rows, |(_, row)| row.activity))
        .bind(column_values(rows, |(_, row)| row.unfanned))
        .bind(column_values(rows, |(_, row)| row.head_position))
        .bind(column_values(rows, |(_, row)| row.joins))
        .bind(column_values(rows, |(_, row)| row.sequence))
}

/// Inserts the conversations that this batch created.
pub(super) async fn insert(
    connection: &mut PgConnection,
    working_set: &WorkingSet,
) -> Result<(), sqlx::Error> {
    let rows = &changed_rows(working_set, RowChange::New);
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO conversations (id, name, kind, title, history, created_at, member_count, head_seq, \
         countable, last_seq, activity, unfanned, head_position, joins, sequence) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], \
         $6::timestamptz[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], \
         $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])",
    )
    .bind(column_values(rows, |(_, row)| row.id))
    .bind(column_values(rows, |(name, _)| name.as_str()))
    .bind(column_values(rows, |(_, row)| sql_names::kind_name(row.kind)))
    .bind(column_values(rows, |(_, row)| row.title.as_ref().map(Title::as_str)))
    .bind(column_values(rows, |(_, row)| sql_names::history_name(row.history)))
    .bind(column_values(rows, |(_, row)| to_sql_time(row.created_at)))
    .bind(column_values(rows, |(_, row)| row.member_count))
    .bind(column_values(rows, |(_, row)| row.head_seq))
    .bind(column_values(rows, |(_, row)| row.countable))
    .bind(column_values(rows, |(_, row)| row.last_seq))
    .bind(column_values(rows, |(_, row)| row.activity))
    .bind(column_values(rows, |(_, row)| row.unfanned))
    .bind(column_values(rows, |(_, row)| row.head_position))
    .bind(column_values(rows, |(_, row)| row.joins))
    .bind(column_values(rows, |(_, row)| row.sequence))
    .execute(connection)
    .await?;
    Ok(())
}
