//! Writes `members`, and the membership periods in `stays`.

use sqlx::PgConnection;

use super::columns::{PgQuery, column_values, sort_rows, to_sql_time};
use crate::row_cache::{MemberKey, MemberState};
use crate::rows::{MembershipPeriodEnd, MembershipPeriodRow};
use crate::sql_names;
use crate::working_set::{RowChange, WorkingSet};

fn changed_rows(
    working_set: &WorkingSet,
    is_included: impl Fn(RowChange) -> bool,
) -> Vec<(&MemberKey, &MemberState)> {
    let tracked = working_set
        .members
        .iter()
        .filter(|(_, tracked)| is_included(tracked.change));
    sort_rows(
        tracked.map(|(key, tracked)| (key, &tracked.row)),
        |(key, _)| **key,
    )
}

pub(super) const UPDATE_MARKS: &str = "marks AS (
    UPDATE members m SET read_seq = n.read_seq, read_high = n.read_high, own_seq = n.own_seq
    FROM (SELECT unnest(?::bigint[]) AS conversation, unnest(?::bigint[]) AS user_id,
              unnest(?::bigint[]) AS read_seq, unnest(?::bigint[]) AS read_high,
              unnest(?::bigint[]) AS own_seq FROM moved) n
    WHERE m.conversation = n.conversation AND m.user_id = n.user_id)";

pub(super) fn bind_marks<'q>(query: PgQuery<'q>, working_set: &'q WorkingSet) -> PgQuery<'q> {
    let rows = &changed_rows(working_set, |change| change == RowChange::Marks);
    query
        .bind(column_values(rows, |((conversation, _), _)| *conversation))
        .bind(column_values(rows, |((_, user), _)| *user))
        .bind(column_values(rows, |(_, member)| member.read_seq))
        .bind(column_values(rows, |(_, member)| member.read_high))
        .bind(column_values(rows, |(_, member)| member.own_seq))
}

/// Upserts members who are new, or for whom more than the read marks has changed.
pub(super) async fn upsert(
    connection: &mut PgConnection,
    working_set: &WorkingSet,
) -> Result<(), sqlx::Error> {
    let rows = &changed_rows(working_set, |change| change >= RowChange::Row);
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO members (conversation, user_id, present, role, joined_at, joined_order, joined_seq, \
         read_seq, read_high, own_seq, muted, pinned, archived, mentions, cleared_seq) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::text[], $5::timestamptz[], \
         $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::boolean[], \
         $12::boolean[], $13::boolean[], $14::boolean[], $15::bigint[]) \
         ON CONFLICT (conversation, user_id) DO UPDATE SET present = EXCLUDED.present, \
         role = EXCLUDED.role, joined_at = EXCLUDED.joined_at, joined_order = EXCLUDED.joined_order, \
         joined_seq = EXCLUDED.joined_seq, read_seq = EXCLUDED.read_seq, \
         read_high = EXCLUDED.read_high, own_seq = EXCLUDED.own_seq, muted = EXCLUDED.muted, \
         pinned = EXCLUDED.pinned, archived = EXCLUDED.archived, mentions = EXCLUDED.mentions, \
         cleared_seq = EXCLUDED.cleared_seq",
    )
    .bind(column_values(rows, |((conversation, _), _)| *conversation))
    .bind(column_values(rows, |((_, user), _)| *user))
    .bind(column_values(rows, |(_, member)| member.present))
    .bind(column_values(rows, |(_, member)| sql_names::role_name(member.role)))
    .bind(column_values(rows, |(_, member)| to_sql_time(member.joined_at)))
    .bind(column_values(rows, |(_, member)| member.joined_order))
    .bind(column_values(rows, |(_, member)| member.joined_seq))
    .bind(column_values(rows, |(_, member)| member.read_seq))
    .bind(column_values(rows, |(_, member)| member.read_high))
    .bind(column_values(rows, |(_, member)| member.own_seq))
    .bind(column_values(rows, |(_, member)| member.muted))
    .bind(column_values(rows, |(_, member)| member.pinned))
    .bind(column_values(rows, |(_, member)| member.archived))
    .bind(column_values(rows, |(_, member)| member.mentions))
    .bind(column_values(rows, |(_, member)| member.cleared_seq))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_periods(
    connection: &mut PgConnection,
    rows: &[MembershipPeriodRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO stays (conversation, user_id, from_position, to_position, after_seq, until_seq) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], \
         $6::bigint[])",
    )
    .bind(column_values(rows, |period| period.key.0))
    .bind(column_values(rows, |period| period.key.1))
    .bind(column_values(rows, |period| period.from_position))
    .bind(column_values(rows, |period| period.to_position))
    .bind(column_values(rows, |period| period.after_seq))
    .bind(column_values(rows, |period| period.until_seq))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends membership periods that were open before the batch. A period that began in the same batch,
/// after the end, stays open.
pub(super) async fn end_periods(
    connection: &mut PgConnection,
    rows: &[MembershipPeriodEnd],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE stays s SET to_position = n.to_position, until_seq = n.until_seq \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) \
         AS n(conversation, user_id, to_position, until_seq) \
         WHERE s.conversation = n.conversation AND s.user_id = n.user_id \
         AND s.to_position IS NULL AND s.from_position < n.to_position",
    )
    .bind(column_values(rows, |end| end.key.0))
    .bind(column_values(rows, |end| end.key.1))
    .bind(column_values(rows, |end| end.to_position))
    .bind(column_values(rows, |end| end.until_seq))
    .execute(connection)
    .await?;
    Ok(())
}
