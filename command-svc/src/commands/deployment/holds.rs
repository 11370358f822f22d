//! `PUT` and `DELETE /v1/admin/holds/{name}`.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, PlaceHold, RemoveRule};
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use http_edge::{Admin, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handler::execute_deployment;
use super::name::{parse_existing, parse_name};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// What a legal hold covers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct HoldRequest {
    /// The messages of this conversation.
    conversation: Option<String>,
    /// The messages that this user has sent; with a conversation, only those there.
    user: Option<String>,
    /// Why, in 1 to 500 characters.
    #[schema(max_length = 500)]
    reason: String,
}

impl HoldRequest {
    fn parse(&self, name: &str, by: UserId) -> Result<DeploymentCommand, Refusal> {
        let conversation = self.conversation.as_deref().map(ConversationId::parse);
        let user = self.user.as_deref().map(UserId::parse);
        Ok(DeploymentCommand::PlaceHold(PlaceHold {
            name: parse_name(name)?,
            conversation: conversation
                .transpose()
                .map_err(|invalid| Refusal::invalid("conversation", invalid.0))?,
            user: user
                .transpose()
                .map_err(|invalid| Refusal::invalid("user", invalid.0))?,
            reason: self.reason.clone(),
            by,
        }))
    }
}

/// Place a legal hold
///
/// Neither retention nor a command erases what the hold covers, until it is lifted: erasures answer
/// 409 `held`. A hold with the same name is replaced. What it covers need not exist yet.
#[utoipa::path(
    put,
    path = "/v1/admin/holds/{name}",
    operation_id = "place_hold",
    tag = "admin",
    params(
        ("name" = String, Path, description = "The hold: 1 to 64 of `A-Z a-z 0-9 _ . -`",
            example = "case-7"),
        IdempotencyParams,
    ),
    request_body(content = HoldRequest,
        example = json!({"conversation": "old-lunch", "reason": "a court has asked for it"})),
    responses(
        (status = 200, description = "Placed, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn place_hold(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(name): Path<String>,
    Json(request): Json<HoldRequest>,
) -> Result<CommandResponse, CommandError> {
    let command = request.parse(&name, requester.user.clone());
    let kind = CommandKind::PlaceHold;
    execute_deployment(&state, requester, kind, &[&name], &request, command).await
}

/// Lift a legal hold
///
/// What it covered can be erased again, and retention erases what has been due meanwhile.
#[utoipa::path(
    delete,
    path = "/v1/admin/holds/{name}",
    operation_id = "lift_hold",
    tag = "admin",
    params(
        ("name" = String, Path, description = "The hold", example = "case-7"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no such hold now", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn lift_hold(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(name): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let lift = RemoveRule {
        name: parse_existing(&name)?,
        by: requester.user.clone(),
    };
    let (kind, command) = (CommandKind::LiftHold, DeploymentCommand::LiftHold(lift));
    execute_deployment(&state, requester, kind, &[&name], &(), Ok(command)).await
}
