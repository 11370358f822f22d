//! `GET /v1/service-sessions/{id}`.

use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Path, Problem};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::{SessionView, session_columns, session_joins};
use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::sql::as_of_sql::TemporalStatement;

/// A session with the notes about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceSessionDetail)]
pub struct SessionDetail {
    /// The session, as in the list.
    #[serde(flatten)]
    pub session: SessionView,
    /// The notes, oldest first. The customer does not get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub notes: Option<Vec<SessionNoteView>>,
}

/// A note about a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionNote)]
pub struct SessionNoteView {
    /// Who wrote it.
    pub by: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What; null if it was erased.
    #[schema(required = true)]
    pub text: Option<String>,
}

/// Binds the user, whether an administrator asks, and the session.
static SESSION: TemporalStatement = TemporalStatement::new(concat!(
    "SELECT k.position AS read_position, v.* FROM read.checkpoint k LEFT JOIN (
        SELECT ",
    session_columns!(),
    ", $2 OR coalesce(d.agents ? $1, false) AS is_agent
         FROM read.service_sessions x LEFT JOIN read.desks d ON d.id = x.desk ",
    session_joins!(),
    "    WHERE x.id = $3 AND ($2 OR x.customer = $1 OR d.agents ? $1)) v ON true"
));

/// Binds the session.
static NOTES: TemporalStatement = TemporalStatement::new(
    "SELECT r.by, r.at, r.text FROM read.session_texts r
     WHERE r.session = $1 AND r.kind = 'note' ORDER BY r.position",
);

/// Returns a session: for agents of the desk that has it, and administrators, with notes and tags;
/// for its customer without them.
#[utoipa::path(
    get, path = "/v1/service-sessions/{id}", operation_id = "get_session", tag = "desks",
    params(("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
           AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The session.", body = SessionDetail,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_session(
    Path(id): Path<String>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let id = id.replace('\0', "");
    let snapshot = context.wait().await?;
    let query = sqlx::query(snapshot.sql(&SESSION))
        .bind(snapshot.user())
        .bind(snapshot.is_admin())
        .bind(&id);
    let rows = snapshot.fetch_rows(query).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = row.try_get("read_position")?;
    let is_agent: Option<bool> = row.try_get("is_agent")?;
    let is_agent = is_agent.unwrap_or_default();
    let Some(session) = SessionView::from_row(row, is_agent)? else {
        return snapshot.reject(position, Problem::not_found());
    };
    let notes = if is_agent {
        let notes = sqlx::query(snapshot.sql(&NOTES)).bind(&id);
        let rows = snapshot.fetch_rows(notes).await?;
        let notes = rows.iter().map(SessionNoteView::from_row);
        Some(notes.collect::<Result<_, _>>()?)
    } else {
        None
    };
    snapshot.respond(position, &SessionDetail { session, notes })
}

impl SessionNoteView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            by: row.try_get("by")?,
            at: row.try_get::<OffsetDateTime, _>("at")?.into(),
            text: row.try_get("text")?,
        })
    }
}
