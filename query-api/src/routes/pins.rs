//! `GET /v1/conversations/{id}/pins`: the pinned messages, newest pin first.

use axum::response::Response;
use http_edge::{Path, Query};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, bytes_before};
use crate::params::{PageLimit, ReactionsForm, parse_conversation_id, parse_reactions_form};
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns, summarize_long_list};
use crate::sql::visibility::{caller_id, membership};
use read_model::can_see;

/// The number of messages per page: by default all, because a conversation has at most a hundred
/// pins.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 100,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PinsParams {
    /// The maximum number of messages. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 100)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
    /// `summary`: the number of users by reaction key and the first ten of them, instead of lists.
    /// A page of more than 50 messages always has summaries.
    #[param(value_type = Option<ReactionsForm>, inline, example = "summary")]
    reactions: Option<String>,
}

/// A page of the pinned messages of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PinnedMessages)]
pub struct PinnedMessagesPage {
    /// The messages, newest pin first. Messages that the caller cannot see are left out.
    pub messages: Vec<MessageView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Binds the caller, the conversation, the position of the pin before which the page starts, the
/// number of messages, and the byte budget. Returns one row of nulls if the caller is not a member.
static PINS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", page AS (
        SELECT p.position AS pinned_at, g.seq, octet_length(g.body) AS bytes
        FROM membership t
        JOIN read.pins p ON p.conversation = t.conversation AND p.unpinned_at IS NULL
        JOIN read.messages g ON g.conversation = p.conversation AND g.seq = p.seq
        WHERE p.position < $3 AND ",
    can_see!("t", "t", "g.seq"),
    "
        ORDER BY p.position DESC LIMIT $4
    )
    SELECT k.position AS read_position, t.conversation IS NOT NULL AS is_member, p.pinned_at, p.found, ",
    message_columns!("t.name", caller_id!()),
    "
    FROM read.checkpoint k LEFT JOIN membership t ON true
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("p.bytes", "ORDER BY p.pinned_at DESC"),
    " FROM page p) p ON p.bytes_before < $5
    LEFT JOIN read.messages g ON g.conversation = t.conversation AND g.seq = p.seq
    ORDER BY p.pinned_at DESC"
));

/// A message with the position of its pin.
#[derive(Serialize)]
struct PinnedMessage(MessageView, i64);

/// Returns the pinned messages of a conversation.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/pins", operation_id = "list_pins", tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"), PinsParams, AsOfParams,
           MinPositionParams),
    responses(
        (status = 200, description = "The pinned messages.", body = PinnedMessagesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn list_pins(
    Path(id): Path<String>,
    Query(params): Query<PinsParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let is_summary = parse_reactions_form(params.reactions.as_deref())?;
    let id = parse_conversation_id(&id)?;
    let user = context.user().to_owned();
    let codec = CursorCodec {
        listing: "pins",
        scope: &[&user, id.as_str()],
    };
    let [before] = codec
        .parse_key::<1>("after", params.after.as_deref())?
        .unwrap_or([i64::MAX]);
    let query = ConversationQuery::begin(context, id.clone()).await?;
    let parameters = [before, limit + 1, MAX_PAGE_BODY_BYTES];
    let rows = query.fetch_rows(&PINS, &parameters).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (position, is_member) = (
        first.try_get("read_position")?,
        first.try_get::<bool, _>("is_member")?,
    );
    let found: Option<i64> = first.try_get("found")?;
    let found = usize::try_from(found.unwrap_or(0)).unwrap_or_default();
    let mut pinned = read_messages(&rows)?;
    let next = codec.end_page(&mut pinned, limit, found, |pinned| [pinned.1]);
    let mut messages: Vec<MessageView> = pinned.into_iter().map(|pinned| pinned.0).collect();
    summarize_long_list(&mut messages, is_summary);
    let page = PinnedMessagesPage { messages, next };
    query
        .snapshot
        .respond_or_not_found(position, is_member.then_some(page).as_ref())
}

fn read_messages(rows: &[PgRow]) -> Result<Vec<PinnedMessage>, QueryError> {
    let mut pinned = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(message) = MessageView::from_row(row)? {
            pinned.push(PinnedMessage(message, row.try_get("pinned_at")?));
        }
    }
    Ok(pinned)
}
