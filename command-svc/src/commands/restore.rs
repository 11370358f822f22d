//! `POST /v1/conversations/{id}/messages/{seq}/restore`.

use axum::extract::State;
use http_edge::Path;

use super::message_action::{MessageAction, execute_action};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Restore a recalled message
///
/// The owner and admins of a group can restore a recalled message as it was: its body, mentions and
/// reactions. It counts as unread again for members who have not read that far, and search finds
/// it again. An erased message cannot be restored (`422 erased`). In a direct conversation nobody
/// can restore.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{seq}/restore",
    operation_id = "restore_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is not recalled", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn restore_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let (kind, action) = (CommandKind::Restore, MessageAction::Restore);
    execute_action(&state, requester, path, kind, action).await
}
