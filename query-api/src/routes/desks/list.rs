//! `GET /v1/desks`: the desks at which anybody can open a session, and those of the caller as an
//! agent. `GET /v1/admin/desks`: their settings.

use axum::extract::State;
use axum::response::Response;
use http_edge::{Admin, Caller, Query};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use super::desk::DeskView;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};

/// The number of desks per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Which page of the desks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DesksParams {
    /// The maximum number of desks.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "a")]
    after: Option<String>,
}

/// A page of desks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Desks)]
pub struct DesksPage {
    /// The desks, ordered by id.
    pub desks: Vec<DeskSummary>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A desk, as its customers and agents see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskSummary {
    /// The id.
    pub id: String,
    /// The name that people see.
    pub title: String,
    /// Whether the caller is an agent of it.
    pub is_agent: bool,
    /// For agents: the number of sessions that wait for an agent.
    #[schema(required = true)]
    pub waiting: Option<i64>,
    /// For agents: the number of sessions that have one.
    #[schema(required = true)]
    pub open: Option<i64>,
}

/// A page of desks with their settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminDesks)]
pub struct AdminDesksPage {
    /// The desks, ordered by id.
    pub desks: Vec<DeskView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Binds the caller, the id after which the page starts, and the number of desks.
const DESKS: &str = "SELECT k.position AS read_position, d.*, \
    CASE WHEN d.is_agent THEN (SELECT count(*) FROM read.service_sessions x \
        WHERE x.desk = d.id AND x.state = 'waiting') END AS waiting, \
    CASE WHEN d.is_agent THEN (SELECT count(*) FROM read.service_sessions x \
        WHERE x.desk = d.id AND x.state = 'open') END AS open \
    FROM read.checkpoint k LEFT JOIN (SELECT d.id, d.title, d.agents ? $1 AS is_agent \
        FROM read.desks d WHERE d.id COLLATE \"C\" > $2 \
        ORDER BY d.id COLLATE \"C\" LIMIT $3) d ON true \
    ORDER BY d.id COLLATE \"C\"";

/// Binds the id after which the page starts, and the number of desks.
const SETTINGS: &str = "SELECT k.position AS read_position, d.*, \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'waiting') \
        AS waiting, \
    (SELECT count(*) FROM read.service_sessions x WHERE x.desk = d.id AND x.state = 'open') AS open \
    FROM read.checkpoint k LEFT JOIN (SELECT * FROM read.desks d WHERE d.id COLLATE \"C\" > $1 \
        ORDER BY d.id COLLATE \"C\" LIMIT $2) d ON true \
    ORDER BY d.id COLLATE \"C\"";

/// Returns the desks by their names. Those who are agents of a desk get its numbers too.
#[utoipa::path(
    get, path = "/v1/desks", operation_id = "list_desks", tag = "desks",
    params(DesksParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of desks.", body = DesksPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_desks(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<DesksParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let guard = min_position.wait().await?;
    let rows = sqlx::query(DESKS)
        .bind(&caller.user)
        .bind(first_after(query.after.as_deref()))
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let (position, desks) = read_rows(&rows, DeskSummary::from_row)?;
    let (desks, next) = cut(desks, limit, |desk| &desk.id);
    guard.respond(position, &DesksPage { desks, next })
}

/// Returns the desks with their settings. For administrators.
#[utoipa::path(
    get, path = "/v1/admin/desks", operation_id = "list_admin_desks", tag = "desks",
    params(DesksParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of desks.", body = AdminDesksPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_admin_desks(
    State(state): State<ReadState>,
    _admin: Admin,
    Query(query): Query<DesksParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let guard = min_position.wait().await?;
    let rows = sqlx::query(SETTINGS)
        .bind(first_after(query.after.as_deref()))
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let (position, desks) = read_rows(&rows, DeskView::from_row)?;
    let (desks, next) = cut(desks, limit, |desk| &desk.id);
    guard.respond(position, &AdminDesksPage { desks, next })
}

/// The id after which a page starts. No desk has an empty one.
fn first_after(after: Option<&str>) -> String {
    let after = params::non_empty(after).unwrap_or_default();
    after.replace('\0', "")
}

/// The position of the read model, which is there without a desk too, and the desks.
fn read_rows<T>(
    rows: &[PgRow],
    read: impl Fn(&PgRow) -> Result<Option<T>, sqlx::Error>,
) -> Result<(i64, Vec<T>), sqlx::Error> {
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    let desks = rows.iter().map(read).filter_map(Result::transpose);
    Ok((position, desks.collect::<Result<_, _>>()?))
}

/// The desks of a page of which one more than `limit` were found, and where the next one starts.
fn cut<T>(mut desks: Vec<T>, limit: i64, id: impl Fn(&T) -> &String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = desks.len() > limit;
    desks.truncate(limit);
    let next = desks
        .last()
        .filter(|_| has_more)
        .map(|last| id(last).clone());
    (desks, next)
}

impl DeskSummary {
    fn from_row(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let Some(id) = row.try_get("id")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            title: row.try_get("title")?,
            is_agent: row.try_get("is_agent")?,
            waiting: row.try_get("waiting")?,
            open: row.try_get("open")?,
        }))
    }
}
