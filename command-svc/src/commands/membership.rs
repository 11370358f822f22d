//! The membership that the commands to a mailbox need from a conversation.

use domain::ids::{ConversationId, UserId};
use domain::membership::MembershipSnapshot;
use domain::refusal::Refusal;
use event_log::Observation;

use crate::handler::AttemptError;
use crate::state::CommandState;

/// The membership of a user, and whether the user can see the message at `seq`. Adds the
/// conversation to `observed`. Anyone who is not a member gets `not_found`.
pub(crate) async fn observe_membership(
    state: &CommandState,
    conversation: &ConversationId,
    user: &UserId,
    seq: i64,
    observed: &mut Vec<Observation>,
) -> Result<(MembershipSnapshot, bool), AttemptError> {
    let (membership, observation) = state
        .log()
        .conversations()
        .peek(conversation.as_str(), |conversation| {
            (
                conversation.membership_snapshot(user),
                conversation.can_see(user, seq),
            )
        })
        .await?;
    observed.push(observation);
    match membership {
        (Some(standing), visible) => Ok((standing, visible)),
        (None, _) => Err(Refusal::not_found().into()),
    }
}
