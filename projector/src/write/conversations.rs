//! Writes `conversations`: final values, once per batch.

use domain::ids::{ConversationId, Title};
use sqlx::PgConnection;

use super::{Query, at, column, in_order};
use crate::memory::Conversation;
use crate::names;
use crate::picture::{Change, Picture};

fn changed(working_set: &Picture, change: Change) -> Vec<(&ConversationId, &Conversation)> {
    let tracked = working_set
        .conversations
        .iter()
        .filter(|(_, tracked)| tracked.change == change);
    in_order(
        tracked.map(|(name, tracked)| (name, &tracked.now)),
        |(_, row)| row.id,
    )
}

pub(super) const UPDATE: &str = "updated_conversations AS (
    UPDATE conversations c SET title = n.title, history = n.history, member_count = n.member_count,
        head_seq = n.head_seq, countable = n.countable, last_seq = n.last_seq, activity = n.activity,
        unfanned = n.unfanned, head_position = n.head_position, joins = n.joins, sequence = n.sequence
    FROM unnest(?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[],
        ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS n(id, title, history, member_count, head_seq, countable, last_seq, activity, unfanned,
        head_position, joins, sequence)
    WHERE c.id = n.id AND EXISTS (SELECT FROM moved))";

pub(super) fn bind_update<'q>(query: Query<'q>, working_set: &'q Picture) -> Query<'q> {
    let rows = &changed(working_set, Change::Row);
    query
        .bind(column(rows, |(_, row)| row.id))
        .bind(column(rows, |(_, row)| {
            row.title.as_ref().map(Title::as_str)
        }))
        .bind(column(rows, |(_, row)| names::of_history(row.history)))
        .bind(column(rows, |(_, row)| row.member_count))
        .bind(column(rows, |(_, row)| row.head_seq))
        .bind(column(rows, |(_, row)| row.countable))
        .bind(column(rows, |(_, row)| row.last_seq))
        .bind(column(rows, |(_, row)| row.activity))
        .bind(column(rows, |(_, row)| row.unfanned))
        .bind(column(rows, |(_, row)| row.head_position))
        .bind(column(rows, |(_, row)| row.joins))
        .bind(column(rows, |(_, row)| row.sequence))
}

/// Inserts the conversations that this batch created.
pub(super) async fn insert(
    connection: &mut PgConnection,
    working_set: &Picture,
) -> Result<(), sqlx::Error> {
    let rows = &changed(working_set, Change::New);
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
    .bind(column(rows, |(_, row)| row.id))
    .bind(column(rows, |(name, _)| name.as_str()))
    .bind(column(rows, |(_, row)| names::of_kind(row.kind)))
    .bind(column(rows, |(_, row)| row.title.as_ref().map(Title::as_str)))
    .bind(column(rows, |(_, row)| names::of_history(row.history)))
    .bind(column(rows, |(_, row)| at(row.created_at)))
    .bind(column(rows, |(_, row)| row.member_count))
    .bind(column(rows, |(_, row)| row.head_seq))
    .bind(column(rows, |(_, row)| row.countable))
    .bind(column(rows, |(_, row)| row.last_seq))
    .bind(column(rows, |(_, row)| row.activity))
    .bind(column(rows, |(_, row)| row.unfanned))
    .bind(column(rows, |(_, row)| row.head_position))
    .bind(column(rows, |(_, row)| row.joins))
    .bind(column(rows, |(_, row)| row.sequence))
    .execute(connection)
    .await?;
    Ok(())
}
