//! A request that its parser rejected. Before the caller receives the refusal, access and
//! idempotency key are checked as for any other request: a caller who is not a member gets 404, and
//! a known key gets the first response or 409.

use domain::conversation::Conversation;
use domain::conversation::event::ConversationEvent;
use domain::refusal::Refusal;
use event_log::LockedAggregate;

use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::response::CommandResponse;
use crate::state::CommandState;

/// A rejected request, executed to check access and key before it returns its refusal.
pub(crate) struct RejectedRequest {
    meta: CommandMeta<Conversation>,
    refusal: Refusal,
}

impl RejectedRequest {
    /// Returns what the parser made of a request, or the rejected request.
    pub(crate) fn check<T>(
        meta: CommandMeta<Conversation>,
        parsed: Result<T, Refusal>,
    ) -> Result<(CommandMeta<Conversation>, T), Box<Self>> {
        match parsed {
            Ok(parsed) => Ok((meta, parsed)),
            Err(refusal) => Err(Box::new(Self { meta, refusal })),
        }
    }
}

impl CommandHandler for RejectedRequest {
    type Target = Conversation;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        if locked.state().is_member(&self.meta.caller) {
            Err(self.refusal.clone().into())
        } else {
            Err(Refusal::not_found().into())
        }
    }
}

/// Executes a parsed or a rejected request.
pub(crate) async fn execute_parsed<H: CommandHandler>(
    state: &CommandState,
    parsed: Result<H, Box<RejectedRequest>>,
) -> Result<CommandResponse, CommandError> {
    match parsed {
        Ok(handler) => execute(state, &handler).await,
        Err(rejected) => execute(state, &*rejected).await,
    }
}
