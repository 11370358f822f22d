//! `PUT` and `DELETE /v1/conversations/{id}/messages/{seq}/reactions/{key}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, UpdateReaction};
use domain::conversation::event::ConversationEvent;
use domain::ids::ReactionKey;
use event_log::LockedAggregate;
use http_edge::Path;

use super::message_lookup::{self, ClearedMessage, MessageCommand};
use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler that adds or removes a reaction.
pub(crate) struct ReactHandler {
    meta: CommandMeta<Conversation>,
    seq: i64,
    key: ReactionKey,
    action: ReactionAction,
}

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

impl ReactHandler {
    pub(crate) fn parse(
        meta: CommandMeta<Conversation>,
        seq: i64,
        key: &str,
        action: ReactionAction,
    ) -> Result<Self, Box<RejectedRequest>> {
        let key = match action {
            ReactionAction::Add => params::parse_new_reaction(key),
            ReactionAction::Remove => params::parse_reaction(key),
        };
        let (meta, key) = RejectedRequest::check(meta, key)?;
        Ok(Self {
            meta,
            seq,
            key,
            action,
        })
    }
}

impl MessageCommand for ReactHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for ReactHandler {
    type Target = Conversation;
    type Lookups = ClearedMessage;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        cleared: ClearedMessage,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let react = UpdateReaction {
            seq: self.seq,
            key: self.key.clone(),
            by: self.meta.caller.clone(),
            now: state.now(),
            message: message_lookup::load_unless_recent(
                locked,
                &self.meta.caller,
                self.seq,
                cleared,
            )
            .await?,
        };
        let command = match self.action {
            ReactionAction::Add => ConversationCommand::React(react),
            ReactionAction::Remove => ConversationCommand::Unreact(react),
        };
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

async fn execute_reaction(
    state: &CommandState,
    requester: Requester,
    (id, seq, key): (String, String, String),
    action: ReactionAction,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let path = [id.as_str(), &seq, &key];
    let meta = requester.into_meta(action.command_kind(), conversation, &path, &())?;
    let seq = params::parse_seq(&seq)?;
    execute_parsed(state, ReactHandler::parse(meta, seq, &key, action)).await
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
