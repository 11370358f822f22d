//! Lookups about a message that a command names.

use domain::conversation::Conversation;
use domain::ids::{ConversationId, UserId};
use domain::message::MessageState;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError, Observation};

use crate::handler::{AttemptError, CommandHandler, CommandLookups};
use crate::state::CommandState;

/// A handler of a command about one message.
pub(crate) trait MessageCommand: CommandHandler<Target = Conversation> {
    /// The seq of the message.
    fn seq(&self) -> i64;
}

/// Whether the caller has cleared the message from their own view. Only the caller's mailbox knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClearedMessage(bool);

impl ClearedMessage {
    /// Asks the mailbox, and adds it to `observed`.
    pub(crate) async fn observe(
        state: &CommandState,
        conversation: &ConversationId,
        caller: &UserId,
        seq: i64,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let mailboxes = state.log().mailboxes();
        let (is_cleared, observation) = mailboxes
            .peek(caller.as_str(), |mailbox| {
                mailbox.has_cleared(conversation, seq)
            })
            .await?;
        observed.push(observation);
        Ok(Self(is_cleared))
    }

    /// Whether it is.
    pub(crate) fn is_cleared(self) -> bool {
        self.0
    }
}

impl<H: MessageCommand> CommandLookups<H> for ClearedMessage {
    async fn load(
        handler: &H,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let meta = handler.meta();
        let (conversation, seq) = (&meta.aggregate_id, handler.seq());
        Self::observe(state, conversation, &meta.caller, seq, observed).await
    }
}

/// Loads the state of a message from the log, unless the conversation still has it among its recent
/// messages. Reads nothing if the caller cannot see the message anyway, and refuses a message that
/// the caller has cleared.
pub(crate) async fn load_unless_recent(
    locked: &LockedAggregate<Conversation>,
    caller: &UserId,
    seq: i64,
    ClearedMessage(is_cleared): ClearedMessage,
) -> Result<Option<MessageState>, AttemptError> {
    if is_cleared {
        return Err(Refusal::not_found().into());
    }
    Ok(load_visible(locked, caller, seq).await?)
}

/// The same, whether or not the caller has cleared the message.
pub(crate) async fn load_visible(
    locked: &LockedAggregate<Conversation>,
    caller: &UserId,
    seq: i64,
) -> Result<Option<MessageState>, LogError> {
    let conversation = locked.state();
    if conversation.is_recent(seq) || !conversation.can_see(caller, seq) {
        return Ok(None);
    }
    locked.load_message(seq).await
}
