//! Temporal queries: the same statement, answered as of an earlier position.
//!
//! The historical form of a statement is its own text on reconstructed tables. Common table
//! expressions in front of it rebuild the tables from the history in the read model, and the text
//! refers to them: `read.members` becomes `past_members`, for example. The one visibility rule
//! therefore applies to the past as well, and the two forms of a query cannot diverge.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// The tables that the historical form replaces.
const VERSIONED_TABLES: [&str; 15] = [
    "checkpoint",
    "conversations",
    "members",
    "stays",
    "messages",
    "versions",
    "reactions",
    "devices",
    "receipts_off",
    "policies",
    "pins",
    "thread_marks",
    "service_sessions",
    "session_steps",
    "session_texts",
];

/// The time at which the historical form is answered: that of the last event.
const PAST_NOW: &str = event_log::event_time_sql!("$as_of");

/// The statement of a query in its current and its historical form.
pub(crate) struct TemporalStatement {
    current: &'static str,
    historical: OnceLock<String>,
}

impl TemporalStatement {
    /// Creates a statement from its current form.
    pub const fn new(current: &'static str) -> Self {
        Self {
            current,
            historical: OnceLock::new(),
        }
    }

    /// Returns the current or the historical form. The historical form binds the position after the
    /// parameters of the statement itself.
    pub fn sql(&'static self, is_past: bool) -> &'static str {
        if is_past {
            self.historical
                .get_or_init(|| rewrite_historical(self.current))
        } else {
            self.current
        }
    }
}

fn rewrite_historical(now: &str) -> String {
    let mut body = now.trim_start().to_owned();
    for table in VERSIONED_TABLES {
        body = body.replace(&format!("read.{table}"), &format!("past_{table}"));
    }
    let position = format!("${}::bigint", count_parameters(now) + 1);
    let body = body.replace("now()", &PAST_NOW.replace("$as_of", &position));
    let mut text = format!("WITH {}", HISTORICAL_TABLES.replace("$as_of", &position));
    // Writing to a string does not fail.
    let _ = match body.strip_prefix("WITH ") {
        Some(rest) => write!(text, ", {rest}"),
        None => write!(text, " {body}"),
    };
    text
}

/// Counts the parameters of a statement: the largest number after a `$`.
fn count_parameters(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1).filter_map(|rest| {
        let end = rest
            .find(|char: char| !char.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse::<usize>().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The tables as they were at `$as_of`. Postgres inlines these expressions into the statement,
/// which looks up rows by key, so only the requested rows are reconstructed.
///
/// Sending a message moves the sender's marks without any other record than the message itself. A
/// body that a recall has removed from the read model is still in the log, unless it was erased
/// there. Of a message without an earlier recall or restore, the next one says what it was before.
/// The last step of a session says where it is, and its tags are in the log.
const HISTORICAL_TABLES: &str = concat!(
    "past_checkpoint AS NOT MATERIALIZED (
        SELECT least(k.position, $as_of) AS position FROM read.checkpoint k
    ), past_conversations AS NOT MATERIALIZED (
        SELECT c.id, c.name, c.kind, h.title, h.history, c.created_at, h.member_count,
               coalesce(g.seq, 0) AS head_seq, coalesce(g.ordinal, 0) AS countable, l.seq AS last_seq,
               coalesce(l.position, h.activity) AS activity
        FROM read.conversations c
        CROSS JOIN LATERAL (
            SELECT h.title, h.history, h.member_count, h.activity FROM read.conversation_history h
            WHERE h.conversation = c.id AND h.position <= $as_of ORDER BY h.position DESC LIMIT 1) h
        LEFT JOIN LATERAL (
            SELECT g.seq, g.ordinal FROM read.messages g
            WHERE g.conversation = c.id AND g.position <= $as_of ORDER BY g.position DESC LIMIT 1) g ON true
        LEFT JOIN LATERAL (
            SELECT l.seq, l.position FROM read.messages l
            WHERE l.conversation = c.id AND l.position <= $as_of AND l.type <> 'control'
            ORDER BY l.position DESC LIMIT 1) l ON true
    ), past_members AS NOT MATERIALIZED (
        SELECT m.conversation, m.user_id, h.present, h.role, h.joined_at, h.joined_order, h.joined_seq,
               CASE WHEN o.position > h.position THEN o.seq ELSE h.read_seq END AS read_seq,
               CASE WHEN o.position > h.position THEN greatest(o.seq, h.read_high)
                    ELSE h.read_high END AS read_high,
               coalesce(o.seq, 0) AS own_seq, h.muted, h.pinned, h.archived, h.mentions,
               h.cleared_seq
        FROM (SELECT n.conversation, n.user_id FROM read.members n WHERE n.present
              UNION ALL
              SELECT n.conversation, n.user_id FROM read.members n WHERE NOT n.present) m
        CROSS JOIN LATERAL (
            SELECT h.* FROM read.member_history h
            WHERE h.conversation = m.conversation AND h.user_id = m.user_id AND h.position <= $as_of
            ORDER BY h.position DESC LIMIT 1) h
        LEFT JOIN LATERAL (
            SELECT o.seq, o.position FROM read.messages o
            WHERE o.sender = m.user_id AND o.conversation = m.conversation AND o.position <= $as_of
            ORDER BY o.position DESC LIMIT 1) o ON true
    ), past_stays AS NOT MATERIALIZED (
        SELECT s.conversation, s.user_id, s.from_position,
               CASE WHEN s.to_position <= $as_of THEN s.to_position END AS to_position, s.after_seq,
               CASE WHEN s.to_position <= $as_of THEN s.until_seq END AS until_seq
        FROM read.stays s WHERE s.from_position <= $as_of
    ), past_messages AS NOT MATERIALIZED (
        SELECT g.conversation, g.seq, g.position, g.sender, g.sent_at, g.ordinal, g.reply_to, g.type, g.mentions,
               g.client_message_id, g.thread,
               (SELECT v.at FROM read.versions v
                WHERE v.conversation = g.conversation AND v.seq = g.seq AND v.position <= $as_of
                ORDER BY v.position DESC LIMIT 1) AS edited_at,
               (g.recalled OR g.restored) AND coalesce(
                   (SELECT r.recalled FROM read.recall_history r
                    WHERE r.conversation = g.conversation AND r.seq = g.seq AND r.position <= $as_of
                    ORDER BY r.position DESC LIMIT 1),
                   (SELECT NOT r.recalled FROM read.recall_history r
                    WHERE r.conversation = g.conversation AND r.seq = g.seq
                    ORDER BY r.position LIMIT 1),
                   g.recalled) AS recalled,
               coalesce((SELECT coalesce(v.body, ",
    event_log::event_body_sql!("v.position"),
    ") FROM read.versions v
                         WHERE v.conversation = g.conversation AND v.seq = g.seq AND v.position <= $as_of
                         ORDER BY v.position DESC LIMIT 1),
                        g.original, CASE WHEN g.recalled THEN ",
    event_log::event_body_sql!("g.position"),
    " ELSE g.body END) AS body,
               coalesce(g.original, CASE WHEN g.recalled THEN ",
    event_log::event_body_sql!("g.position"),
    " ELSE g.body END) AS original
        FROM read.messages g WHERE g.position <= $as_of
    ), past_versions AS NOT MATERIALIZED (
        SELECT v.conversation, v.seq, v.position, v.at, coalesce(v.body, ",
    event_log::event_body_sql!("v.position"),
    ") AS body
        FROM read.versions v WHERE v.position <= $as_of
    ), past_reactions AS NOT MATERIALIZED (
        SELECT x.conversation, x.seq, x.key, x.user_id, x.position
        FROM (SELECT DISTINCT ON (h.conversation, h.seq, h.key, h.user_id)
                     h.conversation, h.seq, h.key, h.user_id, h.position, h.added
              FROM read.reaction_history h WHERE h.position <= $as_of
              ORDER BY h.conversation, h.seq, h.key, h.user_id, h.position DESC) x
        WHERE x.added
    ), past_devices AS NOT MATERIALIZED (
        SELECT a.user_id, a.position, a.cursor FROM read.ack_history a WHERE a.position <= $as_of
    ), past_receipts_off AS NOT MATERIALIZED (
        SELECT r.user_id, r.from_position,
               CASE WHEN r.to_position <= $as_of THEN r.to_position END AS to_position
        FROM read.receipts_off r WHERE r.from_position <= $as_of
    ), past_policies AS NOT MATERIALIZED (
        SELECT p.conversation, p.position, p.policy FROM read.policies p WHERE p.position <= $as_of
    ), past_pins AS NOT MATERIALIZED (
        SELECT p.conversation, p.seq, p.position, NULL::bigint AS unpinned_at FROM read.pins p
        WHERE p.position <= $as_of AND (p.unpinned_at IS NULL OR p.unpinned_at > $as_of)
    ), past_thread_marks AS NOT MATERIALIZED (
        SELECT k.user_id, k.conversation, k.root, k.position, k.followed, k.read_seq
        FROM read.thread_marks k WHERE k.position <= $as_of
    ), past_session_steps AS NOT MATERIALIZED (
        SELECT t.* FROM read.session_steps t WHERE t.position <= $as_of
    ), past_session_texts AS NOT MATERIALIZED (
        SELECT r.* FROM read.session_texts r WHERE r.position <= $as_of
    ), past_service_sessions AS NOT MATERIALIZED (
        SELECT x.id, l.desk,
               (SELECT t.conversation FROM read.session_steps t
                WHERE t.session = x.id AND t.position <= $as_of AND t.conversation IS NOT NULL
                ORDER BY t.position DESC LIMIT 1) AS conversation,
               x.customer, l.agent,
               CASE WHEN l.cause = 'closed' THEN 'closed' WHEN l.agent IS NULL THEN 'waiting'
                    ELSE 'open' END AS state,
               x.opened_position, x.opened_at,
               (SELECT t.at FROM read.session_steps t
                WHERE t.session = x.id AND t.position <= $as_of AND t.cause = 'accepted'
                ORDER BY t.position LIMIT 1) AS accepted_at,
               CASE WHEN l.cause = 'closed' THEN x.closed_at END AS closed_at,
               CASE WHEN l.cause = 'closed' THEN x.closed_by END AS closed_by,
               x.reply_target_ms,
               CASE WHEN EXISTS (SELECT FROM read.session_texts r
                                 WHERE r.session = x.id AND r.kind = 'rating'
                                   AND r.position <= $as_of) THEN x.rating END AS rating,
               coalesce(",
    event_log::session_tags_sql!("x.id", "$as_of"),
    ", '[]') AS tags
        FROM read.service_sessions x
        CROSS JOIN LATERAL (
            SELECT t.cause, t.desk, t.agent FROM read.session_steps t
            WHERE t.session = x.id AND t.position <= $as_of ORDER BY t.position DESC LIMIT 1) l
    )"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_historical_form_reads_the_reconstructed_tables() {
        static PLAIN: TemporalStatement =
            TemporalStatement::new("SELECT k.position FROM read.checkpoint k");
        static WITH: TemporalStatement = TemporalStatement::new(
            "WITH x AS (SELECT $2, $11) SELECT FROM read.stays, read.users, x",
        );
        assert_eq!(PLAIN.sql(false), "SELECT k.position FROM read.checkpoint k");
        let plain = PLAIN.sql(true);
        assert!(plain.ends_with(" SELECT k.position FROM past_checkpoint k"));
        assert!(plain.contains("least(k.position, $1::bigint)"));
        let with = WITH.sql(true);
        assert!(with.ends_with("), x AS (SELECT $2, $11) SELECT FROM past_stays, read.users, x"));
        assert!(with.contains("$12::bigint") && !with.contains("$as_of"));
    }
}
