//! `GET /v1/outbox`: the messages that the caller has sent in all current conversations, newest
//! first.

use axum::extract::State;
use axum::response::Response;
use http_edge::{Caller, Query};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, bytes_before};
use crate::params::{self, PageLimit, ReactionsForm};
use crate::sql::message_view::{MessageView, message_columns, summarize_long_list};
use crate::sql::visibility::{caller_id, current_memberships};
use read_model::can_see;

/// The number of messages per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SentMessagesParams {
    /// The maximum number of messages. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    before: Option<String>,
    /// `summary`: the number of users by reaction key and the first ten of them, instead of lists.
    /// A page of more than 50 messages always has summaries.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// A page of messages that the caller has sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outbox)]
pub struct SentMessagesPage {
    /// The messages, newest first.
    pub messages: Vec<MessageView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Binds the caller, the position before which the page starts, the number of messages, and the
/// byte budget. It merges the newest messages of each conversation, with a few index probes per
/// conversation. The size of conversations that the caller has left does not matter.
const SENT_MESSAGES: &str = concat!(
    "WITH page AS MATERIALIZED (
        SELECT c.name, x.conversation, x.seq, x.position, x.bytes
        FROM ",
    current_memberships!(),
    "
        CROSS JOIN LATERAL (
            SELECT g.conversation, g.seq, g.position, octet_length(g.body) AS bytes FROM read.messages g
            WHERE g.sender = m.user_id AND g.conversation = m.conversation AND g.position < $2
              AND ",
    can_see!("m", "c", "g.seq"),
    "
            ORDER BY g.position DESC LIMIT $3) x
        WHERE u.name = $1
        ORDER BY x.position DESC LIMIT $3
    )
    SELECT k.position AS read_position, p.found, ",
    message_columns!("p.name", caller_id!()),
    "
    FROM read.checkpoint k
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("p.bytes", "ORDER BY p.position DESC"),
    " FROM page p) p ON p.bytes_before < $4
    LEFT JOIN read.messages g ON g.conversation = p.conversation AND g.seq = p.seq
    ORDER BY g.position DESC"
);

/// Returns the messages that the caller has sent.
#[utoipa::path(
    get, path = "/v1/outbox", operation_id = "list_outbox", tag = "messages",
    params(SentMessagesParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of sent messages.", body = SentMessagesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_sent_messages(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<SentMessagesParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let is_summary = params::parse_reactions_form(query.reactions.as_deref())?;
    let codec = CursorCodec {
        listing: "outbox",
        scope: &[&caller.user],
    };
    let [before] = codec
        .parse_key::<1>("before", query.before.as_deref())?
        .unwrap_or([i64::MAX]);
    let guard = min_position.wait().await?;
    let rows = sqlx::query(SENT_MESSAGES)
        .bind(&caller.user)
        .bind(before)
        .bind(limit + 1)
        .bind(MAX_PAGE_BODY_BYTES)
        .fetch_all(&state.pool)
        .await?;
    let (position, mut messages, found) = read_messages(&rows)?;
    let next = codec.end_page(&mut messages, limit, found, |message| [message.position]);
    summarize_long_list(&mut messages, is_summary);
    guard.respond(position, &SentMessagesPage { messages, next })
}

/// Returns the position of the snapshot, the messages, and the number of messages that there are.
fn read_messages(rows: &[PgRow]) -> Result<(i64, Vec<MessageView>, usize), QueryError> {
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        messages.extend(MessageView::from_row(row)?);
    }
    let found: Option<i64> = first.try_get("found")?;
    let found = usize::try_from(found.unwrap_or(0)).unwrap_or_default();
    Ok((first.try_get("read_position")?, messages, found))
}
