//! `PUT` and `DELETE /v1/conversations/{id}/messages/{seq}/reactions/{key}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, UpdateReaction};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, ReactionKey, UserId};
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::Path;

use super::rejected::RejectedRequest;
use super::{membership, message_lookup};
use crate::caller::Requester;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler that adds or removes a reaction.
pub(crate) struct ReactHandler {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    pub(crate) key: ReactionKey,
    pub(crate) by: UserId,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) action: ReactionAction,
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

impl CommandHandler for ReactHandler {
    type Target = Conversation;
    type Lookups = ();

    fn command_kind(&self) -> CommandKind {
        self.action.command_kind()
    }

    fn aggregate_id(&self) -> &str {
        self.conversation.as_str()
    }

    fn idempotency(&self) -> Option<&Idempotency> {
        self.idempotency.as_ref()
    }

    async fn load_lookups(
        &self,
        _: &CommandState,
        _: &mut Vec<Observation>,
    ) -> Result<(), AttemptError> {
        Ok(())
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let react = UpdateReaction {
            seq: self.seq,
            key: self.key.clone(),
            by: self.by.clone(),
            message: message_lookup::load_unless_recent(locked, &self.by, self.seq).await?,
        };
        let command = match self.action {
            ReactionAction::Add => ConversationCommand::React(react),
            ReactionAction::Remove => ConversationCommand::Unreact(react),
        };
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.by).await
    }
}

async fn execute_reaction(
    state: &CommandState,
    Requester {
        user: by,
        key: client_key,
    }: Requester,
    (id, seq, key): (String, String, String),
    action: ReactionAction,
) -> Result<CommandResponse, CommandError> {
    let command_kind = action.command_kind();
    let conversation = params::parse_conversation(&id)?;
    let idempotency = Idempotency::for_command(
        &by,
        client_key.as_ref(),
        command_kind,
        &[&id, &seq, &key],
        &(),
    )?;
    let seq = params::parse_seq(&seq)?;
    match params::parse_reaction(&key) {
        Ok(key) => {
            execute(
                state,
                &ReactHandler {
                    conversation,
                    seq,
                    key,
                    by,
                    idempotency,
                    action,
                },
            )
            .await
        }
        Err(refusal) => {
            execute(
                state,
                &RejectedRequest {
                    command_kind,
                    conversation,
                    caller: by,
                    idempotency,
                    refusal,
                },
            )
            .await
        }
    }
}

/// React to a message
///
/// A reaction is 1 to 32 characters, such as an emoji.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
    operation_id = "add_reaction",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation"),
        ("seq" = i64, Path, minimum = 1, description = "The message"),
        ("key" = String, Path, description = "The reaction"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
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
        ("id" = String, Path, description = "The conversation"),
        ("seq" = i64, Path, minimum = 1, description = "The message"),
        ("key" = String, Path, description = "The reaction"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
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
