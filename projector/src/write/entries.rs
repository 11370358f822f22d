//! Writes `timeline` and `inbox`.

use super::columns::{PgQuery, column_values, sort_rows, to_sql_time};
use crate::rows::{FanOutEntry, PersonalEntry, TimelineRow};

pub(super) const INSERT_TIMELINE: &str = "inserted_timeline AS (
    INSERT INTO timeline (conversation, position, at, fanned, subject, seq, type, data)
    SELECT unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::timestamptz[]), unnest(?::boolean[]),
        unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::text[]), unnest(?::text[])
    FROM moved)";

pub(super) fn bind_timeline<'q>(query: PgQuery<'q>, rows: &'q [TimelineRow]) -> PgQuery<'q> {
    query
        .bind(column_values(rows, |row| row.conversation))
        .bind(column_values(rows, |row| row.position))
        .bind(column_values(rows, |row| to_sql_time(row.at)))
        .bind(column_values(rows, |row| row.fanned))
        .bind(column_values(rows, |row| row.subject))
        .bind(column_values(rows, |row| row.seq))
        .bind(column_values(rows, |row| row.kind))
        .bind(column_values(rows, |row| row.data.as_deref()))
}

/// Inserts a row for every user with a membership period that covers the entry's position, both
/// ends included. The periods say who was a member, however often that changed within the batch.
pub(super) const FAN_OUT: &str = "fanned_out AS (
    INSERT INTO inbox (user_id, position, conversation, seq)
    SELECT s.user_id, e.position, e.conversation, e.seq
    FROM (SELECT unnest(?::bigint[]) AS conversation, unnest(?::bigint[]) AS position,
              unnest(?::bigint[]) AS seq, unnest(?::bigint[]) AS receipt_of FROM moved) e
    JOIN stays s ON s.conversation = e.conversation AND s.from_position <= e.position
        AND (s.to_position IS NULL OR s.to_position >= e.position)
    WHERE e.receipt_of IS NULL OR e.receipt_of = s.user_id OR NOT EXISTS (
        SELECT FROM receipts_off o WHERE o.user_id = s.user_id AND o.from_position <= e.position
            AND (o.to_position IS NULL OR o.to_position > e.position))
    ORDER BY s.user_id, e.position
    RETURNING user_id, position, conversation)";

pub(super) fn bind_fan_out<'q>(query: PgQuery<'q>, rows: &'q [FanOutEntry]) -> PgQuery<'q> {
    let rows = &sort_rows(rows.iter(), |row| (row.conversation, row.position));
    query
        .bind(column_values(rows, |row| row.conversation))
        .bind(column_values(rows, |row| row.position))
        .bind(column_values(rows, |row| row.seq))
        .bind(column_values(rows, |row| row.receipt_of))
}

pub(super) const INSERT_PERSONAL: &str = "personal AS (
    INSERT INTO inbox (user_id, position, conversation)
    SELECT unnest(?::bigint[]), unnest(?::bigint[]), unnest(?::bigint[]) FROM moved)";

pub(super) fn bind_personal<'q>(query: PgQuery<'q>, rows: &'q [PersonalEntry]) -> PgQuery<'q> {
    query
        .bind(column_values(rows, |row| row.user))
        .bind(column_values(rows, |row| row.position))
        .bind(column_values(rows, |row| row.conversation))
}
