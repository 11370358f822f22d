//! `DELETE /v1/conversations/{id}/messages/{seq}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RecallMessage};
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

/// The handler that recalls a message.
pub(crate) struct RecallHandler {
    pub(crate) meta: CommandMeta<Conversation>,
    pub(crate) seq: i64,
}

impl MessageCommand for RecallHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for RecallHandler {
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
        let recall = RecallMessage {
            seq: self.seq,
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
        let command = ConversationCommand::Recall(recall);
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

/// Recall a message for all members
///
/// The author can recall a message within 24 hours, the owner and admins at any time. The message
/// keeps its seq; its body becomes null.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/messages/{seq}",
    operation_id = "recall_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message is recalled", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn recall_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, seq)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::Recall, conversation, &[&id, &seq], &())?;
    let seq = params::parse_seq(&seq)?;
    execute(&state, &RecallHandler { meta, seq }).await
}
