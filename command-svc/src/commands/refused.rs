//! A request that was refused while it was parsed. Before it is told so, its caller's access and
//! its key are looked at, as for any other: a stranger gets 404, and a known key the first answer
//! or 409.

use domain::conversation::Conversation;
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::{Failed, Locked, Observed, Receipt};

use super::membership;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::order::{Decision, Order, Stop};
use crate::state::CommandState;

/// See the module.
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

    async fn look_up(&self, _: &CommandState, _: &mut Vec<Observed>) -> Result<(), Stop> {
        Ok(())
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &Locked<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, Stop> {
        if locked.state().is_member(&self.caller) {
            Err(self.refusal.clone().into())
        } else {
            Err(Refusal::not_found().into())
        }
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, Failed> {
        membership::is_member(state, &self.conversation, &self.caller).await
    }
}
