//! What is left to tell when it is time: only what is still unread, with today's badge.

use domain::time::Timestamp;
use read_model::unread;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;

use super::rule::concerns;

/// Code points of a preview.
const PREVIEW: i32 = 120;

/// Whom, of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Who.
    pub user: String,
    /// Of which conversation.
    pub conversation: String,
}

/// A notice whose time has come.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    /// Who.
    pub user_name: String,
    /// Of which conversation.
    pub conversation: String,
    /// The newest message that it covers.
    pub to_position: i64,
    /// How often it was tried.
    pub tries: i32,
    /// When its first message was taken in.
    since: OffsetDateTime,
    /// `direct` or `group`.
    pub kind: Option<String>,
    /// A group's name.
    pub title: Option<String>,
    /// How many messages there are to tell of; none if all were read, recalled or are not seen any more.
    pub messages: Option<i64>,
    /// One of them mentions the user.
    pub mentioned: Option<bool>,
    /// Unread in that conversation.
    pub unread: Option<i64>,
    /// Unread in all that are neither muted nor archived.
    pub badge: Option<i64>,
    /// The newest of the messages.
    pub seq: Option<i64>,
    /// Where it stands in the log.
    pub position: Option<i64>,
    /// Who sent it.
    pub sender: Option<String>,
    /// What kind of message.
    pub message_type: Option<String>,
    /// How it begins.
    pub preview: Option<String>,
    sent_at: Option<OffsetDateTime>,
}

impl Due {
    /// Whom, of what.
    pub fn key(&self) -> Key {
        Key {
            user: self.user_name.clone(),
            conversation: self.conversation.clone(),
        }
    }

    /// How long its first message has been waiting, in milliseconds.
    pub fn age_ms(&self, now: Timestamp) -> i64 {
        now.millis() - Timestamp::from(self.since).millis()
    }

    /// When the newest of the messages was sent.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.sent_at.map(Timestamp::from)
    }
}

/// The notices of a webhook whose time has come, but for those in hand, at most `limit`.
pub async fn due(
    connection: &mut PgConnection,
    webhook: i64,
    in_hand: &[Key],
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    let users: Vec<&str> = in_hand.iter().map(|key| key.user.as_str()).collect();
    let conversations: Vec<&str> = in_hand
        .iter()
        .map(|key| key.conversation.as_str())
        .collect();
    sqlx::query_as(DUE)
        .bind(webhook)
        .bind(users)
        .bind(conversations)
        .bind(limit)
        .bind(PREVIEW)
        .fetch_all(connection)
        .await
}

/// Binds the webhook, users and conversations of those in hand, how many, and the length of a preview.
const DUE: &str = concat!(
    "SELECT n.user_name, n.conversation, n.to_position, n.tries, n.since, c.kind,
            CASE WHEN c.kind <> 'direct' THEN c.title END AS title,
            t.messages, t.mentioned,
            CASE WHEN t.messages > 0 THEN ",
    unread!("m", "c"),
    " END AS unread,
            CASE WHEN t.messages > 0 THEN (
                SELECT coalesce(sum(",
    unread!("bm", "bc"),
    "), 0)::bigint
                FROM read.members bm JOIN read.conversations bc ON bc.id = bm.conversation
                WHERE bm.user_id = u.id AND bm.present AND NOT bm.muted AND NOT bm.archived) END AS badge,
            l.seq, l.position, l.type AS message_type, l.sent_at,
            (SELECT s.name FROM read.users s WHERE s.id = l.sender) AS sender,
            CASE WHEN strpos(l.body, '\\u0000') > 0 THEN NULL
                 WHEN l.type = 'text' THEN left(l.body::json ->> 'text', $5)
                 WHEN json_typeof(l.body::json -> 'name') = 'string' THEN left(l.body::json ->> 'name', $5)
            END AS preview
     FROM (SELECT x.* FROM hooks.notices x
           WHERE x.webhook = $1 AND x.told_position < x.to_position AND x.due_at <= now()
             AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) h (user_name, conversation)
                             WHERE h.user_name = x.user_name AND h.conversation = x.conversation)
           ORDER BY x.due_at LIMIT $4) n
     LEFT JOIN read.users u ON u.name = n.user_name
     LEFT JOIN read.conversations c ON c.name = n.conversation
     LEFT JOIN read.members m ON m.conversation = c.id AND m.user_id = u.id
     LEFT JOIN LATERAL (
         SELECT count(*) AS messages, max(g.seq) AS seq,
                bool_or(g.mentions IS NOT NULL AND g.mentions::jsonb ? u.name) AS mentioned
         FROM read.messages g
         WHERE g.conversation = c.id AND g.position > n.told_position
           AND g.position >= n.from_position AND g.position <= n.to_position AND ",
    concerns!(),
    ") t ON true
     LEFT JOIN read.messages l ON l.conversation = c.id AND l.seq = t.seq
     ORDER BY n.due_at"
);
