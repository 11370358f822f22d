//! `GET /v1/conversations/{id}/silences` and `.../bans`, and the same with a user: who is silenced
//! in a conversation, and who is banned from it.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Caller, Path, Problem};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use sqlx::{FromRow, Row as _};
use utoipa::ToSchema;

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params;
use crate::routes::access_list::{
    AccessList, AccessListParams, AccessListRequest, CallerStanding, standing,
};

/// A page of silences.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Silences)]
pub struct SilencesPage {
    /// The silences that have not ended, oldest first.
    pub silences: Vec<SanctionView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A page of bans.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bans)]
pub struct BansPage {
    /// The bans that have not ended, oldest first.
    pub bans: Vec<SanctionView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A silence or a ban.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sanction)]
pub struct SanctionView {
    /// The user.
    pub user: String,
    /// When it ends by itself; null for never.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub until: Option<Timestamp>,
    /// The reason that the moderator gave.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// The user who did it.
    pub by: String,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The sort key.
    #[serde(skip)]
    position: i64,
}

impl FromRow<'_, PgRow> for SanctionView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let until: Option<OffsetDateTime> = row.try_get("until")?;
        Ok(Self {
            user: row.try_get("name")?,
            until: until.map(Timestamp::from),
            reason: row.try_get("reason")?,
            by: row.try_get("by")?,
            at: row.try_get::<OffsetDateTime, _>("at")?.into(),
            position: row.try_get("position")?,
        })
    }
}

/// A statement about the rows of one of the two tables that have not ended and meet a condition.
macro_rules! select_sanctions {
    ($table:literal, $condition:literal) => {
        concat!(
            standing!(),
            "LEFT JOIN LATERAL (
                SELECT who.name, x.until, x.reason, x.by, x.at, x.position
                FROM ",
            $table,
            " x JOIN read.users who ON who.id = x.user_id
                WHERE x.conversation = c.id AND (x.until IS NULL OR x.until > now()) AND ",
            $condition,
            ") p ON true ORDER BY p.position"
        )
    };
}

/// The statement of a list.
macro_rules! list_sanctions {
    ($table:literal) => {
        select_sanctions!($table, "x.position > $3 ORDER BY x.position LIMIT $4")
    };
}

/// The statement of the row of one user. Binds the caller, the conversation and the user.
macro_rules! find_sanction {
    ($table:literal) => {
        select_sanctions!($table, "who.name = $3")
    };
}

const SILENCES: AccessList = AccessList {
    statement: list_sanctions!("read.silences"),
    name: "silences",
    is_for_moderators: true,
};

const BANS: AccessList = AccessList {
    statement: list_sanctions!("read.bans"),
    name: "bans",
    is_for_moderators: true,
};

/// Returns the silenced users of a conversation, for its owner, its admins and moderators.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/silences", operation_id = "list_silences", tag = "moderation",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"), AccessListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of silences.", body = SilencesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_silences(request: AccessListRequest) -> Result<Response, EndpointError> {
    let page = |silences, next| SilencesPage { silences, next };
    SILENCES
        .respond(request, |item: &SanctionView| item.position, page)
        .await
}

/// Returns the users who are banned from a group, for its owner, its admins and moderators.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/bans", operation_id = "list_bans", tag = "moderation",
    params(("id" = String, Path, description = "The group.", example = "lunch"), AccessListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of bans.", body = BansPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_bans(request: AccessListRequest) -> Result<Response, EndpointError> {
    let page = |bans, next| BansPage { bans, next };
    BANS.respond(request, |item: &SanctionView| item.position, page)
        .await
}

async fn find_sanction(
    statement: &'static str,
    state: &ReadState,
    caller: &Caller,
    (id, user): (String, String),
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let id = params::parse_conversation_id(&id)?;
    let guard = min_position.wait().await?;
    let rows = sqlx::query(statement)
        .bind(&caller.user)
        .bind(id.as_str())
        .bind(&user)
        .fetch_all(&state.pool)
        .await?;
    let standing = CallerStanding::from_rows(&rows)?;
    let is_own = standing.is_member() && caller.user == user;
    if let Err(problem) = standing.check(caller.is_moderator())
        && !is_own
    {
        return guard.reject(standing.position, problem);
    }
    let found = rows.first().filter(|row| {
        let position: Result<Option<i64>, _> = row.try_get("position");
        position.is_ok_and(|position| position.is_some())
    });
    match found {
        Some(row) => guard.respond(standing.position, &SanctionView::from_row(row)?),
        None => guard.reject(standing.position, Problem::not_found()),
    }
}

/// Returns the silence of a user; 404 if the user is not silenced. Members can ask for their own.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/silences/{user}", operation_id = "get_silence", tag = "moderation",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("user" = String, Path, description = "The user.", example = "bob"), MinPositionParams),
    responses(
        (status = 200, description = "The silence.", body = SanctionView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn get_silence(
    State(state): State<ReadState>,
    caller: Caller,
    Path(path): Path<(String, String)>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let statement = find_sanction!("read.silences");
    find_sanction(statement, &state, &caller, path, min_position).await
}

/// Returns the ban of a user; 404 if the user is not banned.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/bans/{user}", operation_id = "get_ban", tag = "moderation",
    params(("id" = String, Path, description = "The group.", example = "lunch"),
           ("user" = String, Path, description = "The user.", example = "dave"), MinPositionParams),
    responses(
        (status = 200, description = "The ban.", body = SanctionView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn get_ban(
    State(state): State<ReadState>,
    caller: Caller,
    Path(path): Path<(String, String)>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let statement = find_sanction!("read.bans");
    find_sanction(statement, &state, &caller, path, min_position).await
}
