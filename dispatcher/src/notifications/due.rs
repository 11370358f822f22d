//! Notifications that are due, with only those messages that are still unread and the current
//! unread counts.

use domain::time::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;

/// The maximum length of a preview in code points.
pub(crate) const MAX_PREVIEW_CHARS: i32 = 120;

/// The key of a notification: each user has at most one per conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NotificationKey {
    /// The user to notify.
    pub user: String,
    /// The conversation of the messages.
    pub conversation: String,
}

/// A notification that is due. The field names are the columns of the query.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueNotification {
    /// The user to notify.
    pub user_name: String,
    /// The conversation of the messages.
    pub conversation: String,
    /// The log position of the newest message that it covers.
    pub to_position: i64,
    /// The number of attempts so far.
    pub tries: i32,
    /// When its first message was enqueued.
    since: OffsetDateTime,
    /// `direct` or `group`.
    pub kind: Option<String>,
    /// The title of the conversation; `None` if it is direct.
    pub title: Option<String>,
    /// The number of messages to report; zero if all were read, recalled or are no longer visible.
    pub messages: Option<i64>,
    /// Whether one of them mentions the user.
    pub mentioned: Option<bool>,
    /// The number of unread messages in the conversation.
    pub unread: Option<i64>,
    /// The number of unread messages in all conversations that are neither muted nor archived.
    pub badge: Option<i64>,
    /// The sequence number of the newest of the messages.
    pub seq: Option<i64>,
    /// Its log position.
    pub position: Option<i64>,
    /// The user who sent it.
    pub sender: Option<String>,
    /// Its message type.
    pub message_type: Option<String>,
    /// The beginning of its text.
    pub preview: Option<String>,
    sent_at: Option<OffsetDateTime>,
}

impl DueNotification {
    /// Returns the key of the notification.
    pub fn key(&self) -> NotificationKey {
        NotificationKey {
            user: self.user_name.clone(),
            conversation: self.conversation.clone(),
        }
    }

    /// Returns how long its first message has been waiting, in milliseconds.
    pub fn age_ms(&self, now: Timestamp) -> i64 {
        now.millis() - Timestamp::from(self.since).millis()
    }

    /// Returns when the newest of the messages was sent.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.sent_at.map(Timestamp::from)
    }
}

/// Loads the notifications of a webhook that are due, except those in `claimed`, at most `limit`.
pub async fn load_due(
    connection: &mut PgConnection,
    webhook: i64,
    claimed: &[NotificationKey],
    limit: i64,
) -> Result<Vec<DueNotification>, sqlx::Error> {
    let users: Vec<&str> = claimed.iter().map(|key| key.user.as_str()).collect();
    let conversations: Vec<&str> = claimed
        .iter()
        .map(|key| key.conversation.as_str())
        .collect();
    sqlx::query_as(DUE_SQL)
        .bind(MAX_PREVIEW_CHARS)
        .bind(webhook)
        .bind(users)
        .bind(conversations)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// What is loaded of a notification `n`, with the user `u`, the conversation `c` and the newest of
/// the messages `l`, of which `$1` code points are shown.
macro_rules! due_columns {
    () => {
        concat!(
            "n.user_name, n.conversation, n.to_position, n.tries, n.since, c.kind,
            CASE WHEN c.kind <> 'direct' THEN c.title END AS title,
            t.messages, t.mentioned,
            CASE WHEN t.messages > 0 THEN ",
            read_model::unread_count!("m", "c"),
            " END AS unread,
            CASE WHEN t.messages > 0 THEN (
                SELECT coalesce(sum(",
            read_model::unread_count!("bm", "bc"),
            "), 0)::bigint
                FROM read.members bm JOIN read.conversations bc ON bc.id = bm.conversation
                WHERE bm.user_id = u.id AND bm.present AND NOT bm.muted AND NOT bm.archived) END AS badge,
            l.seq, l.position, l.type AS message_type, l.sent_at,
            (SELECT s.name FROM read.users s WHERE s.id = l.sender) AS sender,
            CASE WHEN strpos(l.body, '\\u0000') > 0 THEN NULL
                 WHEN l.type = 'text' THEN left(l.body::json ->> 'text', $1)
                 WHEN json_typeof(l.body::json -> 'name') = 'string' THEN left(l.body::json ->> 'name', $1)
            END AS preview"
        )
    };
}

/// Where the rest comes from: what a notification `n` still has to report.
macro_rules! due_joins {
    () => {
        concat!(
            "LEFT JOIN read.users u ON u.name = n.user_name
     LEFT JOIN read.conversations c ON c.name = n.conversation
     LEFT JOIN read.members m ON m.conversation = c.id AND m.user_id = u.id
     LEFT JOIN LATERAL (
         SELECT count(*) AS messages, max(g.seq) AS seq,
                bool_or(g.mentions IS NOT NULL AND g.mentions::jsonb ? u.name) AS mentioned
         FROM read.messages g
         WHERE g.conversation = c.id AND g.position > n.told_position
           AND g.position >= n.from_position AND g.position <= n.to_position AND ",
            $crate::notifications::eligibility::is_notified!(),
            ") t ON true
     LEFT JOIN read.messages l ON l.conversation = c.id AND l.seq = t.seq"
        )
    };
}

pub(crate) use {due_columns, due_joins};

/// Parameters: the length of a preview, the webhook, the users and conversations of the
/// notifications to exclude, and the limit.
const DUE_SQL: &str = concat!(
    "SELECT ",
    due_columns!(),
    " FROM (SELECT x.* FROM hooks.notices x
           WHERE x.webhook = $2 AND x.told_position < x.to_position AND x.due_at <= now()
             AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) h (user_name, conversation)
                             WHERE h.user_name = x.user_name AND h.conversation = x.conversation)
           ORDER BY x.due_at LIMIT $5) n ",
    due_joins!(),
    " ORDER BY n.due_at"
);
