//! `POST /v1/conversations/{id}/join`, and `PUT` and `DELETE
//! /v1/conversations/{id}/join-requests/{user}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::access_command::{AccessCommand, JoinConversation, JoinDecision};
use domain::conversation::event::ConversationEvent;
use domain::ids::JoinNote;
use domain::refusal::Refusal;
use event_log::LogError;
use http::StatusCode;
use http_edge::{OptionalJson, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{execute_access, respond_position};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::state::CommandState;

/// What the caller writes with a join request.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct JoinRequest {
    /// A note to the owner and admins, at most 300 characters. Groups that are open ignore it.
    #[schema(max_length = 300)]
    note: Option<String>,
}

/// Whether the caller has joined, or has asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JoinState)]
pub(crate) enum JoinOutcome {
    Joined,
    Asked,
}

/// The outcome of joining.
#[derive(Serialize, ToSchema)]
#[schema(as = Joining)]
pub(crate) struct JoinResponse {
    state: JoinOutcome,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

fn respond_join(
    meta: &CommandMeta<Conversation>,
    conversation: &Conversation,
    events: Vec<ConversationEvent>,
) -> Result<Decision<ConversationEvent>, LogError> {
    let is_added = matches!(events.last(), Some(ConversationEvent::MemberAdded(_)));
    let (status, state) = if is_added || conversation.is_member(&meta.caller) {
        (StatusCode::OK, JoinOutcome::Joined)
    } else {
        (StatusCode::ACCEPTED, JoinOutcome::Asked)
    };
    let response = JoinResponse {
        state,
        position: PositionPlaceholder,
    };
    Ok(Decision {
        events,
        status,
        body: ResponseBody::serialize(&response)?,
    })
}

/// Join a group, or ask to join it
///
/// Anyone who has the id joins a group whose policy is `join: open`, and can ask to join one with
/// `join: asked`. Any other group does not exist for users who are not members.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/join",
    operation_id = "join_conversation",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = JoinRequest, example = json!({"note": "I work next door."})),
    responses(
        (status = 200, description = "The caller is a member", body = JoinResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        (status = 202, description = "The owner or an admin decides", body = JoinResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn join_conversation(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    OptionalJson(request): OptionalJson<JoinRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let user = requester.user.clone();
    let meta = requester.into_meta(CommandKind::Join, conversation, &[&id], &request)?;
    let note = request.note.as_deref().map(JoinNote::parse).transpose();
    let note = note.map_err(|invalid| Refusal::invalid("note", invalid.0));
    execute_access(&state, meta, true, note, respond_join, |note, now| {
        AccessCommand::Join(JoinConversation {
            user: user.clone(),
            note: note.cloned().flatten(),
            now,
        })
    })
    .await
}

/// Admit a user who has asked to join
///
/// Requires the role owner or admin.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/join-requests/{user}",
    operation_id = "admit_user",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("user" = String, Path, description = "The user who has asked", example = "bob"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is a member", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn admit_user(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_decision(
        &state,
        requester,
        path,
        CommandKind::AdmitMember,
        AccessCommand::Admit,
    )
    .await
}

/// Decline a join request, or withdraw one's own
///
/// Requires the role owner or admin, except for the user who has asked.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/join-requests/{user}",
    operation_id = "decline_user",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("user" = String, Path, description = "The user who has asked", example = "bob"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no such request", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn decline_user(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_decision(
        &state,
        requester,
        path,
        CommandKind::DeclineMember,
        AccessCommand::Decline,
    )
    .await
}

async fn execute_decision(
    state: &CommandState,
    requester: Requester,
    (id, user): (String, String),
    kind: CommandKind,
    command: fn(JoinDecision) -> AccessCommand,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let by = requester.user.clone();
    let meta = requester.into_meta(kind, conversation, &[&id, &user], &())?;
    let user = params::parse_user(&user)?;
    let is_own = user == by;
    execute_access(state, meta, is_own, Ok(()), respond_position, |_, now| {
        command(JoinDecision {
            user: user.clone(),
            by: by.clone(),
            now,
        })
    })
    .await
}
