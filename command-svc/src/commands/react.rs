//! `PUT` and `DELETE /v1/conversations/{id}/messages/{seq}/reactions/{key}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, UpdateReaction};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, ReactionKey, UserId};
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::Path;

use super::refused::RefusedOrder;
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

/// The handler that adds or removes a reaction.
pub(crate) struct ReactOrder {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    pub(crate) key: ReactionKey,
    pub(crate) by: UserId,
    pub(crate) keyed: Option<Keyed>,
    pub(crate) what: What,
}

/// Add or remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Give,
    TakeBack,
}

impl What {
    pub(crate) fn op(self) -> Op {
        match self {
            Self::Give => Op::React,
            Self::TakeBack => Op::Unreact,
        }
    }
}

impl Order for ReactOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        self.what.op()
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
        let react = UpdateReaction {
            seq: self.seq,
            key: self.key.clone(),
            by: self.by.clone(),
            message: old_message::look_up(locked, &self.by, self.seq).await?,
        };
        let command = match self.what {
            What::Give => ConversationCommand::React(react),
            What::TakeBack => ConversationCommand::Unreact(react),
        };
        Ok(Decision::plain(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.by).await
    }
}

async fn carry_out(
    state: &CommandState,
    Asker {
        user: by,
        key: client_key,
    }: Asker,
    (id, seq, key): (String, String, String),
    action: What,
) -> Result<Answered, No> {
    let command_kind = action.op();
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(
        &by,
        client_key.as_ref(),
        command_kind,
        &[&id, &seq, &key],
        &(),
    )?;
    let seq = parts::seq(&seq)?;
    match parts::reaction(&key) {
        Ok(key) => {
            execute(
                state,
                &ReactOrder {
                    conversation,
                    seq,
                    key,
                    by,
                    keyed: idempotency,
                    what: action,
                },
            )
            .await
        }
        Err(refusal) => {
            execute(
                state,
                &RefusedOrder {
                    op: command_kind,
                    conversation,
                    caller: by,
                    keyed: idempotency,
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
        (status = 200, description = "The reaction exists", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn add_reaction(
    State(state): State<CommandState>,
    requester: Asker,
    Path(path): Path<(String, String, String)>,
) -> Result<Answered, No> {
    carry_out(&state, requester, path, What::Give).await
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
        (status = 200, description = "The reaction does not exist", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn remove_reaction(
    State(state): State<CommandState>,
    requester: Asker,
    Path(path): Path<(String, String, String)>,
) -> Result<Answered, No> {
    carry_out(&state, requester, path, What::TakeBack).await
}
