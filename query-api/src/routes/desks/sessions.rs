//! `GET /v1/desks/{desk}/sessions`.

use axum::response::Response;
use http_edge::{Path, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::sight::sees_desk;
use super::view::{SessionStateView, SessionView, session_columns, session_joins};
use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::sql::as_of_sql::TemporalStatement;

/// The number of sessions per page.
pub(super) const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceSessions)]
pub struct SessionsPage {
    /// The sessions.
    pub sessions: Vec<SessionView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which sessions, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionsParams {
    /// Only those in this state: `waiting`, `open` or `closed`.
    #[param(value_type = Option<SessionStateView>, inline, example = "waiting")]
    state: Option<String>,
    /// Only those of this agent.
    #[param(value_type = Option<String>, example = "bob")]
    agent: Option<String>,
    /// The maximum number of sessions.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// Binds the desk, the state or null, the agent or null, the position after which the page starts,
/// and the number of sessions.
static LIST: TemporalStatement = TemporalStatement::new(concat!(
    "SELECT ",
    session_columns!(),
    " FROM (SELECT * FROM read.service_sessions x
            WHERE x.desk = $1 AND ($2::text IS NULL OR x.state = $2)
              AND ($3::text IS NULL OR x.agent = $3) AND x.opened_position > $4
            ORDER BY x.opened_position LIMIT $5) x ",
    session_joins!(),
    " ORDER BY x.opened_position"
));

/// Returns the sessions of a desk, oldest first. For agents of the desk, and administrators.
#[utoipa::path(
    get, path = "/v1/desks/{desk}/sessions", operation_id = "list_sessions", tag = "desks",
    params(("desk" = String, Path, description = "The desk", example = "billing"),
           SessionsParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of sessions.", body = SessionsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn list_sessions(
    Path(desk): Path<String>,
    Query(query): Query<SessionsParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let desk = desk.replace('\0', "");
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let filter = parse_state(query.state.as_deref())?;
    let agent = params::non_empty(query.agent.as_deref());
    let codec = CursorCodec {
        listing: "service_sessions",
        scope: &[&desk, filter.unwrap_or_default(), agent.unwrap_or_default()],
    };
    let after = codec.parse_key("after", query.after.as_deref())?;
    let [after] = after.unwrap_or([0]);
    let snapshot = context.wait().await?;
    let (position, is_visible) = sees_desk(&snapshot, &desk).await?;
    if !is_visible {
        return snapshot.reject(position, Problem::not_found());
    }
    let list = sqlx::query(snapshot.sql(&LIST))
        .bind(&desk)
        .bind(filter)
        .bind(agent.map(|agent| agent.replace('\0', "")))
        .bind(after)
        .bind(limit + 1);
    let rows = snapshot.fetch_rows(list).await?;
    let sessions = rows.iter().map(|row| SessionView::from_row(row, true));
    let mut sessions: Vec<SessionView> = sessions
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let found = sessions.len();
    let next = codec.end_page(&mut sessions, limit, found, |last| [last.opened_position]);
    snapshot.respond(position, &SessionsPage { sessions, next })
}

/// Parses a state of sessions.
pub(super) fn parse_state(text: Option<&str>) -> Result<Option<&str>, Problem> {
    match params::non_empty(text) {
        None => Ok(None),
        Some(text) if SessionStateView::parse(text).is_some() => Ok(Some(text)),
        Some(_) => {
            let expected = "expected `waiting`, `open` or `closed`";
            Err(Problem::malformed("state", expected))
        }
    }
}
