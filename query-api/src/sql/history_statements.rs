//! The two statements that read a page of the history of a conversation.

use read_model::visible_windows;

use super::as_of_sql::TemporalStatement;
use super::message_reactions::reactions_json;
use super::message_view::message_columns;
use super::plain_message::plain_message_columns;
use super::visibility::{caller_id, is_current_member, membership};
use crate::page::bytes_before;

/// Selects up to `$4` visible messages before the seq `$3` and up to `$6` after the seq `$5`, as
/// many on each side as fit into `$7` bytes, all of them oldest first. Returns one row of nulls if
/// the caller is not a member.
pub static MESSAGES: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", page AS (
        (SELECT true AS older, g.*
         FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.seq > w.after_seq AND m.seq <= w.until_seq
               AND m.seq < $3
             ORDER BY m.seq DESC LIMIT $4) g
         ORDER BY g.seq DESC LIMIT $4)
        UNION ALL
        (SELECT false, g.*
         FROM membership t CROSS JOIN LATERAL ",
    visible_windows!("t", "t"),
    " w CROSS JOIN LATERAL (
             SELECT m.* FROM read.messages m
             WHERE m.conversation = t.conversation AND m.seq > w.after_seq AND m.seq <= w.until_seq
               AND m.seq > $5
             ORDER BY m.seq LIMIT $6) g
         ORDER BY g.seq LIMIT $6)
    ), sized AS (
        SELECT p.*, count(*) OVER (PARTITION BY p.older) AS found, ",
    bytes_before!(
        "octet_length(p.body)",
        "PARTITION BY p.older ORDER BY CASE WHEN p.older THEN -p.seq ELSE p.seq END"
    ),
    " FROM page p
    )
    SELECT k.position AS read_position, t.conversation IS NOT NULL AS is_member, g.older, g.found, ",
    message_columns!("t.name", caller_id!()),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true LEFT JOIN sized g ON g.bytes_before < $7
    ORDER BY g.seq"
));

/// Selects up to `$4` messages before the seq `$3`, of a plain history: the caller sees one range
/// of messages, no body is longer than `$5` bytes, and no message has a thread. `$5` is the part of
/// the byte budget of each message, so that plain messages never exceed it together. Returns one
/// row of nulls if the caller is not a member.
///
/// The seqs of a conversation have no gaps, so the first seq of the page is known before the page
/// is read: it tells with one index probe that no message has reactions. `is_plain` says in each
/// row whether all this is so, in the snapshot that the row was read from.
pub const PLAIN_MESSAGES: &str = concat!(
    "SELECT k.position AS read_position, t.conversation IS NOT NULL AS is_member,
        (t.is_plain AND (g.seq IS NULL OR g.seq >= t.first_seq
            AND coalesce(octet_length(g.body), 0) <= $5)) IS TRUE AS is_plain, ",
    plain_message_columns!(
        "t.name",
        concat!(
            "CASE WHEN t.has_reactions THEN ",
            reactions_json!("t.user_id"),
            " END"
        ),
        "t.user_id",
        "$5"
    ),
    "
    FROM read.checkpoint k
    LEFT JOIN (
        SELECT x.*,
               EXISTS (SELECT FROM read.reactions y WHERE y.conversation = x.conversation
                       AND y.seq >= x.first_seq AND y.seq < $3) AS has_reactions,
               (x.history = 'all' OR NOT EXISTS (
                    SELECT FROM read.stays s WHERE s.conversation = x.conversation
                        AND s.user_id = x.user_id AND s.until_seq IS NOT NULL))
               AND NOT EXISTS (SELECT FROM read.messages y WHERE y.conversation = x.conversation
                               AND y.thread >= x.first_seq AND y.thread < $3) AS is_plain
        FROM (
            SELECT m.conversation, m.user_id, c.name, c.history, c.head_seq,
                   greatest(m.cleared_seq, CASE WHEN c.history <> 'all' THEN m.joined_seq END)
                       AS after_seq,
                   least($3, c.head_seq + 1) - $4 AS first_seq
            FROM read.users u
            JOIN read.conversations c ON c.name = $2
            JOIN read.members m ON ",
    is_current_member!("u", "c"),
    "
            WHERE u.name = $1) x
        OFFSET 0
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT o.* FROM read.messages o
        WHERE o.conversation = t.conversation AND o.seq > t.after_seq AND o.seq <= t.head_seq
          AND o.seq < $3
        ORDER BY o.seq DESC LIMIT (SELECT $4)
    ) g ON t.is_plain
    LEFT JOIN read.users sender ON sender.id = g.sender"
);
