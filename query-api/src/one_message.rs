//! `GET .../messages/{seq}` and `.../messages/{seq}/history`: one message, and what it was.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::Path;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::docs::ConversationProblems;
use crate::failed::{Failed, Unanswered};
use crate::message::{Message, message_columns, raw};
use crate::min_position::MinPositionQuery;
use crate::moment::{Moment, MomentQuery};
use crate::params;
use crate::past::Statement;
use crate::state::QueryState;
use crate::visibility::seat;
use read_model::sees;

/// Binds the caller, the conversation and the seq. Nulls if the caller does not see it.
static MESSAGE: Statement = Statement::new(concat!(
    "WITH ",
    seat!(),
    "
    SELECT k.position AS read_position, ",
    message_columns!("t.name"),
    "
    FROM read.checkpoint k LEFT JOIN seat t ON true
    LEFT JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3 AND ",
    sees!("t", "t", "g.seq")
));

/// Binds the caller, the conversation and the seq. The first body stands with the message, the
/// later ones beside it.
static VERSIONS: Statement = Statement::new(concat!(
    "WITH ", seat!(), ", message AS (
        SELECT g.* FROM seat t JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3
        WHERE ", sees!("t", "t", "g.seq"), "
    ), versions AS (
        SELECT g.position, g.sent_at AS at, coalesce(g.original, g.body) AS body, g.recalled FROM message g
        UNION ALL
        SELECT v.position, v.at, v.body, g.recalled
        FROM message g JOIN read.versions v ON v.conversation = g.conversation AND v.seq = g.seq
    )
    SELECT k.position, v.position, v.at, CASE WHEN NOT v.recalled THEN v.body END
    FROM read.checkpoint k LEFT JOIN versions v ON true
    ORDER BY v.position"
));

/// What a message was, from first to last.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageHistory {
    /// Oldest first; the last is what it is now.
    pub versions: Vec<Version>,
}

/// One version of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageVersion)]
pub struct Version {
    /// The body; null once the message is recalled.
    #[schema(value_type = Option<Object>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// When it was sent or edited.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Where that stands in the log.
    pub position: i64,
}

/// One message, as it is now.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}", operation_id = "get_message", tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), MomentQuery, MinPositionQuery),
    responses(
        (status = 200, description = "The message.", body = Message,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        ConversationProblems,
    ),
)]
pub async fn message(
    State(state): State<QueryState>,
    Path((id, seq)): Path<(String, String)>,
    moment: Moment,
) -> Result<Response, Unanswered> {
    let seq = params::seq(&seq)?;
    let id = params::conversation(&id)?;
    let user = moment.user().to_owned();
    let moment = moment.reached().await?;
    let row = moment
        .bind(
            sqlx::query(moment.text(&MESSAGE))
                .bind(&user)
                .bind(id.as_str())
                .bind(seq),
        )
        .fetch_one(&state.pool)
        .await?;
    moment.found(
        row.try_get("read_position")?,
        Message::from_row(&row)?.as_ref(),
    )
}

type VersionRow = (i64, Option<i64>, Option<OffsetDateTime>, Option<String>);

/// The versions of one message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/history", operation_id = "get_message_history",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), MomentQuery, MinPositionQuery),
    responses(
        (status = 200, description = "Its versions, oldest first.", body = MessageHistory,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        ConversationProblems,
    ),
)]
pub async fn message_history(
    State(state): State<QueryState>,
    Path((id, seq)): Path<(String, String)>,
    moment: Moment,
) -> Result<Response, Unanswered> {
    let seq = params::seq(&seq)?;
    let id = params::conversation(&id)?;
    let user = moment.user().to_owned();
    let moment = moment.reached().await?;
    let rows: Vec<VersionRow> = moment
        .bind_as(
            sqlx::query_as(moment.text(&VERSIONS))
                .bind(&user)
                .bind(id.as_str())
                .bind(seq),
        )
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().map_or(0, |row| row.0);
    let versions = versions(rows)?;
    let found = !versions.is_empty();
    moment.found(
        position,
        found.then_some(MessageHistory { versions }).as_ref(),
    )
}

fn versions(rows: Vec<VersionRow>) -> Result<Vec<Version>, Failed> {
    rows.into_iter()
        .filter_map(|(_, position, at, body)| Some((position?, at?, body)))
        .map(|(position, at, body)| {
            Ok(Version {
                body: raw("a version", body)?,
                at: at.into(),
                position,
            })
        })
        .collect()
}
