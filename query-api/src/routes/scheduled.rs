//! `GET /v1/scheduled`: the caller's messages that will be sent later, and those that were refused.

use axum::extract::State;
use axum::response::Response;
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
pub struct ScheduledParams {
    /// The maximum number of messages. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of scheduled messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduledMessages)]
pub struct ScheduledPage {
    /// The messages, the one that is due first first.
    pub scheduled: Vec<ScheduledView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A scheduled message that waits or failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduledMessage)]
pub struct ScheduledView {
    /// Its id, for the caller alone.
    pub scheduled_id: String,
    /// The message.
    #[serde(flatten)]
    pub message: WaitingMessageView,
    /// When it is due.
    #[schema(value_type = String, format = DateTime)]
    pub send_at: Timestamp,
    /// Whether it waits, or a rule refused it when it was due.
    #[schema(value_type = String)]
    pub state: ScheduledViewState,
    /// The code of the refusal; null while it waits.
    #[schema(required = true)]
    pub code: Option<String>,
    /// The second part of the sort key.
    #[serde(skip)]
    number: i64,
}

/// The state of a scheduled message.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduledViewState {
    /// It will be sent.
    Waiting,
    /// A rule refused it.
    Failed,
}

/// Binds the caller, the sort key after which the page starts (or nulls), the number of messages,
/// and the byte budget.
const SCHEDULED: &str = concat!(
    "WITH page AS (
        SELECT ",
    waiting_columns!(),
    ", m.send_at, m.code
        FROM read.users u
        JOIN read.scheduled m ON m.user_id = u.id
        JOIN read.conversations c ON c.id = m.conversation
        WHERE u.name = $1 AND ($2::timestamptz IS NULL OR (m.send_at, m.number) > ($2, $3))
        ORDER BY m.send_at, m.number LIMIT $4
    )
    SELECT k.position, p.*
    FROM read.checkpoint k
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("octet_length(p.body)", "ORDER BY p.send_at, p.number"),
    " FROM page p) p ON p.bytes_before < $5
    ORDER BY p.send_at, p.number"
);

/// A row of [`SCHEDULED`]. Without any message, only the position is set.
#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    found: Option<i64>,
    #[sqlx(flatten)]
    message: WaitingMessageRow,
    send_at: Option<OffsetDateTime>,
    code: Option<String>,
}

/// Returns the caller's scheduled messages.
#[utoipa::path(
    get, path = "/v1/scheduled", operation_id = "list_scheduled", tag = "messages",
    params(ScheduledParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of scheduled messages.", body = ScheduledPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_scheduled(
    State(state): State<ReadState>,
    caller: Caller,
    Query(params): Query<ScheduledParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let codec = CursorCodec {
        listing: "scheduled",
        scope: &[&caller.user],
    };
    let after = codec.parse_key::<2>("after", params.after.as_deref())?;
    let guard = min_position.wait().await?;
    let rows: Vec<Row> = sqlx::query_as(SCHEDULED)
        .bind(&caller.user)
        .bind(after.map(|[millis, _]| OffsetDateTime::from(Timestamp::from_millis(millis))))
        .bind(after.map(|[_, number]| number))
        .bind(limit + 1)
        .bind(MAX_PAGE_BODY_BYTES)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.position;
    let found = usize::try_from(first.found.unwrap_or(0)).unwrap_or_default();
    let mut scheduled = Vec::with_capacity(rows.len());
    for row in rows {
        scheduled.extend(row.into_view()?);
    }
    let next = codec.end_page(&mut scheduled, limit, found, |message: &ScheduledView| {
        [message.send_at.millis(), message.number]
    });
    guard.respond(position, &ScheduledPage { scheduled, next })
}

impl Row {
    /// Returns `None` for the placeholder row of an empty list.
    fn into_view(self) -> Result<Option<ScheduledView>, QueryError> {
        let (Some(number), Some(send_at)) = (self.message.number, self.send_at) else {
            return Ok(None);
        };
        let state = if self.code.is_some() {
            ScheduledViewState::Failed
        } else {
            ScheduledViewState::Waiting
        };
        Ok(Some(ScheduledView {
            scheduled_id: format!("s{number}"),
            message: self.message.into_view()?,
            send_at: send_at.into(),
            state,
            code: self.code,
            number,
        }))
    }
}
