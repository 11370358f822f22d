//! `GET /v1/admin/holds`: the legal holds.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Admin, Query};
use serde::Serialize;
use utoipa::ToSchema;

use super::name_page::NamePageParams;
use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;

/// A page of legal holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldPage {
    /// The holds, ordered by name.
    pub holds: Vec<HoldView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub struct HoldView {
    /// The name.
    pub name: String,
    /// The conversation that it covers.
    #[schema(required = true)]
    pub conversation: Option<String>,
    /// The user whose messages it covers; with a conversation, only those there.
    #[schema(required = true)]
    pub user: Option<String>,
    /// Why it was placed.
    pub reason: String,
    /// Who placed it.
    pub by: String,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Returns the legal holds: what neither retention nor a command erases.
#[utoipa::path(
    get, path = "/v1/admin/holds", operation_id = "list_holds", tag = "admin",
    params(NamePageParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of holds.", body = HoldPage,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_holds(
    State(state): State<ReadState>,
    _admin: Admin,
    Query(query): Query<NamePageParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["hold_placed", "hold_lifted"]).await?;
    let (holds, next) = query.cut(&rules.holds)?;
    let holds = holds
        .into_iter()
        .map(|(name, hold)| HoldView {
            name: name.to_string(),
            conversation: hold.conversation.as_ref().map(ToString::to_string),
            user: hold.user.as_ref().map(ToString::to_string),
            reason: hold.reason.clone(),
            by: hold.by.to_string(),
            at: hold.at,
        })
        .collect();
    guard.respond(position, &HoldPage { holds, next })
}
