//! `GET /v1/conversations/{id}/invitations`: who is invited and has not answered.

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

/// A page of the invitations of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingInvitations)]
pub struct PendingInvitationsPage {
    /// The invitations, oldest first.
    pub invitations: Vec<PendingInvitationView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// An invitation that has not been answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingInvitation)]
pub struct PendingInvitationView {
    /// The user who is invited.
    pub user: String,
    /// The user who invited them.
    pub by: String,
    /// The time of the invitation.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The sort key.
    #[serde(skip)]
    position: i64,
}

impl FromRow<'_, PgRow> for PendingInvitationView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: row.try_get("name")?,
            by: row.try_get("inviter")?,
            at: row.try_get::<OffsetDateTime, _>("at")?.into(),
            position: row.try_get("position")?,
        })
    }
}

const LIST: AccessList = AccessList {
    statement: concat!(
        standing!(),
        "LEFT JOIN LATERAL (
            SELECT who.name, inviter.name AS inviter, i.at, i.position
            FROM read.invitations i JOIN read.users who ON who.id = i.user_id
            JOIN read.users inviter ON inviter.id = i.by
            WHERE i.conversation = c.id AND i.position > $3 ORDER BY i.position LIMIT $4) p ON true
        ORDER BY p.position"
    ),
    name: "pending_invitations",
    is_for_moderators: false,
};

/// Returns the invitations of a group that have not been answered, for those who may invite: its
/// owner and admins. Whether a user who is invited blocks the inviter does not show.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/invitations", operation_id = "list_pending_invitations", tag = "conversations",
    params(("id" = String, Path, description = "The group.", example = "lunch"), AccessListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of invitations.", body = PendingInvitationsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_pending_invitations(
    request: AccessListRequest,
) -> Result<Response, EndpointError> {
    let page = |invitations, next| PendingInvitationsPage { invitations, next };
    LIST.respond(request, |item: &PendingInvitationView| item.position, page)
        .await
}
