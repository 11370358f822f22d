//! `DELETE /v1/moderation/hook`, and what the composition root needs for `PUT`: only it knows the
//! addresses that may be asked, and keeps secrets.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, SetHook};
use domain::deployment::{DEPLOYMENT_ID, MessageHook};
use event_log::LogError;
use http_edge::{Moderator, Problem};

use super::handler::execute_deployment;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The hook after it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetHookOutcome {
    /// The log position.
    pub position: i64,
    /// Whether a command with the same key has set it before.
    pub is_replay: bool,
    /// The name of the secret that signs the questions: that of the command for a new hook.
    pub secret_id: String,
}

/// Sets the hook on behalf of a moderator, whom the route has checked. Setting it as it is appends
/// nothing.
pub async fn set_hook_for(
    state: &CommandState,
    requester: Requester,
    hook: MessageHook,
) -> Result<SetHookOutcome, Problem> {
    // Each request brings another secret, which is no part of it.
    let request = (
        hook.url.clone(),
        hook.types.clone(),
        hook.timeout_ms,
        hook.on_failure,
    );
    let by = requester.user.clone();
    let command = Ok(DeploymentCommand::SetHook(SetHook { hook, by }));
    let kind = CommandKind::SetHook;
    let response = execute_deployment(state, requester, kind, &[], &request, command).await?;
    let deployments = state.log().deployments();
    let secret_id = deployments.peek(DEPLOYMENT_ID, |deployment| {
        deployment.hook().map(|hook| hook.secret_id.clone())
    });
    let (secret_id, _) = secret_id.await.map_err(CommandError::from)?;
    let removed = || CommandError::from(LogError::Unavailable("the hook was removed".into()));
    Ok(SetHookOutcome {
        position: response.position,
        is_replay: response.replayed,
        secret_id: secret_id.ok_or_else(removed)?,
    })
}

/// Remove the hook
///
/// Messages are sent without a question again. Messages that are held stay held.
#[utoipa::path(
    delete,
    path = "/v1/moderation/hook",
    operation_id = "remove_hook",
    tag = "moderation",
    params(IdempotencyParams),
    responses(
        (status = 200, description = "There is no hook", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_hook(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
) -> Result<CommandResponse, CommandError> {
    let command = Ok(DeploymentCommand::RemoveHook(requester.user.clone()));
    let kind = CommandKind::RemoveHook;
    execute_deployment(&state, requester, kind, &[], &(), command).await
}
