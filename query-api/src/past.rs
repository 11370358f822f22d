//! Travel in time: a query as it would have been answered at an earlier position.
//!
//! It is the same statement, whatever it asks, on tables as they were: before it stand common table
//! expressions that make them out of what the read models keep of the past, and `read.members` in it
//! becomes `past_members`. So the one rule of who sees what holds for the past as well, and a query and
//! its past cannot drift apart.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// The tables that are other ones in the past.
const TABLES: [&str; 8] = [
    "checkpoint",
    "conversations",
    "members",
    "stays",
    "messages",
    "versions",
    "reactions",
    "devices",
];

/// A statement of a query, now and then.
pub(crate) struct Statement {
    now: &'static str,
    then: OnceLock<String>,
}

impl Statement {
    /// With the text that asks what is.
    pub const fn new(now: &'static str) -> Self {
        Self {
            now,
            then: OnceLock::new(),
        }
    }

    /// The text that asks what is, or what was. That binds the position after its own parameters.
    pub fn text(&'static self, is_past: bool) -> &'static str {
        if is_past {
            self.then.get_or_init(|| then(self.now))
        } else {
            self.now
        }
    }
}

fn then(now: &str) -> String {
    let mut asked = now.trim_start().to_owned();
    for table in TABLES {
        asked = asked.replace(&format!("read.{table}"), &format!("past_{table}"));
    }
    let position = format!("${}::bigint", parameters(now) + 1);
    let mut text = format!("WITH {}", PAST.replace("$then", &position));
    // Writing to a string does not fail.
    let _ = match asked.strip_prefix("WITH ") {
        Some(rest) => write!(text, ", {rest}"),
        None => write!(text, " {asked}"),
    };
    text
}

/// How many parameters a statement has: the largest number behind a `$`.
fn parameters(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1).filter_map(|rest| {
        let end = rest
            .find(|it: char| !it.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse::<usize>().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The tables as they were at `$then`. All of it is pulled up into the statement, which asks for rows by
/// key: what is not asked for is not made.
///
/// An own message moves its sender's marks, and leaves no other trace than itself. A body that a recall has
/// taken from the read models is still in the log, unless it was erased there.
const PAST: &str = concat!(
    "past_checkpoint AS NOT MATERIALIZED (
        SELECT least(k.position, $then) AS position FROM read.checkpoint k
    ), past_conversations AS NOT MATERIALIZED (
        SELECT c.id, c.name, c.kind, h.title, h.history, c.created_at, h.member_count,
               coalesce(g.seq, 0) AS head_seq, coalesce(g.ordinal, 0) AS countable, l.seq AS last_seq,
               coalesce(l.position, h.activity) AS activity
        FROM read.conversations c
        CROSS JOIN LATERAL (
            SELECT h.title, h.history, h.member_count, h.activity FROM read.conversation_history h
            WHERE h.conversation = c.id AND h.position <= $then ORDER BY h.position DESC LIMIT 1) h
        LEFT JOIN LATERAL (
            SELECT g.seq, g.ordinal FROM read.messages g
            WHERE g.conversation = c.id AND g.position <= $then ORDER BY g.position DESC LIMIT 1) g ON true
        LEFT JOIN LATERAL (
            SELECT l.seq, l.position FROM read.messages l
            WHERE l.conversation = c.id AND l.position <= $then AND l.type <> 'control'
            ORDER BY l.position DESC LIMIT 1) l ON true
    ), past_members AS NOT MATERIALIZED (
        SELECT m.conversation, m.user_id, h.present, h.role, h.joined_at, h.joined_order, h.joined_seq,
               CASE WHEN o.position > h.position THEN o.seq ELSE h.read_seq END AS read_seq,
               CASE WHEN o.position > h.position THEN greatest(o.seq, h.read_high)
                    ELSE h.read_high END AS read_high,
               coalesce(o.seq, 0) AS own_seq, h.muted, h.pinned, h.archived, h.mentions
        FROM (SELECT n.conversation, n.user_id FROM read.members n WHERE n.present
              UNION ALL
              SELECT n.conversation, n.user_id FROM read.members n WHERE NOT n.present) m
        CROSS JOIN LATERAL (
            SELECT h.* FROM read.member_history h
            WHERE h.conversation = m.conversation AND h.user_id = m.user_id AND h.position <= $then
            ORDER BY h.position DESC LIMIT 1) h
        LEFT JOIN LATERAL (
            SELECT o.seq, o.position FROM read.messages o
            WHERE o.sender = m.user_id AND o.conversation = m.conversation AND o.position <= $then
            ORDER BY o.position DESC LIMIT 1) o ON true
    ), past_stays AS NOT MATERIALIZED (
        SELECT s.conversation, s.user_id, s.from_position,
               CASE WHEN s.to_position <= $then THEN s.to_position END AS to_position, s.after_seq,
               CASE WHEN s.to_position <= $then THEN s.until_seq END AS until_seq
        FROM read.stays s WHERE s.from_position <= $then
    ), past_messages AS NOT MATERIALIZED (
        SELECT g.conversation, g.seq, g.position, g.sender, g.sent_at, g.ordinal, g.reply_to, g.type, g.mentions,
               (SELECT v.at FROM read.versions v
                WHERE v.conversation = g.conversation AND v.seq = g.seq AND v.position <= $then
                ORDER BY v.position DESC LIMIT 1) AS edited_at,
               g.recalled AND coalesce((SELECT r.position FROM read.recall_history r
                                        WHERE r.conversation = g.conversation AND r.seq = g.seq), 0) <= $then
                   AS recalled,
               coalesce((SELECT coalesce(v.body, ",
    event_log::body_at!("v.position"),
    ") FROM read.versions v
                         WHERE v.conversation = g.conversation AND v.seq = g.seq AND v.position <= $then
                         ORDER BY v.position DESC LIMIT 1),
                        g.original, CASE WHEN g.recalled THEN ",
    event_log::body_at!("g.position"),
    " ELSE g.body END) AS body,
               coalesce(g.original, CASE WHEN g.recalled THEN ",
    event_log::body_at!("g.position"),
    " ELSE g.body END) AS original
        FROM read.messages g WHERE g.position <= $then
    ), past_versions AS NOT MATERIALIZED (
        SELECT v.conversation, v.seq, v.position, v.at, coalesce(v.body, ",
    event_log::body_at!("v.position"),
    ") AS body
        FROM read.versions v WHERE v.position <= $then
    ), past_reactions AS NOT MATERIALIZED (
        SELECT x.conversation, x.seq, x.key, x.user_id, x.position
        FROM (SELECT DISTINCT ON (h.conversation, h.seq, h.key, h.user_id)
                     h.conversation, h.seq, h.key, h.user_id, h.position, h.added
              FROM read.reaction_history h WHERE h.position <= $then
              ORDER BY h.conversation, h.seq, h.key, h.user_id, h.position DESC) x
        WHERE x.added
    ), past_devices AS NOT MATERIALIZED (
        SELECT a.user_id, a.position, a.cursor FROM read.ack_history a WHERE a.position <= $then
    )"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_asks_of_the_past_what_it_asks_of_now() {
        static PLAIN: Statement = Statement::new("SELECT k.position FROM read.checkpoint k");
        static WITH: Statement =
            Statement::new("WITH x AS (SELECT $2, $11) SELECT FROM read.stays, read.users, x");
        assert_eq!(
            PLAIN.text(false),
            "SELECT k.position FROM read.checkpoint k"
        );
        let plain = PLAIN.text(true);
        assert!(plain.ends_with(" SELECT k.position FROM past_checkpoint k"));
        assert!(plain.contains("least(k.position, $1::bigint)"));
        let with = WITH.text(true);
        assert!(with.ends_with("), x AS (SELECT $2, $11) SELECT FROM past_stays, read.users, x"));
        assert!(with.contains("$12::bigint") && !with.contains("$then"));
    }
}
