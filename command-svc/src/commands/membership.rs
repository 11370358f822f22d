//! Whether somebody is in a conversation, where they stand in it, and what they may see.

use domain::ids::{ConversationId, UserId};
use domain::mailbox::command::Standing;
use domain::refusal::Refusal;
use event_log::{Failed, Observed};

use crate::order::Stop;
use crate::state::CommandState;

/// Whether this user is a member now.
pub(crate) async fn is_member(
    state: &CommandState,
    conversation: &ConversationId,
    user: &UserId,
) -> Result<bool, Failed> {
    let conversations = state.log().conversations();
    let (is_member, _) = conversations
        .peek(conversation.as_str(), |it| it.is_member(user))
        .await?;
    Ok(is_member)
}

/// Where a member stands, and whether they may see the message at `seq`. Refused to everybody
/// else.
pub(crate) async fn standing(
    state: &CommandState,
    conversation: &ConversationId,
    user: &UserId,
    seq: i64,
    seen: &mut Vec<Observed>,
) -> Result<(Standing, bool), Stop> {
    let (found, observed) = state
        .log()
        .conversations()
        .peek(conversation.as_str(), |it| {
            (it.standing(user), it.may_see(user, seq))
        })
        .await?;
    seen.push(observed);
    match found {
        (Some(standing), visible) => Ok((standing, visible)),
        (None, _) => Err(Refusal::not_found().into()),
    }
}
