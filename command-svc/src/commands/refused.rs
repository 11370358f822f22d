//! A request that its parser rejected. Before the caller receives the refusal, access and
//! idempotency key are checked as for any other request: a caller who is not a member gets 404, and
//! a known key gets the first response or 409.

use domain::conversation::Conversation;
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::{LogError, LockedAggregate, Observation, Receipt};

use super::membership;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::order::{Decision, Order, Stop};
use crate::state::CommandState;

/// A rejected request, executed to check access and key before it returns its refusal.
pub(crate) struct RefusedOrder {
    pub(crate) op: Op,
    pub(crate) conversation: ConversationId,
    pub(crate) caller: UserId,
    pub(crate) keyed: Option<Keyed>,
    pub(crate) refusal: Refusal,
}

impl Order for RefusedOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        self.op
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
        _: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, Stop> {
        if locked.state().is_member(&self.caller) {
            Err(self.refusal.clone().into())
        } else {
            Err(Refusal::not_found().into())
        }
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.caller).await
    }
}
