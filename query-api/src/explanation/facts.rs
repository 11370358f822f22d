//! The facts on which the visibility of a message depends, from one snapshot.

use read_model::can_see;
use sqlx::{FromRow as _, PgPool};

use super::visibility_explanation::{ExplainedPeriod, VisibilityQuestion};
use crate::error::QueryError;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::{is_visible_message, membership};

/// Binds the user, the conversation and the seq. `is_visible` is the condition of every query about
/// one message. Blocks and bans have no history, so they are always the current ones.
static FACTS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    "
    SELECT k.position AS read_position, c.kind, c.history, c.head_seq, m.present,
           coalesce(m.cleared_seq, 0) AS cleared_seq,
           g.position AS message_position,
           CASE WHEN NOT g.recalled THEN g.body END IS NOT NULL AS has_body,
           (SELECT sender.name FROM read.users sender WHERE sender.id = g.sender) AS sender,
           EXISTS (SELECT FROM membership t JOIN read.messages g ON ",
    is_visible_message!(),
    ") AS is_visible,
           EXISTS (SELECT FROM membership t WHERE ",
    can_see!("t", "t", "$3"),
    ") AS is_in_window,
           (SELECT json_agg(json_build_object(
                'from_position', s.from_position, 'to_position', s.to_position,
                'after_seq', s.after_seq, 'until_seq', s.until_seq) ORDER BY s.from_position)::text
            FROM read.stays s WHERE s.conversation = c.id AND s.user_id = u.id) AS stays,
           EXISTS (SELECT FROM read.blocks b
                   WHERE b.user_id = u.id AND b.blocked = g.sender) AS blocks_sender,
           EXISTS (SELECT FROM read.blocks b
                   WHERE b.user_id = g.sender AND b.blocked = u.id) AS is_blocked_by_sender,
           EXISTS (SELECT FROM read.bans b WHERE b.conversation = c.id AND b.user_id = u.id
                   AND (b.until IS NULL OR b.until > now())) AS is_banned,
           (SELECT min(p.position) FROM read.parked p
            WHERE p.source = '/conversations/' || $2) AS parked_from
    FROM read.checkpoint k
    LEFT JOIN read.users u ON u.name = $1
    LEFT JOIN read.conversations c ON c.name = $2
    LEFT JOIN read.members m ON m.conversation = c.id AND m.user_id = u.id
    LEFT JOIN read.messages g ON g.conversation = c.id AND g.seq = $3"
));

/// What the read model says.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct VisibilityFacts {
    pub read_position: i64,
    pub kind: Option<String>,
    pub history: Option<String>,
    pub head_seq: Option<i64>,
    /// Whether the user is a member; `None` for a user who never was.
    pub is_member: Option<bool>,
    /// The last seq that the user has cleared from their own view, 0 if there is none.
    pub cleared_seq: i64,
    pub message_position: Option<i64>,
    pub sender: Option<String>,
    pub has_body: bool,
    /// Whether the queries serve the message.
    pub is_visible: bool,
    /// Whether the seq is in a window that the user can see.
    pub is_in_window: bool,
    pub stays: Vec<ExplainedPeriod>,
    pub blocks_sender: bool,
    pub is_blocked_by_sender: bool,
    /// Whether the user is banned from the conversation.
    pub is_banned: bool,
    /// The first parked event of the conversation.
    pub parked_from: Option<i64>,
}

#[derive(sqlx::FromRow)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts")]
struct Row {
    read_position: i64,
    kind: Option<String>,
    history: Option<String>,
    head_seq: Option<i64>,
    present: Option<bool>,
    cleared_seq: i64,
    message_position: Option<i64>,
    sender: Option<String>,
    has_body: bool,
    is_visible: bool,
    is_in_window: bool,
    stays: Option<String>,
    blocks_sender: bool,
    is_blocked_by_sender: bool,
    is_banned: bool,
    parked_from: Option<i64>,
}

/// Reads the facts.
pub(super) async fn load(
    pool: &PgPool,
    question: &VisibilityQuestion,
) -> Result<VisibilityFacts, QueryError> {
    let query = sqlx::query(FACTS.sql(question.as_of.is_some()))
        .bind(question.user.as_str())
        .bind(question.conversation.as_str())
        .bind(question.seq);
    let query = match question.as_of {
        Some(position) => query.bind(position),
        None => query,
    };
    let row = Row::from_row(&query.fetch_one(pool).await?)?;
    let stays = row.stays.as_deref().unwrap_or("[]");
    Ok(VisibilityFacts {
        read_position: row.read_position,
        kind: row.kind,
        history: row.history,
        head_seq: row.head_seq,
        is_member: row.present,
        cleared_seq: row.cleared_seq,
        message_position: row.message_position,
        sender: row.sender,
        has_body: row.has_body,
        is_visible: row.is_visible,
        is_in_window: row.is_in_window,
        stays: serde_json::from_str(stays).map_err(|error| QueryError::Corrupt {
            value: "a membership period",
            reason: error.to_string(),
        })?,
        blocks_sender: row.blocks_sender,
        is_blocked_by_sender: row.is_blocked_by_sender,
        is_banned: row.is_banned,
        parked_from: row.parked_from,
    })
}
