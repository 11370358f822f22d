//! `POST /v1/conversations/{id}/messages/{seq}/restore`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RestoreMessage};
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

/// The handler that restores a recalled message.
pub(crate) struct RestoreHandler {
    meta: CommandMeta<Conversation>,
    seq: i64,
}

impl MessageCommand for RestoreHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for RestoreHandler {
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
        let restore = RestoreMessage {
            seq,
            by: caller.clone(),
            message: message_lookup::load_unless_recent(locked, caller, seq, cleared).await?,
        };
        let command = ConversationCommand::Restore(restore);
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

/// Restore a recalled message
///
/// The owner and admins of a group can restore a recalled message as it was: its body, mentions and
/// reactions. It counts as unread again for members who have not read that far, and search finds
/// it again. An erased message cannot be restored (`422 erased`). In a direct conversation nobody
/// can restore.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{seq}/restore",
    operation_id = "restore_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is not recalled", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn restore_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, seq)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::Restore, conversation, &[&id, &seq], &())?;
    let seq = params::parse_seq(&seq)?;
    execute(&state, &RestoreHandler { meta, seq }).await
}
