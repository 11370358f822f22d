//! `PUT` and `DELETE /v1/conversations/{id}/messages/{seq}/reactions/{key}`.

use axum::extract::State;
use domain::conversation::Conversation;
use http_edge::Path;

use super::message_action::{MessageAction, MessageHandler};
use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Add or remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReactionAction {
    Add,
    Remove,
}

impl ReactionAction {
    pub(crate) fn command_kind(self) -> CommandKind {
        match self {
            Self::Add => CommandKind::React,
            Self::Remove => CommandKind::Unreact,
        }
    }
}

/// The handler that adds or removes this reaction.
pub(crate) fn parse_handler(
    meta: CommandMeta<Conversation>,
    seq: i64,
    key: &str,
    change: ReactionAction,
) -> Result<MessageHandler, Box<RejectedRequest>> {
    let action = match change {
        ReactionAction::Add => params::parse_new_reaction(key).map(MessageAction::React),
        ReactionAction::Remove => params::parse_reaction(key).map(MessageAction::Unreact),
    };
    let (meta, action) = RejectedRequest::check(meta, action)?;
    Ok(MessageHandler::new(meta, seq, action))
}

async fn execute_reaction(
    state: &CommandState,
    requester: Requester,
    (id, seq, key): (String, String, String),
    change: ReactionAction,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let path = [id.as_str(), &seq, &key];
    let meta = requester.into_meta(change.command_kind(), conversation, &path, &())?;
    let seq = params::parse_seq(&seq)?;
    execute_parsed(state, parse_handler(meta, seq, &key, change)).await
}

/// React to a message
///
/// A reaction is 1 to 32 characters, such as an emoji, but neither `.` nor `..`, which clients
/// cannot request.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
    operation_id = "add_reaction",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        ("key" = String, Path, description = "The reaction", example = "👍"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The reaction exists", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn add_reaction(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_reaction(&state, requester, path, ReactionAction::Add).await
}

/// Remove a reaction
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
    operation_id = "remove_reaction",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        ("key" = String, Path, description = "The reaction", example = "👍"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The reaction does not exist", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_reaction(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_reaction(&state, requester, path, ReactionAction::Remove).await
}
