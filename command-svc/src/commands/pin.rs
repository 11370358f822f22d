//! `PUT` and `DELETE /v1/conversations/{id}/pins/{seq}`.

use axum::extract::State;
use http_edge::Path;

use super::message_action::{MessageAction, execute_action};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Pin a message
///
/// Any member of a direct conversation can pin, and the owner and admins of a group; at most 100
/// messages. A message that is recalled or erased is unpinned.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/pins/{seq}",
    operation_id = "pin_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is pinned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn pin_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let (kind, action) = (CommandKind::Pin, MessageAction::Pin);
    execute_action(&state, requester, path, kind, action).await
}

/// Unpin a message
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/pins/{seq}",
    operation_id = "unpin_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is not pinned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unpin_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let (kind, action) = (CommandKind::Unpin, MessageAction::Unpin);
    execute_action(&state, requester, path, kind, action).await
}
