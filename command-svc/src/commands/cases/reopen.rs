//! `POST /v1/moderation/cases/{id}/reopen`.

use axum::extract::State;
use domain::case::Case;
use domain::case::command::CaseCommand;
use http_edge::{Caller, Path};

use super::act;
use super::decider::{DecidedCase, find_case};
use super::handler::CaseHandler;
use super::resolve::is_repeated;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Reopen a case
///
/// Undoes what was done: restores the message, lifts the silence or the ban. A banned user does not
/// become a member again, and a message that somebody else recalled, or that was erased, stays as
/// it is. Both acts stay in the log. An open case stays open. Requires what resolving it requires.
#[utoipa::path(
    post,
    path = "/v1/moderation/cases/{id}/reopen",
    operation_id = "reopen_case",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The case",
            example = "case-95864c51a5a0f1dd3de5f401fab71228"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The case is open", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn reopen_case(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let (decider, case) = find_case(&state, &requester, &caller, &id).await?;
    let mut meta: CommandMeta<Case> =
        requester.into_meta(CommandKind::ReopenCase, case.id.clone(), &[&id], &())?;
    meta.actor = decider.actor();
    if !is_repeated(&state, &meta).await? {
        let cases = state.log().cases();
        let known = cases.peek(case.id.as_str(), |case| {
            let resolution = case.resolution().cloned();
            case.check_reopening().map(|_| resolution)
        });
        let (resolution, _) = known.await?;
        if let Some(resolution) = resolution? {
            let case = DecidedCase {
                accused: resolution.user.or(case.accused),
                ..case
            };
            act::undo(&state, &decider, &case, resolution.action, &resolution.by).await?;
        }
    }
    let command = CaseCommand::Reopen(decider.user);
    execute(&state, &CaseHandler { meta, command }).await
}
