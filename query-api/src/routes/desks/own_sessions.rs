//! `GET /v1/service-sessions`: the sessions of the caller, as their customer or their agent.

use axum::response::Response;
use http_edge::Query;
use serde::Deserialize;
use sqlx::Row as _;
use utoipa::IntoParams;

use super::sessions::{PAGE_LIMIT, SessionsPage, parse_state};
use super::view::{SessionStateView, SessionView, session_columns, session_joins};
use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::params;
use crate::sql::as_of_sql::TemporalStatement;

/// Which sessions, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceSessionsParams {
    /// Only those in this state: `waiting`, `open` or `closed`.
    #[param(value_type = Option<SessionStateView>, inline, example = "open")]
    state: Option<String>,
    /// Only those of this conversation.
    #[param(example = "desk_0123456789abcdef0123456789abcdef")]
    conversation: Option<String>,
    /// The maximum number of sessions.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// What both kinds of sessions have to satisfy, and their order.
macro_rules! matching {
    () => {
        " AND ($2::text IS NULL OR x.state = $2)
              AND ($3::text IS NULL
                   OR x.conversation = (SELECT c.id FROM read.conversations c WHERE c.name = $3))
              AND x.opened_position < $4
              ORDER BY x.opened_position DESC LIMIT $5"
    };
}

/// Binds the caller, the state or null, the conversation or null, the position before which the
/// page starts, and the number of sessions.
static LIST: TemporalStatement = TemporalStatement::new(concat!(
    "SELECT k.position AS read_position, v.* FROM read.checkpoint k LEFT JOIN (
        SELECT ",
    session_columns!(),
    ", coalesce(d.agents ? $1, false) AS is_agent
        FROM (SELECT * FROM (
             (SELECT * FROM read.service_sessions x WHERE x.customer = $1",
    matching!(),
    ")
             UNION
             (SELECT * FROM read.service_sessions x WHERE x.agent = $1
              AND EXISTS (SELECT FROM read.desks d WHERE d.id = x.desk AND d.agents ? $1)",
    matching!(),
    ")) x ORDER BY x.opened_position DESC LIMIT $5) x
        LEFT JOIN read.desks d ON d.id = x.desk ",
    session_joins!(),
    ") v ON true ORDER BY v.opened_position DESC"
));

/// Returns the sessions of which the caller is the customer or, at a desk of theirs, the agent; the
/// newest first.
#[utoipa::path(
    get, path = "/v1/service-sessions", operation_id = "list_own_sessions", tag = "desks",
    params(ServiceSessionsParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of sessions.", body = SessionsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_own_sessions(
    Query(query): Query<ServiceSessionsParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let filter = parse_state(query.state.as_deref())?;
    let conversation = params::non_empty(query.conversation.as_deref());
    let user = context.user().to_owned();
    let codec = CursorCodec {
        listing: "own_sessions",
        scope: &[
            &user,
            filter.unwrap_or_default(),
            conversation.unwrap_or_default(),
        ],
    };
    let before = codec.parse_key("after", query.after.as_deref())?;
    let [before] = before.unwrap_or([i64::MAX]);
    let snapshot = context.wait().await?;
    let list = sqlx::query(snapshot.sql(&LIST))
        .bind(&user)
        .bind(filter)
        .bind(conversation.map(|id| id.replace('\0', "")))
        .bind(before)
        .bind(limit + 1);
    let rows = snapshot.fetch_rows(list).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in &rows {
        let is_agent: Option<bool> = row.try_get("is_agent")?;
        sessions.extend(SessionView::from_row(row, is_agent.unwrap_or_default())?);
    }
    let found = sessions.len();
    let next = codec.end_page(&mut sessions, limit, found, |last| [last.opened_position]);
    snapshot.respond(position, &SessionsPage { sessions, next })
}
