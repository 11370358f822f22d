//! `DELETE /v1/conversations/{id}/messages/{seq}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RecallMessage};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::Path;

use super::{membership, old_message};
use crate::answer::{Answered, Positioned};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
use crate::state::CommandState;

/// The handler that recalls a message.
pub(crate) struct RecallOrder {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    pub(crate) by: UserId,
    pub(crate) keyed: Option<Keyed>,
}

impl Order for RecallOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        Op::Recall
    }

    fn id(&self) -> &str {
        self.conversation.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(&self, _: &CommandState, _: &mut Vec<Observation>) -> Result<(), Stop> {
        Ok(())
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, Stop> {
        let recall = RecallMessage {
            seq: self.seq,
            by: self.by.clone(),
            now: state.now(),
            message: old_message::look_up(locked, &self.by, self.seq).await?,
        };
        let command = ConversationCommand::Recall(recall);
        Ok(Decision::plain(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.by).await
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
        ("id" = String, Path, description = "The conversation"),
        ("seq" = i64, Path, minimum = 1, description = "The message"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    responses(
        (status = 200, description = "The message is recalled", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn recall_message(
    State(state): State<CommandState>,
    Asker { user: by, key }: Asker,
    Path((id, seq)): Path<(String, String)>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&by, key.as_ref(), Op::Recall, &[&id, &seq], &())?;
    let seq = parts::seq(&seq)?;
    execute(
        &state,
        &RecallOrder {
            conversation,
            seq,
            by,
            keyed: idempotency,
        },
    )
    .await
}
