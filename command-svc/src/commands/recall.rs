//! `DELETE /v1/conversations/{id}/messages/{seq}`.

use axum::extract::State;
use http_edge::Path;

use super::message_action::{MessageAction, execute_action};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Recall a message for all members
///
/// The author can recall a message within 24 hours, the owner and admins at any time. The message
/// keeps its seq; its body becomes null.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/messages/{seq}",
    operation_id = "recall_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is recalled", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn recall_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let (kind, action) = (CommandKind::Recall, MessageAction::Recall);
    execute_action(&state, requester, path, kind, action).await
}
