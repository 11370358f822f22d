//! The two statements that read a page of the inbox. They share their columns.

use read_model::{unread_count, unread_mention_count, visible_windows};

use super::as_of_sql::TemporalStatement;
use super::plain_unread::{has_plain_unread, plain_mention_count, plain_unread_count};
use super::visibility::current_memberships;

/// The columns of a conversation `p` whose last message is `g`. `$mentions` counts the unread
/// mentions of the caller.
macro_rules! conversation_columns {
    ($mentions:expr) => {
        concat!(
            "p.name, p.kind, CASE WHEN p.kind <> 'direct' THEN p.title END AS title, p.member_count, p.unread,
           CASE WHEN p.unread > 0 THEN ", $mentions, " ELSE 0 END AS mentions,
           p.read_seq, p.muted, p.pinned, p.archived, p.activity,
           (SELECT peer.name FROM read.members o JOIN read.users peer ON peer.id = o.user_id
            WHERE p.kind = 'direct' AND o.conversation = p.conversation AND o.user_id <> p.user_id
            LIMIT 1) AS peer,
           (SELECT CASE WHEN strpos(y.policy, '\\u0000') = 0 THEN y.policy::json ->> 'avatar' END
            FROM read.policies y WHERE p.kind <> 'direct' AND y.conversation = p.conversation
            ORDER BY y.position DESC LIMIT 1) AS avatar,
           g.seq AS last_seq, g.type AS last_type, g.sent_at AS last_sent_at, g.recalled AS last_recalled,
           (SELECT sender.name FROM read.users sender WHERE sender.id = g.sender) AS last_sender,
           CASE WHEN g.recalled OR strpos(g.body, '\\u0000') > 0 THEN NULL
                WHEN g.type = 'text' THEN left(g.body::json ->> 'text', $6)
                WHEN json_typeof(g.body::json -> 'name') = 'string' THEN left(g.body::json ->> 'name', $6)
           END AS last_preview"
        )
    };
}

/// The conversations of `mine` that the list shows, from a sort key on.
macro_rules! listed {
    () => {
        "archived = $2 AND ($3::boolean IS NULL OR (pinned, activity) < ($3, $4))"
    };
}

/// Binds the caller, whether to list archived conversations, the sort key after which the page
/// starts (or nulls), the number of conversations, the length of a preview, and the ids that are
/// asked for (or null, for the list). Postgres text
/// cannot contain U+0000; a body with that character must not make the whole list fail.
///
/// The last message of a conversation is looked up in each visible window: with `since_join` and no
/// message since the user has rejoined, it lies in an earlier membership period.
pub static INBOX: TemporalStatement = TemporalStatement::new(concat!(
    "WITH mine AS MATERIALIZED (
        SELECT m.conversation, m.user_id, m.read_seq, m.cleared_seq, m.muted, m.pinned, m.archived, c.name, c.kind,
               c.title, c.history, c.member_count, c.head_seq, c.last_seq, c.activity, ",
               unread_count!("m", "c"), " AS unread
        FROM ", current_memberships!(), "
        WHERE u.name = $1
    ), page AS MATERIALIZED (
        SELECT * FROM mine
        WHERE CASE WHEN $7::text[] IS NOT NULL THEN name = ANY($7)
                   ELSE ", listed!(), " END
        ORDER BY pinned DESC, activity DESC LIMIT $5
    )
    SELECT k.position, (SELECT coalesce(sum(unread), 0)::bigint FROM mine
                        WHERE NOT muted AND NOT archived) AS total_unread, ",
    conversation_columns!(unread_mention_count!("p", "p", "$1")), "
    FROM read.checkpoint k
    LEFT JOIN page p ON true
    LEFT JOIN LATERAL (
        SELECT o.seq, o.type, o.sent_at, o.recalled, o.sender, o.body
        FROM ", visible_windows!("p", "p"), " w
        CROSS JOIN LATERAL (
            SELECT o.seq, o.type, o.sent_at, o.recalled, o.sender, o.body FROM read.messages o
            WHERE o.conversation = p.conversation AND o.type <> 'control'
                AND o.seq > w.after_seq AND o.seq <= least(w.until_seq, p.last_seq)
            ORDER BY o.seq DESC LIMIT 1) o
        ORDER BY o.seq DESC LIMIT 1) g ON true
    ORDER BY p.pinned DESC, p.activity DESC"
));

/// The same for a plain inbox: all unread counts are plain, and the last message of a conversation
/// is the last one that the caller sees, or the caller has cleared it. Binds no ids.
///
/// `is_plain` says in each row whether that is so, in the snapshot that the row was read from.
pub const PLAIN_INBOX: &str = concat!(
    "WITH mine AS MATERIALIZED (
        SELECT m.conversation, m.user_id, m.read_seq, m.cleared_seq, m.joined_seq, m.muted, m.pinned, m.archived,
               c.name, c.kind, c.title, c.history, c.member_count, c.head_seq, c.last_seq, c.activity, ",
               plain_unread_count!(), " AS unread, ",
               has_plain_unread!(), " AS has_plain_unread
        FROM ", current_memberships!(), "
        WHERE u.name = $1
    )
    SELECT k.position, k.total_unread,
           k.has_plain_unread AND (p.last_seq IS NULL OR p.last_seq <= p.cleared_seq
               OR g.type <> 'control' AND (p.history = 'all' OR p.last_seq > p.joined_seq)) IS TRUE AS is_plain, ",
    conversation_columns!(plain_mention_count!()), "
    FROM (SELECT k.position, x.total_unread, x.has_plain_unread
          FROM read.checkpoint k CROSS JOIN (
              SELECT coalesce(sum(unread) FILTER (WHERE NOT muted AND NOT archived), 0)::bigint AS total_unread,
                     coalesce(bool_and(has_plain_unread), true) AS has_plain_unread
              FROM mine) x) k
    LEFT JOIN (
        SELECT * FROM mine WHERE ", listed!(), "
        ORDER BY pinned DESC, activity DESC LIMIT (SELECT $5)
    ) p ON true
    LEFT JOIN read.messages g ON g.conversation = p.conversation
        AND g.seq = CASE WHEN p.last_seq > p.cleared_seq THEN p.last_seq END
    ORDER BY p.pinned DESC, p.activity DESC"
);
