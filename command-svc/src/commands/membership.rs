//! Whether a user is a member of a conversation, and which messages the user can see.

use domain::ids::{ConversationId, UserId};
use domain::membership::MembershipSnapshot;
use domain::refusal::Refusal;
use event_log::{LogError, Observation};

use crate::handler::AttemptError;
use crate::state::CommandState;

/// Whether this user is currently a member.
pub(crate) async fn is_member(
    state: &CommandState,
    conversation: &ConversationId,
    user: &UserId,
) -> Result<bool, LogError> {
    let conversations = state.log().conversations();
    let (is_member, _) = conversations
        .peek(conversation.as_str(), |conversation| {
            conversation.is_member(user)
        })
        .await?;
    Ok(is_member)
}

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
