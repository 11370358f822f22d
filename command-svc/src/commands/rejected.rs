//! A request that its parser rejected. Before the caller receives the refusal, access and
//! idempotency key are checked as for any other request: a caller who is not a member gets 404, and
//! a known key gets the first response or 409.

use domain::conversation::Conversation;
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError, Observation, Receipt};

use super::membership;
use crate::handler::{AttemptError, CommandHandler, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// A rejected request, executed to check access and key before it returns its refusal.
pub(crate) struct RejectedRequest {
    pub(crate) command_kind: CommandKind,
    pub(crate) conversation: ConversationId,
    pub(crate) caller: UserId,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) refusal: Refusal,
}

impl CommandHandler for RejectedRequest {
    type Target = Conversation;
    type Lookups = ();

    fn command_kind(&self) -> CommandKind {
        self.command_kind
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
        _: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
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
