//! The other member of a direct conversation.

use domain::ids::{ConversationId, UserId};
use event_log::Observation;

use crate::handler::AttemptError;
use crate::state::CommandState;

/// The other member of a direct conversation, and whether that member has blocked the sender.
#[derive(Default)]
pub(super) struct DirectPeer {
    pub(super) user: Option<UserId>,
    pub(super) has_blocked: bool,
}

impl DirectPeer {
    /// Asks the conversation, and the mailbox of the peer, which it adds to `observed`.
    pub(super) async fn load(
        state: &CommandState,
        conversation: &ConversationId,
        sender: &UserId,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        if !conversation.is_direct() {
            return Ok(Self::default());
        }
        let conversations = state.log().conversations();
        let (peer, _) = conversations
            .peek(conversation.as_str(), |conversation| {
                conversation.peer_of(sender).cloned()
            })
            .await?;
        let Some(peer) = peer else {
            return Ok(Self::default());
        };
        let mailboxes = state.log().mailboxes();
        let (has_blocked, observation) = mailboxes
            .peek(peer.as_str(), |mailbox| mailbox.has_blocked(sender))
            .await?;
        observed.push(observation);
        Ok(Self {
            user: Some(peer),
            has_blocked,
        })
    }
}
