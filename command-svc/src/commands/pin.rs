//! `PUT` and `DELETE /v1/conversations/{id}/pins/{seq}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, UpdatePin};
use domain::conversation::event::ConversationEvent;
use event_log::LockedAggregate;
use http_edge::Path;

use super::message_lookup::{self, ClearedMessage, MessageCommand};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler that pins or unpins a message.
pub(crate) struct PinHandler {
    meta: CommandMeta<Conversation>,
    seq: i64,
    action: PinAction,
}

/// Pin or unpin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PinAction {
    Pin,
    Unpin,
}

impl PinAction {
    fn command_kind(self) -> CommandKind {
        match self {
            Self::Pin => CommandKind::Pin,
            Self::Unpin => CommandKind::Unpin,
        }
    }
}

impl MessageCommand for PinHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for PinHandler {
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
        let (seq, caller) = (self.seq, &self.meta.caller);
        let pin = UpdatePin {
            seq,
            by: caller.clone(),
            message: message_lookup::load_unless_recent(locked, caller, seq, cleared).await?,
        };
        let command = match self.action {
            PinAction::Pin => ConversationCommand::Pin(pin),
            PinAction::Unpin => ConversationCommand::Unpin(pin),
        };
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

async fn execute_pin(
    state: &CommandState,
    requester: Requester,
    (id, seq): (String, String),
    action: PinAction,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(action.command_kind(), conversation, &[&id, &seq], &())?;
    let seq = params::parse_seq(&seq)?;
    execute(state, &PinHandler { meta, seq, action }).await
}

/// Pin a message
///
/// Any member of a direct conversation can pin, and the owner and admins of a group; at most 100
/// messages. A message that is recalled or erased is unpinned.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/pins/{seq}",
    operation_id = "pin_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is pinned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn pin_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_pin(&state, requester, path, PinAction::Pin).await
}

/// Unpin a message
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/pins/{seq}",
    operation_id = "unpin_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is not pinned", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unpin_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    execute_pin(&state, requester, path, PinAction::Unpin).await
}
