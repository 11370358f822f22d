//! `GET /v1/invitations`: the groups to which the caller is invited.

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
use crate::error::EndpointError;
use crate::params::PageLimit;
use crate::sql::visibility::caller_id;

/// The number of invitations per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// An invitation to a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// The group.
    pub conversation_id: String,
    /// Its title.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The user who invited the caller.
    pub by: String,
    /// The time of the invitation.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The number of members.
    pub member_count: i64,
    /// The position of the event, which orders the list.
    #[serde(skip)]
    position: i64,
}

/// Some of the caller's invitations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitations)]
pub struct InvitationsPage {
    /// The invitations, newest first.
    pub invitations: Vec<InvitationView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which page of the invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvitationsParams {
    /// The maximum number of invitations.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A row of [`LIST`]. Without an invitation, all columns but the first and the title are null.
#[derive(sqlx::FromRow)]
struct InvitationListRow {
    read_position: i64,
    position: Option<i64>,
    name: Option<String>,
    title: Option<String>,
    inviter: Option<String>,
    at: Option<OffsetDateTime>,
    member_count: Option<i64>,
}

/// Binds the caller, the position before which the page starts, and the number of rows. The title
/// and the number of members are the current ones. While a user is blocked, their invitations are
/// not shown.
const LIST: &str = concat!(
    "SELECT k.position AS read_position, p.* FROM read.checkpoint k LEFT JOIN (
        SELECT i.position, c.name, c.title, u.name AS inviter, i.at, c.member_count
        FROM read.invitations i JOIN read.conversations c ON c.id = i.conversation
        JOIN read.users u ON u.id = i.by
        WHERE i.user_id = ",
    caller_id!(),
    " AND i.position < $2 AND NOT EXISTS (
            SELECT FROM read.blocks b WHERE b.user_id = i.user_id AND b.blocked = i.by)
        ORDER BY i.position DESC LIMIT $3) p ON true
    ORDER BY p.position DESC"
);

/// Returns the groups to which the caller is invited. Invitations of users whom the caller has
/// blocked are left out.
#[utoipa::path(
    get, path = "/v1/invitations", operation_id = "list_invitations", tag = "conversations",
    params(InvitationsParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of invitations.", body = InvitationsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_invitations(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<InvitationsParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let codec = CursorCodec {
        listing: "invitations",
        scope: &[&caller.user],
    };
    let after = codec.parse_key("after", query.after.as_deref())?;
    let [before] = after.unwrap_or([i64::MAX]);
    let guard = min_position.wait().await?;
    let rows: Vec<InvitationListRow> = sqlx::query_as(LIST)
        .bind(&caller.user)
        .bind(before)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.read_position;
    let invitations = rows.into_iter().filter_map(InvitationListRow::into_view);
    let mut invitations: Vec<InvitationView> = invitations.collect();
    let found = invitations.len();
    let next = codec.end_page(&mut invitations, limit, found, |last| [last.position]);
    guard.respond(position, &InvitationsPage { invitations, next })
}

impl InvitationListRow {
    fn into_view(self) -> Option<InvitationView> {
        Some(InvitationView {
            conversation_id: self.name?,
            title: self.title,
            by: self.inviter?,
            at: self.at?.into(),
            member_count: self.member_count?,
            position: self.position?,
        })
    }
}
