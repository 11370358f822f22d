//! `POST /v1/moderation/cases/{id}/resolve`.

use axum::extract::State;
use domain::case::Case;
use domain::case::command::{CaseCommand, ResolveCase};
use domain::case::event::CaseAction;
use domain::refusal::{Refusal, RefusalKind};
use domain::texts::CaseNote;
use domain::time::Timestamp;
use http_edge::{Caller, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act;
use super::decider::{CaseDecider, DecidedCase, find_case};
use super::handler::CaseHandler;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// What to do, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum CaseActionSchema {
    None,
    Recall,
    Silence,
    Ban,
    Release,
    Refuse,
}

/// What a moderator decides.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ResolveRequest {
    /// What to do: `none`; `recall` the message; `silence` or `ban` its sender in the conversation,
    /// or the reported user everywhere; `release` or `refuse` a message that is held.
    #[schema(value_type = CaseActionSchema)]
    action: CaseAction,
    /// When a silence or ban ends by itself; never, if omitted or null.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Why, for other moderators: at most 1,000 characters.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

impl ResolveRequest {
    fn parse(
        &self,
        decider: &CaseDecider,
        case: &DecidedCase,
        now: Timestamp,
    ) -> Result<ResolveCase, Refusal> {
        let until = self.until.as_deref();
        let until = until.map(|text| params::parse_time("until", text));
        let note = self.note.as_deref().map(CaseNote::parse).transpose();
        let user = match self.action {
            CaseAction::Silence | CaseAction::Ban => Some(act::require_accused(case)?),
            _ => None,
        };
        Ok(ResolveCase {
            action: self.action,
            user,
            until: until.transpose()?,
            note: note.map_err(|invalid| Refusal::invalid("note", invalid.0))?,
            by: decider.user.clone(),
            now,
        })
    }
}

/// Whether the key of a command has been used: the command is then only a repetition.
pub(super) async fn is_repeated(
    state: &CommandState,
    meta: &CommandMeta<Case>,
) -> Result<bool, CommandError> {
    match meta.idempotency {
        None => Ok(false),
        Some(idempotency) => Ok(state.log().find_receipt(idempotency.key).await?.is_some()),
    }
}

/// Resolve a case
///
/// Does what `action` says and closes the case. Both are in the log. A case that is closed with the
/// same action stays so; with another one, it answers 409: reopen it first. Requires the scope
/// `moderator` or `admin`, or the role owner or admin in the group of the case, whose rules for
/// silencing and banning apply. The case of a user takes the scope.
#[utoipa::path(
    post,
    path = "/v1/moderation/cases/{id}/resolve",
    operation_id = "resolve_case",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The case",
            example = "case-95864c51a5a0f1dd3de5f401fab71228"),
        IdempotencyParams,
    ),
    request_body(content = ResolveRequest,
        example = json!({"action": "none", "note": "It was a joke."})),
    responses(
        (status = 200, description = "The case is closed", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn resolve_case(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ResolveRequest>,
) -> Result<CommandResponse, CommandError> {
    let (decider, case) = find_case(&state, &requester, &caller, &id).await?;
    let resolve = request.parse(&decider, &case, state.now())?;
    let mut meta: CommandMeta<Case> =
        requester.into_meta(CommandKind::ResolveCase, case.id.clone(), &[&id], &request)?;
    meta.actor = decider.actor();
    if !is_repeated(&state, &meta).await? {
        let cases = state.log().cases();
        let check = cases.peek(case.id.as_str(), |case| case.check_resolution(&resolve));
        let (is_to_do, _) = check.await?;
        if is_to_do? {
            act::perform(&state, &decider, &case, resolve.action, resolve.until).await?;
        }
    }
    let command = CaseCommand::Resolve(resolve.clone());
    let closed = execute(&state, &CaseHandler { meta, command }).await;
    if let Err(CommandError::Rejected(refusal)) = &closed
        && refusal.kind == RefusalKind::Conflict
    {
        give_way(&state, &decider, &case, resolve.action).await?;
    }
    closed
}

/// Another moderator has closed the case with another action meanwhile: undoes this one, so that
/// only what the case says was done.
async fn give_way(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    action: CaseAction,
) -> Result<(), CommandError> {
    let cases = state.log().cases();
    let closed_with = cases.peek(case.id.as_str(), |case| {
        case.resolution().map(|resolution| resolution.action)
    });
    let (closed_with, _) = closed_with.await?;
    if closed_with.is_some_and(|known| known != action) {
        act::undo(state, decider, case, action, &decider.user).await?;
    }
    Ok(())
}
