//! `DELETE /v1/conversations/{id}/members/{user}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RemoveMember};
use domain::conversation::event::ConversationEvent;
use domain::ids::ConversationId;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::Path;

use super::membership;
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

/// The handler that removes a member.
pub(crate) struct RemoveMemberOrder {
    conversation: ConversationId,
    remove: RemoveMember,
    keyed: Option<Keyed>,
}

impl Order for RemoveMemberOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        Op::RemoveMember
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
        let command = ConversationCommand::RemoveMember(self.remove.clone());
        Ok(Decision::plain(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.remove.by).await
    }
}

/// Remove a member from a group, or leave it
///
/// Any member can leave. The owner and admins can remove other members, but admins cannot remove
/// the owner. If the owner leaves, the longest-serving admin becomes owner, or else the
/// longest-serving member.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/members/{user}",
    operation_id = "remove_member",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation"),
        ("user" = String, Path, description = "The user to remove; the caller, to leave"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    responses(
        (status = 200, description = "The user is not a member", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn remove_member(
    State(state): State<CommandState>,
    Asker { user: by, key }: Asker,
    Path((id, user)): Path<(String, String)>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&by, key.as_ref(), Op::RemoveMember, &[&id, &user], &())?;
    let remove = RemoveMember {
        user: parts::user(&user)?,
        by,
    };
    execute(
        &state,
        &RemoveMemberOrder {
            conversation,
            remove,
            keyed: idempotency,
        },
    )
    .await
}
