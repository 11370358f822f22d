//! `GET /v1/moderation/hook`: the service that checks messages before they are sent.

use axum::extract::State;
use axum::response::Response;
use domain::body::MessageType;
use domain::deployment::content::HookFailureAction;
use domain::time::Timestamp;
use http_edge::schema::MessageTypeSchema;
use http_edge::{Moderator, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;

/// The hook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageHook)]
pub struct HookView {
    /// Where Tidings asks.
    pub url: String,
    /// The types of messages that are checked; empty for all.
    #[schema(value_type = Vec<MessageTypeSchema>)]
    pub types: Vec<MessageType>,
    /// How long Tidings waits for an answer, in milliseconds.
    pub timeout_ms: u32,
    /// What happens to a message without an answer: `allow`, `hold` or `refuse`.
    #[schema(value_type = String)]
    pub on_failure: HookFailureAction,
    /// Who set it.
    pub by: String,
    /// When it was set.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Returns the hook.
#[utoipa::path(
    get, path = "/v1/moderation/hook", operation_id = "get_hook", tag = "moderation",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The hook.", body = HookView,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn get_hook(
    State(state): State<ReadState>,
    _moderator: Moderator,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["hook_set", "hook_removed"]).await?;
    let active = rules.hook.ok_or_else(Problem::not_found)?;
    let view = HookView {
        url: active.hook.url.clone(),
        types: active.hook.types.clone(),
        timeout_ms: active.hook.timeout_ms,
        on_failure: active.hook.on_failure,
        by: active.by.to_string(),
        at: active.at,
    };
    guard.respond(position, &view)
}
