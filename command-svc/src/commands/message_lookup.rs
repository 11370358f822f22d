//! Lookup of messages that are no longer in the recent messages of their conversation.

use domain::conversation::Conversation;
use domain::ids::UserId;
use domain::message::MessageState;
use event_log::{LockedAggregate, LogError};

/// Loads the state of a message from the log, unless the conversation still has it among its recent
/// messages. Reads nothing if the caller cannot see the message anyway.
pub(crate) async fn load_unless_recent(
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
