//! The `delivered` entries by which an ack notifies the senders of messages.

use super::columns::{PgQuery, column_values, to_sql_time};
use crate::config::{MAX_ACK_CONVERSATIONS, MAX_ACK_MESSAGES, ProjectorConfig};
use crate::rows::BatchRows;

/// Inserts the entries for the acks of a batch.
///
/// An ack produces an entry in a conversation if three conditions hold at the ack's position: its
/// user is a member, the conversation has up to `max_receipt_members` members, and the ack newly
/// covers messages that others sent during a membership period of its user. The recipients are
/// those senders who are members at that position. Without recipients there is no entry.
///
/// Membership periods and positions alone decide the result. The rows of `conversations` may be
/// those from before or after the batch: they only narrow the search. `head_position` never falls,
/// and `member_count` is off by at most the number of joins and leaves in the batch.
pub(super) const INSERT_RECEIPTS: &str = "ack_recipients AS (
    SELECT DISTINCT a.position, a.at, a.user_id, a.data, w.conversation, c.name, m.sender
    FROM unnest(?::bigint[], ?::timestamptz[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[])
        AS a(position, at, user_id, previous, cursor, data)
    CROSS JOIN LATERAL (
        SELECT s.conversation FROM stays s
        WHERE s.user_id = a.user_id AND s.from_position < a.position
            AND (s.to_position IS NULL OR s.to_position > a.position)
        ORDER BY s.from_position DESC LIMIT ?
    ) w
    JOIN conversations c ON c.id = w.conversation
        AND c.head_position > a.previous AND c.member_count <= ?
    CROSS JOIN LATERAL (
        SELECT n.sender, n.position FROM messages n
        WHERE n.conversation = w.conversation AND n.position > a.previous AND n.position <= a.cursor
        ORDER BY n.position DESC LIMIT ?
    ) m
    WHERE m.sender <> a.user_id
        AND EXISTS (SELECT FROM stays s
            WHERE s.conversation = w.conversation AND s.user_id = a.user_id
            AND s.from_position < m.position AND (s.to_position IS NULL OR s.to_position > m.position))
        AND EXISTS (SELECT FROM stays s
            WHERE s.conversation = w.conversation AND s.user_id = m.sender
            AND s.from_position < a.position AND (s.to_position IS NULL OR s.to_position > a.position))
        AND (SELECT count(*) FROM (SELECT FROM stays s
            WHERE s.conversation = w.conversation AND s.from_position < a.position
            AND (s.to_position IS NULL OR s.to_position > a.position) LIMIT ?) present_members) <= ?
        AND EXISTS (SELECT FROM moved)
), delivered AS (
    INSERT INTO timeline (conversation, position, at, fanned, subject, type, data)
    SELECT DISTINCT conversation, position, at, true, user_id, 'delivered', data FROM ack_recipients
), receipts AS (
    INSERT INTO inbox (user_id, position, conversation)
    SELECT sender, position, conversation FROM ack_recipients)";

pub(super) fn bind_receipts<'q>(
    query: PgQuery<'q>,
    config: &ProjectorConfig,
    rows: &'q BatchRows,
) -> PgQuery<'q> {
    let acks = &rows.acks;
    let max_members = config.max_receipt_members;
    query
        .bind(column_values(acks, |ack| ack.position))
        .bind(column_values(acks, |ack| to_sql_time(ack.at)))
        .bind(column_values(acks, |ack| ack.user))
        .bind(column_values(acks, |ack| ack.previous))
        .bind(column_values(acks, |ack| ack.cursor))
        .bind(column_values(acks, |ack| ack.data.as_str()))
        .bind(MAX_ACK_CONVERSATIONS)
        .bind(max_members.saturating_add(rows.joins_and_leaves))
        .bind(MAX_ACK_MESSAGES)
        // Counting stops at one member too many.
        .bind(max_members.saturating_add(1))
        .bind(max_members)
}
