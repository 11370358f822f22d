//! Writes `member_history`, `conversation_history`, `recall_history`, `reaction_history` and
//! `ack_history`.

use std::collections::BTreeMap;

use domain::ids::Title;
use sqlx::PgConnection;

use super::columns::{PgQuery, column_values, sort_rows, to_sql_time};
use crate::row_cache::{MemberKey, MemberState};
use crate::rows::{BatchRows, ConversationVersion, MessageKey, ReactionChange};
use crate::sql_names;

pub(super) const INSERT_MEMBERS: &str = "member_versions AS (
    INSERT INTO member_history (conversation, user_id, position, present, role, joined_at, joined_order,
        joined_seq, read_seq, read_high, muted, pinned, archived, mentions, cleared_seq)
    SELECT unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::boolean[]),
        unnest(?::text[]), unnest(?::timestamptz[]), unnest(?::bigint[]), unnest(?::bigint[]),
        unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::boolean[]), unnest(?::boolean[]),
        unnest(?::boolean[]), unnest(?::boolean[]), unnest(?::bigint[])
    FROM moved)";

pub(super) fn bind_members<'q>(
    query: PgQuery<'q>,
    rows: &'q BTreeMap<(MemberKey, i64), MemberState>,
) -> PgQuery<'q> {
    query
        .bind(column_values(rows.keys(), |(key, _)| key.0))
        .bind(column_values(rows.keys(), |(key, _)| key.1))
        .bind(column_values(rows.keys(), |(_, position)| *position))
        .bind(column_values(rows.values(), |member| member.present))
        .bind(column_values(rows.values(), |member| {
            sql_names::role_name(member.role)
        }))
        .bind(column_values(rows.values(), |member| {
            to_sql_time(member.joined_at)
        }))
        .bind(column_values(rows.values(), |member| member.joined_order))
        .bind(column_values(rows.values(), |member| member.joined_seq))
        .bind(column_values(rows.values(), |member| member.read_seq))
        .bind(column_values(rows.values(), |member| member.read_high))
        .bind(column_values(rows.values(), |member| member.muted))
        .bind(column_values(rows.values(), |member| member.pinned))
        .bind(column_values(rows.values(), |member| member.archived))
        .bind(column_values(rows.values(), |member| member.mentions))
        .bind(column_values(rows.values(), |member| member.cleared_seq))
}

pub(super) const INSERT_ACKS: &str = "acknowledged AS (
    INSERT INTO ack_history (user_id, position, cursor)
    SELECT unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::bigint[]) FROM moved)";

pub(super) fn bind_acks<'q>(query: PgQuery<'q>, rows: &'q [(i64, i64, i64)]) -> PgQuery<'q> {
    let rows = &sort_rows(rows.iter(), |row| **row);
    query
        .bind(column_values(rows, |row| row.0))
        .bind(column_values(rows, |row| row.1))
        .bind(column_values(rows, |row| row.2))
}

/// Whether [`write`] has anything to write.
pub(super) fn needs_transaction(rows: &BatchRows) -> bool {
    !rows.conversation_history.is_empty()
        || !rows.recalls.is_empty()
        || !rows.reaction_history.is_empty()
}

/// Writes the infrequent changes.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &BatchRows,
) -> Result<(), sqlx::Error> {
    insert_conversations(connection, &rows.conversation_history).await?;
    insert_recalls(connection, &rows.recalls).await?;
    insert_reactions(connection, &rows.reaction_history).await
}

async fn insert_conversations(
    connection: &mut PgConnection,
    rows: &[ConversationVersion],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO conversation_history (conversation, position, activity, title, history, member_count) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])",
    )
    .bind(column_values(rows, |row| row.conversation))
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| row.activity))
    .bind(column_values(rows, |row| row.title.as_ref().map(Title::as_str)))
    .bind(column_values(rows, |row| sql_names::history_name(row.history)))
    .bind(column_values(rows, |row| row.member_count))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_recalls(
    connection: &mut PgConnection,
    rows: &BTreeMap<MessageKey, Vec<(i64, bool)>>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let changes = rows.iter().flat_map(|(key, changes)| {
        let numbered = changes.iter().enumerate();
        numbered.map(move |(nth, (position, recalled))| (key, *position, *recalled, nth == 0))
    });
    let rows: Vec<(&MessageKey, i64, bool, bool)> = changes.collect();
    // Within a batch the values of a message alternate. Only its first one can repeat the last one
    // of the table: the erasure of a recalled message.
    sqlx::query(
        "INSERT INTO recall_history (conversation, seq, position, recalled) \
         SELECT n.conversation, n.seq, n.position, n.recalled \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::boolean[]) \
         AS n(conversation, seq, position, recalled, is_first) \
         WHERE NOT n.is_first OR n.recalled IS DISTINCT FROM ( \
            SELECT h.recalled FROM recall_history h \
            WHERE h.conversation = n.conversation AND h.seq = n.seq \
            ORDER BY h.position DESC LIMIT 1)",
    )
    .bind(column_values(&rows, |row| row.0.0))
    .bind(column_values(&rows, |row| row.0.1))
    .bind(column_values(&rows, |row| row.1))
    .bind(column_values(&rows, |row| row.2))
    .bind(column_values(&rows, |row| row.3))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_reactions(
    connection: &mut PgConnection,
    rows: &[ReactionChange],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO reaction_history (conversation, seq, key, user_id, position, added) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], \
         $6::boolean[])",
    )
    .bind(column_values(rows, |row| row.message.0))
    .bind(column_values(rows, |row| row.message.1))
    .bind(column_values(rows, |row| row.key.as_str()))
    .bind(column_values(rows, |row| row.user))
    .bind(column_values(rows, |row| row.position))
    .bind(column_values(rows, |row| row.added))
    .execute(connection)
    .await?;
    Ok(())
}
