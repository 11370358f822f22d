//! The handler of what a decision does to a message.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, MessageAct, ModerateMessage};
use domain::conversation::event::ConversationEvent;
use event_log::LockedAggregate;

use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::state::CommandState;

/// The handler that recalls a message for a case, or undoes that.
pub(super) struct ModerateHandler {
    pub meta: CommandMeta<Conversation>,
    pub seq: i64,
    pub act: MessageAct,
    pub by_moderator: bool,
}

impl CommandHandler for ModerateHandler {
    type Target = Conversation;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let message = if locked.state().is_recent(self.seq) {
            None
        } else {
            locked.load_message(self.seq).await?
        };
        let command = ConversationCommand::Moderate(ModerateMessage {
            seq: self.seq,
            act: self.act.clone(),
            by: self.meta.caller.clone(),
            by_moderator: self.by_moderator,
            message,
        });
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}
