//! The handler of every command that does one thing to one message and says nothing more about it.

use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, RecallMessage, RestoreMessage, UpdatePin, UpdateReaction,
};
use domain::conversation::event::ConversationEvent;
use domain::ids::ReactionKey;
use domain::message::MessageState;
use domain::time::Timestamp;
use event_log::{LockedAggregate, Observation};

use super::message_lookup::{self, ClearedMessage, MessageCommand};
use super::used_file::RestoredFile;
use crate::caller::Requester;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// What is done to the message.
#[derive(Debug, Clone)]
pub(crate) enum MessageAction {
    Recall,
    Restore,
    Pin,
    Unpin,
    React(ReactionKey),
    Unreact(ReactionKey),
}

/// The handler of these commands.
pub(crate) struct MessageHandler {
    meta: CommandMeta<Conversation>,
    seq: i64,
    action: MessageAction,
}

impl MessageHandler {
    pub(crate) fn new(meta: CommandMeta<Conversation>, seq: i64, action: MessageAction) -> Self {
        Self { meta, seq, action }
    }

    /// The command to the aggregate, which has the message among its recent ones or gets it here.
    fn to_command(&self, message: Option<MessageState>, now: Timestamp) -> ConversationCommand {
        let (seq, by) = (self.seq, self.meta.caller.clone());
        match &self.action {
            MessageAction::Recall => ConversationCommand::Recall(RecallMessage {
                seq,
                by,
                now,
                message,
            }),
            MessageAction::Restore => {
                ConversationCommand::Restore(RestoreMessage { seq, by, message })
            }
            MessageAction::Pin => ConversationCommand::Pin(UpdatePin { seq, by, message }),
            MessageAction::Unpin => ConversationCommand::Unpin(UpdatePin { seq, by, message }),
            MessageAction::React(key) | MessageAction::Unreact(key) => {
                let update = UpdateReaction {
                    seq,
                    key: key.clone(),
                    by,
                    now,
                    message,
                };
                if matches!(self.action, MessageAction::React(_)) {
                    ConversationCommand::React(update)
                } else {
                    ConversationCommand::Unreact(update)
                }
            }
        }
    }
}

/// Whether the caller has cleared the message, and the file of a message to restore.
pub(crate) struct ActionLookups {
    cleared: ClearedMessage,
    file: RestoredFile,
}

impl CommandLookups<MessageHandler> for ActionLookups {
    async fn load(
        handler: &MessageHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let cleared = ClearedMessage::load(handler, state, observed).await?;
        let conversation = handler.meta.aggregate_id.as_str();
        let file = match handler.action {
            MessageAction::Restore => {
                RestoredFile::observe(state, conversation, handler.seq, observed).await?
            }
            _ => RestoredFile::none(),
        };
        Ok(Self { cleared, file })
    }
}

impl MessageCommand for MessageHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for MessageHandler {
    type Target = Conversation;
    type Lookups = ActionLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        ActionLookups { cleared, file }: ActionLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let caller = &self.meta.caller;
        let message = message_lookup::load_unless_recent(locked, caller, self.seq, cleared).await?;
        let command = self.to_command(message.clone(), state.now());
        let events = locked.state().decide(command, state.limits())?;
        if matches!(self.action, MessageAction::Restore) && !events.is_empty() {
            file.check(locked.state(), self.seq, message.as_ref())?;
        }
        Ok(Decision::from_events(events))
    }
}

/// Executes the request to do this to the message of the path.
pub(super) async fn execute_action(
    state: &CommandState,
    requester: Requester,
    (id, seq): (String, String),
    kind: CommandKind,
    action: MessageAction,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(kind, conversation, &[&id, &seq], &())?;
    let seq = params::parse_seq(&seq)?;
    execute(state, &MessageHandler::new(meta, seq, action)).await
}
