//! `GET .../messages/{seq}` and `.../messages/{seq}/history`: one message and its versions.

use axum::response::Response;
use domain::time::Timestamp;
use http_edge::schema::message_body::MessageBodySchema;
use http_edge::{Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, bytes_before};
use crate::params::{PageLimit, ReactionsForm, parse_message_path, parse_reactions_form};
use crate::routes::conversation_query::{ConversationQuery, by_message};
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns, parse_raw_json};
use crate::sql::visibility::{caller_id, is_visible_message, membership};

/// Binds the caller, the conversation and the seq. Returns nulls if the message is not visible to
/// the caller.
static MESSAGE: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    "
    SELECT k.position AS read_position, ",
    message_columns!("t.name", caller_id!()),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true
    LEFT JOIN read.messages g ON ",
    is_visible_message!()
));

/// Binds the caller, the conversation, the seq, the position after which the page starts, the
/// number of versions, and the byte budget. The first body is stored with the message, later ones
/// in `read.versions`.
static VERSIONS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ", membership!(), ", message AS (
        SELECT g.* FROM membership t JOIN read.messages g ON ", is_visible_message!(), "
    ), versions AS (
        SELECT g.position, g.sent_at AS at, coalesce(g.original, g.body) AS body, g.recalled FROM message g
        UNION ALL
        SELECT v.position, v.at, v.body, g.recalled
        FROM message g JOIN read.versions v ON v.conversation = g.conversation AND v.seq = g.seq
    ), page AS (
        SELECT v.position, v.at, CASE WHEN NOT v.recalled THEN v.body END AS body
        FROM versions v WHERE v.position > $4 ORDER BY v.position LIMIT $5
    )
    SELECT k.position AS read_position, EXISTS (SELECT FROM message) AS is_visible, v.found,
           v.position, v.at, v.body
    FROM read.checkpoint k
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("octet_length(p.body)", "ORDER BY p.position"),
    " FROM page p) v ON v.bytes_before < $6
    ORDER BY v.position"
));

/// Selects the form of a message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageParams {
    /// `summary`: the number of users by reaction key and the first ten of them, instead of lists.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// The number of versions per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 200,
    max: 1_000,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageHistoryParams {
    /// The maximum number of versions. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 200)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of the versions of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageHistory {
    /// The versions, oldest first; the last one of the last page is current.
    pub versions: Vec<MessageVersion>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// One version of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageVersion)]
pub struct MessageVersion {
    /// The body; null once the message is recalled.
    #[schema(value_type = Option<MessageBodySchema>, required = true)]
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
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1), MessageParams, AsOfParams,
           MinPositionParams),
    responses(
        (status = 200, description = "The message.", body = MessageView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_message(
    Path(path): Path<(String, String)>,
    Query(params): Query<MessageParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let is_summary = parse_reactions_form(params.reactions.as_deref())?;
    let (query, seq) = by_message(context, path).await?;
    let rows = query.fetch_rows(&MESSAGE, &[seq]).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let mut message = MessageView::from_row(row)?;
    if let Some(message) = message.as_mut().filter(|_| is_summary) {
        message.summarize_reactions();
    }
    query
        .snapshot
        .respond_or_not_found(row.try_get("read_position")?, message.as_ref())
}

#[derive(sqlx::FromRow)]
struct StoredVersion {
    read_position: i64,
    is_visible: bool,
    found: Option<i64>,
    position: Option<i64>,
    at: Option<OffsetDateTime>,
    body: Option<String>,
}

/// Returns the versions of one message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/history", operation_id = "get_message_history",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1), MessageHistoryParams,
           AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The versions of the message, oldest first.", body = MessageHistory,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_message_history(
    Path((id, seq)): Path<(String, String)>,
    Query(params): Query<MessageHistoryParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let (id, seq) = parse_message_path(&id, &seq)?;
    let (user, number) = (context.user().to_owned(), seq.to_string());
    let codec = CursorCodec {
        listing: "versions",
        scope: &[&user, id.as_str(), &number],
    };
    let [after] = codec
        .parse_key::<1>("after", params.after.as_deref())?
        .unwrap_or([0]);
    let query = ConversationQuery::begin(context, id.clone()).await?;
    let parameters = [seq, after, limit + 1, MAX_PAGE_BODY_BYTES];
    let rows: Vec<StoredVersion> = query.fetch_all(&VERSIONS, &parameters).await?;
    let Some(first) = rows.first() else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let (position, is_visible) = (first.read_position, first.is_visible);
    let found = usize::try_from(first.found.unwrap_or(0)).unwrap_or_default();
    let mut versions = collect_versions(rows)?;
    let next = codec.end_page(&mut versions, limit, found, |version| [version.position]);
    query.snapshot.respond_or_not_found(
        position,
        is_visible
            .then_some(MessageHistory { versions, next })
            .as_ref(),
    )
}

fn collect_versions(rows: Vec<StoredVersion>) -> Result<Vec<MessageVersion>, QueryError> {
    rows.into_iter()
        .filter_map(|row| Some((row.position?, row.at?, row.body)))
        .map(|(position, at, body)| {
            Ok(MessageVersion {
                body: parse_raw_json("a version", body)?,
                at: at.into(),
                position,
            })
        })
        .collect()
}
