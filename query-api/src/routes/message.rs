//! `GET .../messages/{seq}` and `.../messages/{seq}/history`: one message and its versions.

use axum::response::Response;
use domain::time::Timestamp;
use http_edge::Path;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::ConversationProblems;
use crate::error::{EndpointError, QueryError};
use crate::routes::conversation_query::by_message;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns, parse_raw_json};
use crate::sql::visibility::membership;
use read_model::can_see;

/// Binds the caller, the conversation and the seq. Returns nulls if the message is not visible to
/// the caller.
static MESSAGE: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    "
    SELECT k.position AS read_position, ",
    message_columns!("t.name"),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true
    LEFT JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3 AND ",
    can_see!("t", "t", "g.seq")
));

/// Binds the caller, the conversation and the seq. The first body is stored with the message, later
/// ones in `read.versions`.
static VERSIONS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ", membership!(), ", message AS (
        SELECT g.* FROM membership t JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3
        WHERE ", can_see!("t", "t", "g.seq"), "
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

/// All versions of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageHistory {
    /// The versions, oldest first; the last one is current.
    pub versions: Vec<MessageVersion>,
}

/// One version of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageVersion)]
pub struct MessageVersion {
    /// The body; null once the message is recalled.
    #[schema(value_type = Option<Object>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// When it was sent or edited.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The log position of the version.
    pub position: i64,
}

/// Returns one message in its current state.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}", operation_id = "get_message", tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The message.", body = MessageView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        ConversationProblems,
    ),
)]
pub async fn get_message(
    Path(path): Path<(String, String)>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let (query, seq) = by_message(context, path).await?;
    let rows = query.fetch_rows(&MESSAGE, &[seq]).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    query.snapshot.respond_or_not_found(
        row.try_get("read_position")?,
        MessageView::from_row(row)?.as_ref(),
    )
}

type StoredVersion = (i64, Option<i64>, Option<OffsetDateTime>, Option<String>);

/// Returns the versions of one message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/history", operation_id = "get_message_history",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The versions of the message, oldest first.", body = MessageHistory,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        ConversationProblems,
    ),
)]
pub async fn get_message_history(
    Path(path): Path<(String, String)>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let (query, seq) = by_message(context, path).await?;
    let rows: Vec<StoredVersion> = query.fetch_all(&VERSIONS, &[seq]).await?;
    let position = rows.first().map_or(0, |row| row.0);
    let versions = collect_versions(rows)?;
    let found = !versions.is_empty();
    query.snapshot.respond_or_not_found(
        position,
        found.then_some(MessageHistory { versions }).as_ref(),
    )
}

fn collect_versions(rows: Vec<StoredVersion>) -> Result<Vec<MessageVersion>, QueryError> {
    rows.into_iter()
        .filter_map(|(_, position, at, body)| Some((position?, at?, body)))
        .map(|(position, at, body)| {
            Ok(MessageVersion {
                body: parse_raw_json("a version", body)?,
                at: at.into(),
                position,
            })
        })
        .collect()
}
