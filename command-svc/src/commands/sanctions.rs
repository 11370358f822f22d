//! `PUT` and `DELETE /v1/conversations/{id}/silences/{user}` and `.../bans/{user}`.

use axum::extract::State;
use domain::conversation::access_command::{
    AccessCommand, LiftSanction, SanctionKind, SanctionUser,
};
use domain::ids::SanctionReason;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use http_edge::{Caller, OptionalJson, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{execute_access, respond_position};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// How long, and why.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct SanctionRequest {
    /// When it ends by itself; never, if omitted or null.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Why, at most 500 characters. The owner, admins and moderators see it, and a silenced member
    /// sees it of their own silence.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// The parsed request.
struct SanctionTerms {
    until: Option<Timestamp>,
    reason: Option<SanctionReason>,
}

impl SanctionRequest {
    fn parse(&self) -> Result<SanctionTerms, Refusal> {
        let until = self.until.as_deref();
        let until = until.map(|text| params::parse_time("until", text));
        let reason = self.reason.as_deref().map(SanctionReason::parse);
        Ok(SanctionTerms {
            until: until.transpose()?,
            reason: reason
                .transpose()
                .map_err(|invalid| Refusal::invalid("reason", invalid.0))?,
        })
    }
}

async fn execute_sanction(
    state: &CommandState,
    (requester, caller): (Requester, Caller),
    (id, user): (String, String),
    kind: SanctionKind,
    request: SanctionRequest,
) -> Result<CommandResponse, CommandError> {
    let command = match kind {
        SanctionKind::Silence => CommandKind::Silence,
        SanctionKind::Ban => CommandKind::Ban,
    };
    let conversation = params::parse_conversation(&id)?;
    let by = requester.user.clone();
    let by_moderator = caller.is_moderator();
    let mut meta = requester.into_meta(command, conversation, &[&id, &user], &request)?;
    if by_moderator {
        meta.actor = Some(by.clone());
    }
    let user = params::parse_user(&user)?;
    let terms = request.parse();
    let respond = respond_position;
    execute_access(state, meta, by_moderator, terms, respond, |terms, now| {
        AccessCommand::Sanction(SanctionUser {
            kind,
            user: user.clone(),
            until: terms.and_then(|terms| terms.until),
            reason: terms.and_then(|terms| terms.reason.clone()),
            by: by.clone(),
            by_moderator,
            now,
        })
    })
    .await
}

async fn execute_lift(
    state: &CommandState,
    (requester, caller): (Requester, Caller),
    (id, user): (String, String),
    kind: SanctionKind,
) -> Result<CommandResponse, CommandError> {
    let command = match kind {
        SanctionKind::Silence => CommandKind::Unsilence,
        SanctionKind::Ban => CommandKind::Unban,
    };
    let conversation = params::parse_conversation(&id)?;
    let by = requester.user.clone();
    let by_moderator = caller.is_moderator();
    let mut meta = requester.into_meta(command, conversation, &[&id, &user], &())?;
    if by_moderator {
        meta.actor = Some(by.clone());
    }
    let user = params::parse_user(&user)?;
    let respond = respond_position;
    execute_access(state, meta, by_moderator, Ok(()), respond, |_, now| {
        AccessCommand::Lift(LiftSanction {
            kind,
            user: user.clone(),
            by: by.clone(),
            by_moderator,
            now,
        })
    })
    .await
}

/// Silence a user
///
/// The user can read, but not write: sending, editing, recalling and reacting get 403 `silenced`.
/// Requires the role owner or admin, or a moderator, who need not be a member. Admins cannot
/// silence each other or the owner.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/silences/{user}",
    operation_id = "silence_user",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("user" = String, Path, description = "The user", example = "bob"),
        IdempotencyParams,
    ),
    request_body(content = SanctionRequest,
        example = json!({"until": "2099-01-01T00:00:00Z", "reason": "spam"})),
    responses(
        (status = 200, description = "The user is silenced", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn silence_user(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(path): Path<(String, String)>,
    OptionalJson(request): OptionalJson<SanctionRequest>,
) -> Result<CommandResponse, CommandError> {
    let caller = (requester, caller);
    execute_sanction(&state, caller, path, SanctionKind::Silence, request).await
}

/// Lift a silence
///
/// Requires what silencing the user requires.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/silences/{user}",
    operation_id = "unsilence_user",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("user" = String, Path, description = "The user", example = "bob"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not silenced", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unsilence_user(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_lift(&state, (requester, caller), path, SanctionKind::Silence).await
}

/// Ban a user from a group
///
/// Removes the user, who cannot join, be added or use a link until the ban is lifted or ends.
/// Requires the role owner or admin, or a moderator, who need not be a member. Admins cannot ban
/// each other or the owner.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/bans/{user}",
    operation_id = "ban_user",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("user" = String, Path, description = "The user", example = "dave"),
        IdempotencyParams,
    ),
    request_body(content = SanctionRequest, example = json!({"reason": "spam"})),
    responses(
        (status = 200, description = "The user is banned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn ban_user(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(path): Path<(String, String)>,
    OptionalJson(request): OptionalJson<SanctionRequest>,
) -> Result<CommandResponse, CommandError> {
    let caller = (requester, caller);
    execute_sanction(&state, caller, path, SanctionKind::Ban, request).await
}

/// Lift a ban
///
/// The user does not become a member again, but can. Requires what banning the user requires.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/bans/{user}",
    operation_id = "unban_user",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("user" = String, Path, description = "The user", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not banned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unban_user(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_lift(&state, (requester, caller), path, SanctionKind::Ban).await
}
