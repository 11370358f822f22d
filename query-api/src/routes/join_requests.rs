//! `GET /v1/conversations/{id}/join-requests`: who waits to be admitted.

use axum::response::Response;
use domain::time::Timestamp;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use sqlx::{FromRow, Row as _};
use utoipa::ToSchema;

use crate::consistency::position_params::MinPositionParams;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::routes::access_list::{AccessList, AccessListParams, AccessListRequest, standing};

/// A page of join requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinRequests)]
pub struct JoinRequestsPage {
    /// The requests, oldest first.
    pub requests: Vec<JoinRequestView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A join request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingJoinRequest)]
pub struct JoinRequestView {
    /// The user who asks to join.
    pub user: String,
    /// What the user wrote with it.
    #[schema(required = true)]
    pub note: Option<String>,
    /// When the user asked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The sort key.
    #[serde(skip)]
    position: i64,
}

impl FromRow<'_, PgRow> for JoinRequestView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: row.try_get("name")?,
            note: row.try_get("note")?,
            at: row.try_get::<OffsetDateTime, _>("at")?.into(),
            position: row.try_get("position")?,
        })
    }
}

const LIST: AccessList = AccessList {
    statement: concat!(
        standing!(),
        "LEFT JOIN LATERAL (
            SELECT who.name, x.note, x.at, x.position
            FROM read.join_requests x JOIN read.users who ON who.id = x.user_id
            WHERE x.conversation = c.id AND x.position > $3 ORDER BY x.position LIMIT $4) p ON true
        ORDER BY p.position"
    ),
    name: "join_requests",
    is_for_moderators: false,
};

/// Returns the pending join requests of a group, for its owner and admins.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/join-requests", operation_id = "list_join_requests", tag = "conversations",
    params(("id" = String, Path, description = "The group.", example = "lunch"), AccessListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of join requests.", body = JoinRequestsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_join_requests(request: AccessListRequest) -> Result<Response, EndpointError> {
    let page = |requests, next| JoinRequestsPage { requests, next };
    LIST.respond(request, |item: &JoinRequestView| item.position, page)
        .await
}
