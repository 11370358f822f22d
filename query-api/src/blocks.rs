//! `GET /v1/blocks`: whose direct messages the caller does not take.

use axum::extract::State;
use axum::response::Response;
use http_edge::Caller;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docs::OwnProblems;
use crate::failed::Unanswered;
use crate::min_position::{MinPosition, MinPositionQuery};
use crate::state::QueryState;

/// Whom the caller has blocked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Blocks {
    /// By name. A mailbox holds a bounded number of them, so there are no pages.
    pub users: Vec<String>,
}

/// Whom the caller has blocked.
#[utoipa::path(
    get, path = "/v1/blocks", operation_id = "list_blocks", tag = "inbox",
    params(MinPositionQuery),
    responses(
        (status = 200, description = "All of them.", body = Blocks,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        OwnProblems,
    ),
)]
pub async fn blocks(
    State(state): State<QueryState>,
    caller: Caller,
    min_position: MinPosition,
) -> Result<Response, Unanswered> {
    let fresh = min_position.reached().await?;
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
    let position = rows.first().map_or(0, |row| row.0);
    let users = rows.into_iter().filter_map(|(_, name)| name).collect();
    fresh.answer(position, &Blocks { users })
}
