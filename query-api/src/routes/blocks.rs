//! `GET /v1/blocks`: the users whose direct messages the caller has blocked.

use axum::extract::State;
use axum::response::Response;
use http_edge::Caller;
use serde::Serialize;
use utoipa::ToSchema;

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::CallerProblems;
use crate::error::EndpointError;

/// The users that the caller has blocked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Blocks {
    /// The users, ordered by name. A mailbox holds a limited number of blocks, so there are no
    /// pages.
    pub users: Vec<String>,
}

/// Returns the users that the caller has blocked.
#[utoipa::path(
    get, path = "/v1/blocks", operation_id = "list_blocks", tag = "users",
    params(MinPositionParams),
    responses(
        (status = 200, description = "All blocked users.", body = Blocks,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_blocks(
    State(state): State<ReadState>,
    caller: Caller,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let rows: Vec<(i64, Option<String>)> = sqlx::query_as(
        "SELECT k.position, b.name
         FROM read.checkpoint k LEFT JOIN (
             SELECT who.name
             FROM read.users me
             JOIN read.blocks x ON x.user_id = me.id
             JOIN read.users who ON who.id = x.blocked
             WHERE me.name = $1
         ) b ON true
         ORDER BY b.name COLLATE \"C\"",
    )
    .bind(&caller.user)
    .fetch_all(&state.pool)
    .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.0;
    let users = rows.into_iter().filter_map(|(_, name)| name).collect();
    guard.respond(position, &Blocks { users })
}
