//! `PUT` and `DELETE /v1/moderation/users/{user}/restriction`.

use axum::extract::State;
use domain::ids::{SanctionReason, UserId};
use domain::profile::command::{LiftRestriction, ProfileCommand, RestrictUser};
use domain::profile::event::RestrictionKind;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use http_edge::{Json, Moderator, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::ProfileHandler;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The kind of a restriction, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum RestrictionKindSchema {
    Silenced,
    Banned,
}

/// What a user may not do anywhere, how long, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RestrictionRequest {
    /// `silenced`: the user can read but not write. `banned`: every call is refused.
    #[schema(value_type = RestrictionKindSchema)]
    kind: RestrictionKind,
    /// When it ends by itself; never, if omitted or null.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Why, in 1 to 500 characters. Only moderators and administrators see it.
    #[schema(max_length = 500)]
    reason: String,
}

impl RestrictionRequest {
    fn parse(&self, by: UserId, now: Timestamp) -> Result<RestrictUser, Refusal> {
        let until = self.until.as_deref();
        let until = until.map(|text| params::parse_time("until", text));
        let reason = SanctionReason::parse(&self.reason)
            .map_err(|invalid| Refusal::invalid("reason", invalid.0))?;
        Ok(RestrictUser {
            kind: self.kind,
            until: until.transpose()?,
            reason: Some(reason.into()),
            by,
            now,
        })
    }
}

/// Restrict a user everywhere
///
/// A `silenced` user can read; whatever writes gets 403 `silenced`. Every call of a `banned` user
/// gets 403 `banned`, and their live connections close with 4403; every process follows within a
/// second. Both have `until` if the restriction ends by itself. A restriction replaces an earlier
/// one. Tokens with the scope `admin` are not subject to a ban.
#[utoipa::path(
    put,
    path = "/v1/moderation/users/{user}/restriction",
    operation_id = "restrict_user",
    tag = "moderation",
    params(
        ("user" = String, Path, description = "The user", example = "dave"),
        IdempotencyParams,
    ),
    request_body(content = RestrictionRequest, example = json!({
        "kind": "silenced", "until": "2099-01-01T00:00:00Z", "reason": "spam"
    })),
    responses(
        (status = 200, description = "The user is restricted", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn restrict_user(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    Path(user): Path<String>,
    Json(request): Json<RestrictionRequest>,
) -> Result<CommandResponse, CommandError> {
    let target = params::parse_user(&user)?;
    let moderator = requester.user.clone();
    let mut meta = requester.into_meta(CommandKind::Restrict, target, &[&user], &request)?;
    meta.actor = Some(moderator.clone());
    let command = ProfileCommand::Restrict(request.parse(moderator, state.now())?);
    execute(&state, &ProfileHandler::new(meta, command)).await
}

/// Lift the restriction of a user
#[utoipa::path(
    delete,
    path = "/v1/moderation/users/{user}/restriction",
    operation_id = "lift_restriction",
    tag = "moderation",
    params(
        ("user" = String, Path, description = "The user", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not restricted", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn lift_restriction(
    State(state): State<CommandState>,
    _: Moderator,
    requester: Requester,
    Path(user): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let target = params::parse_user(&user)?;
    let moderator = requester.user.clone();
    let mut meta = requester.into_meta(CommandKind::LiftRestriction, target, &[&user], &())?;
    meta.actor = Some(moderator.clone());
    let lift = LiftRestriction {
        by: moderator,
        now: state.now(),
    };
    let command = ProfileCommand::LiftRestriction(lift);
    execute(&state, &ProfileHandler::new(meta, command)).await
}
