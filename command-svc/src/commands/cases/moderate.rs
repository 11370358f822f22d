//! The handler of what a decision does to a message.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, MessageAct, ModerateMessage};
use domain::conversation::event::ConversationEvent;
use event_log::{LockedAggregate, Observation};

use crate::commands::used_file::RestoredFile;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::state::CommandState;

/// The handler that recalls a message for a case, or undoes that.
pub(super) struct ModerateHandler {
    pub meta: CommandMeta<Conversation>,
    pub seq: i64,
    pub act: MessageAct,
    pub by_moderator: bool,
}

impl ModerateHandler {
    fn is_undone(&self) -> bool {
        matches!(self.act, MessageAct::UndoRecall { .. })
    }
}

impl CommandLookups<ModerateHandler> for RestoredFile {
    async fn load(
        handler: &ModerateHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        if !handler.is_undone() {
            return Ok(Self::none());
        }
        let conversation = handler.meta.aggregate_id.as_str();
        Ok(Self::observe(state, conversation, handler.seq, observed).await?)
    }
}

impl CommandHandler for ModerateHandler {
    type Target = Conversation;
    type Lookups = RestoredFile;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        file: RestoredFile,
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
            message: message.clone(),
        });
        let events = locked.state().decide(command, state.limits())?;
        if self.is_undone() && !events.is_empty() {
            file.check(locked.state(), self.seq, message.as_ref())?;
        }
        Ok(Decision::from_events(events))
    }
}
