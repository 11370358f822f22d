//! `GET /v1/held`: the caller's messages that wait for a moderator.

use axum::extract::State;
use axum::response::Response;
use domain::held_id::HeldId;
use domain::time::Timestamp;
use http_edge::{Caller, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, bytes_before};
use crate::params::PageLimit;
use crate::routes::waiting_message::{WaitingMessageRow, WaitingMessageView, waiting_columns};

/// The number of messages per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeldParams {
    /// The maximum number of messages. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of held messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMessages)]
pub struct HeldPage {
    /// The messages, the oldest first.
    pub held: Vec<HeldView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A message that waits for a moderator. Nobody but its sender and moderators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMessage)]
pub struct HeldView {
    /// Its id, for the caller alone.
    #[schema(value_type = String)]
    pub held_id: HeldId,
    /// The message.
    #[serde(flatten)]
    pub message: WaitingMessageView,
    /// When it was held.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Binds the caller, the number after which the page starts (or null), the number of messages, and
/// the byte budget.
const HELD: &str = concat!(
    "WITH page AS (
        SELECT ",
    waiting_columns!(),
    ", m.at
        FROM read.users u
        JOIN read.held m ON m.user_id = u.id
        JOIN read.conversations c ON c.id = m.conversation
        WHERE u.name = $1 AND ($2::bigint IS NULL OR m.number > $2)
        ORDER BY m.number LIMIT $3
    )
    SELECT k.position, p.*
    FROM read.checkpoint k
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("octet_length(p.body)", "ORDER BY p.number"),
    " FROM page p) p ON p.bytes_before < $4
    ORDER BY p.number"
);

/// A row of [`HELD`]. Without any message, only the position is set.
#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    found: Option<i64>,
    #[sqlx(flatten)]
    message: WaitingMessageRow,
    at: Option<OffsetDateTime>,
}

/// Returns the caller's held messages.
#[utoipa::path(
    get, path = "/v1/held", operation_id = "list_held", tag = "messages",
    params(HeldParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of held messages.", body = HeldPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_held(
    State(state): State<ReadState>,
    caller: Caller,
    Query(params): Query<HeldParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let codec = CursorCodec {
        listing: "held",
        scope: &[&caller.user],
    };
    let after = codec.parse_key::<1>("after", params.after.as_deref())?;
    let guard = min_position.wait().await?;
    let rows: Vec<Row> = sqlx::query_as(HELD)
        .bind(&caller.user)
        .bind(after.map(|[number]| number))
        .bind(limit + 1)
        .bind(MAX_PAGE_BODY_BYTES)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.position;
    let found = usize::try_from(first.found.unwrap_or(0)).unwrap_or_default();
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        held.extend(row.into_view()?);
    }
    let next = codec.end_page(&mut held, limit, found, |message: &HeldView| {
        [message.held_id.number()]
    });
    guard.respond(position, &HeldPage { held, next })
}

impl Row {
    /// Returns `None` for the placeholder row of an empty list.
    fn into_view(self) -> Result<Option<HeldView>, QueryError> {
        let (Some(number), Some(at)) = (self.message.number, self.at) else {
            return Ok(None);
        };
        Ok(Some(HeldView {
            held_id: HeldId::from_number(number),
            message: self.message.into_view()?,
            at: at.into(),
        }))
    }
}
