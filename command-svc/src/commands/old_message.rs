//! Messages that their conversation no longer remembers.

use domain::conversation::Conversation;
use domain::ids::UserId;
use domain::message::MessageState;
use event_log::{Failed, Locked};

/// What a command on this message must bring along: the message's story from the log, if the
/// conversation does not remember it. Nothing is read for what the caller may not see anyway.
pub(crate) async fn look_up(
    locked: &Locked<Conversation>,
    caller: &UserId,
    seq: i64,
) -> Result<Option<MessageState>, Failed> {
    let conversation = locked.state();
    if conversation.remembers(seq) || !conversation.may_see(caller, seq) {
        return Ok(None);
    }
    locked.message(seq).await
}
