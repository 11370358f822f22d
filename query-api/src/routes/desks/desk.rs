//! `GET /v1/admin/desks/{desk}`: the settings of a desk.

use axum::extract::State;
use axum::response::Response;
use http_edge::{Caller, Path, Problem};
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;

/// The settings of a desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Desk)]
pub struct DeskView {
    /// The id.
    pub id: String,
    /// The name that people see.
    pub title: String,
    /// The agents, in the order of their turns.
    #[schema(value_type = Vec<String>)]
    pub agents: Value,
    /// `manual`, `round_robin` or `least_busy`.
    pub routing: String,
    /// Automatic routing gives no session to an agent who has this many.
    pub max_open: i32,
    /// How long after the last message a session closes by itself.
    pub idle_close: String,
    /// Within which time a customer is to have a reply.
    pub reply_target: String,
    /// The first message of every session; null if there is none.
    #[schema(required = true)]
    pub greeting: Option<String>,
    /// Whether agents are reminded of a customer who has no reply within `reply_target`.
    pub reminders: bool,
    /// The number of sessions that wait for an agent.
    pub waiting: i64,
    /// The number of sessions that have one.
    pub open: i64,
}

/// Binds the caller, whether the caller is an administrator, and the desk. The position is there
/// without a desk too.
const DESK: &str = "SELECT k.position AS read_position, d.*, \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'waiting') \
        AS waiting, \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'open') AS open \
    FROM read.checkpoint k LEFT JOIN read.desks d ON d.id = $3 AND ($2 OR d.agents ? $1)";

/// Returns the settings of a desk. For administrators, and agents of the desk.
#[utoipa::path(
    get, path = "/v1/admin/desks/{desk}", operation_id = "get_desk", tag = "desks",
    params(("desk" = String, Path, description = "The desk", example = "billing"),
           MinPositionParams),
    responses(
        (status = 200, description = "The settings.", body = DeskView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_desk(
    State(state): State<ReadState>,
    caller: Caller,
    Path(desk): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let row = sqlx::query(DESK)
        .bind(&caller.user)
        .bind(caller.is_admin())
        .bind(desk.replace('\0', ""))
        .fetch_one(&state.pool)
        .await?;
    let position = row.try_get("read_position")?;
    let Some(view) = DeskView::from_row(&row)? else {
        return guard.reject(position, Problem::not_found());
    };
    guard.respond(position, &view)
}

impl DeskView {
    /// Reads a row with the columns of the desk and the numbers of its sessions. Returns `None` if
    /// the row has no desk.
    pub(super) fn from_row(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let Some(id) = row.try_get("id")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            title: row.try_get("title")?,
            agents: row.try_get("agents")?,
            routing: row.try_get("routing")?,
            max_open: row.try_get("max_open")?,
            idle_close: row.try_get("idle_close")?,
            reply_target: row.try_get("reply_target")?,
            greeting: row.try_get("greeting")?,
            reminders: row.try_get("reminders")?,
            waiting: row.try_get("waiting")?,
            open: row.try_get("open")?,
        }))
    }
}
