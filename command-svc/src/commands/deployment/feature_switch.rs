//! `PUT /v1/admin/switches/{name}`.

use axum::extract::State;
use domain::deployment::command::{DeploymentCommand, SwitchFeature};
use domain::deployment::feature::Feature;
use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use http_edge::{Admin, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handler::execute_deployment;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Whether a feature is on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SwitchRequest {
    /// Whether the feature is on.
    on: bool,
    /// Why, in 1 to 500 characters; required to switch a feature off.
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// When a feature that is switched off is on again by itself: an RFC 3339 time in the future.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
}

impl SwitchRequest {
    fn parse(
        &self,
        feature: Feature,
        by: UserId,
        now: Timestamp,
    ) -> Result<DeploymentCommand, Refusal> {
        let until = match &self.until {
            None => None,
            Some(text) => Some(Timestamp::parse(text).ok_or_else(|| {
                Refusal::invalid("until", format!("Expected {}.", Timestamp::FORMAT))
            })?),
        };
        Ok(DeploymentCommand::SwitchFeature(SwitchFeature {
            feature,
            on: self.on,
            reason: self.reason.clone(),
            until,
            by,
            now,
        }))
    }
}

/// Switch a feature off or on
///
/// Every process follows within a second. The commands and queries of a feature that is off answer
/// 503 `switched_off` with `Retry-After`, and its live frames stop; everything else continues.
/// `receipts` hides who has received and read a message; read marks and acknowledgements continue,
/// because unread counts need them.
#[utoipa::path(
    put,
    path = "/v1/admin/switches/{name}",
    operation_id = "switch_feature",
    tag = "admin",
    params(
        ("name" = String, Path, description = "The feature: `reactions`, `edits`, `receipts`, \
            `typing`, `presence`, `search`, `uploads`, `imports`, `notifications` or `signup`",
            example = "typing"),
        IdempotencyParams,
    ),
    request_body(content = SwitchRequest, example = json!({"on": true})),
    responses(
        (status = 200, description = "Switched, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn switch_feature(
    State(state): State<CommandState>,
    _: Admin,
    requester: Requester,
    Path(name): Path<String>,
    Json(request): Json<SwitchRequest>,
) -> Result<CommandResponse, CommandError> {
    let feature = Feature::parse(&name).ok_or_else(Refusal::not_found)?;
    let command = request.parse(feature, requester.user.clone(), state.now());
    let kind = CommandKind::SwitchFeature;
    execute_deployment(&state, requester, kind, &[&name], &request, command).await
}
