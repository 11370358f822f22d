//! What an ack tells the senders: `delivered` entries.

use super::{Query, at, column};
use crate::config::{ACK_CONVERSATIONS, ACK_MESSAGES, ProjectorConfig};
use crate::rows::Rows;

/// Entries for the acks of a batch.
///
/// An ack concerns a conversation if its user is in it at the ack's position, if that has up to
/// `receipts_up_to` members then, and if others sent something that the ack newly covers during a
/// stay of its user. It is told to those senders who are in at that position; without any, there
/// is no entry.
///
/// Everything is asked of stays and positions. The rows of `conversations` may be as before or as
/// after the batch; they only narrow the search. `head_position` never falls, and `member_count`
/// is off by no more than the batch has joins and leaves.
pub(super) const TELL: &str = "told AS (
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
            AND (s.to_position IS NULL OR s.to_position > a.position) LIMIT ?) here) <= ?
        AND EXISTS (SELECT FROM moved)
), delivered AS (
    INSERT INTO timeline (conversation, position, at, fanned, subject, type, data)
    SELECT DISTINCT conversation, position, at, true, user_id, 'delivered', data FROM told
), receipts AS (
    INSERT INTO inbox (user_id, position, conversation)
    SELECT sender, position, conversation FROM told)";

pub(super) fn bind_tell<'q>(
    query: Query<'q>,
    config: &ProjectorConfig,
    rows: &'q Rows,
) -> Query<'q> {
    let acks = &rows.acks;
    let few = config.receipts_up_to;
    query
        .bind(column(acks, |ack| ack.position))
        .bind(column(acks, |ack| at(ack.at)))
        .bind(column(acks, |ack| ack.user))
        .bind(column(acks, |ack| ack.previous))
        .bind(column(acks, |ack| ack.cursor))
        .bind(column(acks, |ack| ack.data.as_str()))
        .bind(ACK_CONVERSATIONS)
        .bind(few.saturating_add(rows.joins_and_leaves))
        .bind(ACK_MESSAGES)
        // Counting stops at one too many.
        .bind(few.saturating_add(1))
        .bind(few)
}
