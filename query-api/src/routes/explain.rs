//! `GET /v1/inbox/unread/{conversation}/explain`: explains an unread count message by message.

use axum::response::Response;
use http_edge::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params;
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::membership;
use read_model::can_see;
use read_model::unread_count;

/// The number of newest messages that are explained.
const MAX_EXPLAINED: i64 = 200;

/// Which messages count as unread, and why the others do not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The unread count. It is the length of `counted` unless there are unread messages older than
    /// those that are explained.
    pub unread: i64,
    /// The caller's read mark.
    pub read_seq: i64,
    /// The seq of the newest message.
    pub head_seq: i64,
    /// Of the newest 200 messages, those that count, oldest first.
    pub counted: Vec<i64>,
    /// Of the newest 200 messages, those that do not, oldest first.
    pub excluded: Vec<ExcludedMessage>,
}

/// A message that does not count as unread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Excluded)]
pub struct ExcludedMessage {
    /// The seq of the message.
    pub seq: i64,
    /// The first reason that applies.
    #[schema(value_type = ExclusionReason)]
    pub why: String,
}

/// Why a message does not count as unread: the caller has cleared it (`cleared`), it was sent while
/// the caller was not a member and is not visible (`before_join`), it is a control message
/// (`control`), the caller sent it (`own`), it was recalled (`recalled`), or the caller has read it
/// (`read`).
#[derive(ToSchema)]
#[schema(as = WhyNotUnread, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the OpenAPI schema")]
enum ExclusionReason {
    Cleared,
    BeforeJoin,
    Control,
    Own,
    Recalled,
    Read,
}

/// Binds the caller, the conversation, and the number of messages to explain.
static EXPLAIN: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", listed AS (
        SELECT g.seq,
               CASE WHEN g.seq <= t.cleared_seq THEN 'cleared'
                    WHEN NOT ",
    can_see!("t", "t", "g.seq"),
    " THEN 'before_join'
                    WHEN g.type = 'control' THEN 'control'
                    WHEN g.sender = t.user_id THEN 'own'
                    WHEN g.recalled THEN 'recalled'
                    WHEN g.seq <= t.read_seq THEN 'read'
                    ELSE 'counted' END AS why
        FROM membership t CROSS JOIN LATERAL (
            SELECT m.seq, m.type, m.sender, m.recalled FROM read.messages m
            WHERE m.conversation = t.conversation AND m.seq <= t.head_seq ORDER BY m.seq DESC LIMIT $3) g
    )
    SELECT k.position, t.unread, t.read_seq, t.head_seq, l.seq, l.why
    FROM read.checkpoint k
    LEFT JOIN (SELECT s.read_seq, s.head_seq, ",
    unread_count!("s", "s"),
    " AS unread FROM membership s) t ON true
    LEFT JOIN listed l ON true
    ORDER BY l.seq"
));

type Row = (
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

/// Explains the caller's unread count of a conversation.
#[utoipa::path(
    get, path = "/v1/inbox/unread/{conversation}/explain", operation_id = "explain_unread", tag = "inbox",
    params(("conversation" = String, Path, description = "The conversation.", example = "lunch"), AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The count and its explanation, from one snapshot.", body = Explanation,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn explain_unread(
    Path(conversation): Path<String>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let conversation = params::parse_conversation_id(&conversation)?;
    let query = ConversationQuery::begin(context, conversation).await?;
    let rows: Vec<Row> = query.fetch_all(&EXPLAIN, &[MAX_EXPLAINED]).await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.0;
    query
        .snapshot
        .respond_or_not_found(position, build_explanation(rows).as_ref())
}

/// Builds the explanation; `None` if the caller is not a member of the conversation.
fn build_explanation(rows: Vec<Row>) -> Option<Explanation> {
    let (_, unread, read_seq, head_seq, ..) = rows.first()?;
    let mut explanation = Explanation {
        unread: (*unread)?,
        read_seq: (*read_seq)?,
        head_seq: (*head_seq)?,
        counted: Vec::new(),
        excluded: Vec::new(),
    };
    for (.., seq, why) in rows {
        match (seq, why) {
            (Some(seq), Some(why)) if why == "counted" => explanation.counted.push(seq),
            (Some(seq), Some(why)) => explanation.excluded.push(ExcludedMessage { seq, why }),
            _ => {}
        }
    }
    Some(explanation)
}
