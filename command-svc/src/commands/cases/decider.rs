//! Who may decide about a case, and whom it is about.

use domain::case::target::{CaseId, CaseTarget};
use domain::conversation::Conversation;
use domain::conversation::event::{ConversationKind, Role};
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::LogError;
use http_edge::Caller;

use crate::caller::Requester;
use crate::error::CommandError;
use crate::handler::{CommandMeta, TargetAggregate};
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// A user who may decide about a case.
pub(super) struct CaseDecider {
    pub user: UserId,
    /// Whether by the scope of the token. Otherwise the user is the owner or an admin of the group.
    pub by_moderator: bool,
    actor: Option<UserId>,
}

impl CaseDecider {
    /// The meta data of a command that is part of the decision.
    pub fn meta<T: TargetAggregate>(
        &self,
        kind: CommandKind,
        aggregate_id: T::Id,
    ) -> CommandMeta<T> {
        CommandMeta {
            kind,
            aggregate_id,
            caller: self.user.clone(),
            actor: self.actor.clone(),
            idempotency: None,
        }
    }

    /// Who the events of the decision name as the actor.
    pub fn actor(&self) -> Option<UserId> {
        self.actor.clone()
    }
}

/// A case to decide about.
pub(super) struct DecidedCase {
    pub id: CaseId,
    pub target: CaseTarget,
    /// The user whose doing it is: the sender of the message, the author of the title, the user.
    pub accused: Option<UserId>,
}

/// Finds the case, if the caller may decide about it: moderators about all, the owner and admins of
/// a group about those of the group, but nobody without a scope about what they did themselves.
pub(super) async fn find_case(
    state: &CommandState,
    requester: &Requester,
    caller: &Caller,
    id: &str,
) -> Result<(CaseDecider, DecidedCase), CommandError> {
    let Ok(id) = CaseId::parse(id) else {
        return refuse_not_found(state).await;
    };
    let cases = state.log().cases();
    let known = cases.peek(id.as_str(), |case| {
        (case.target().cloned(), case.author().cloned())
    });
    let ((target, author), _) = known.await?;
    let Some(target) = target else {
        return refuse_not_found(state).await;
    };
    let user = &requester.user;
    let by_moderator = caller.is_moderator();
    if !by_moderator && !is_governed_by(state, &target, user).await? {
        return refuse_not_found(state).await;
    }
    let accused = match &target {
        CaseTarget::Message { conversation, seq } => find_sender(state, conversation, *seq).await?,
        CaseTarget::Conversation { .. } => author,
        CaseTarget::User { user } | CaseTarget::Held { user, .. } => Some(user.clone()),
    };
    if !by_moderator && accused.as_ref() == Some(user) {
        return refuse_not_found(state).await;
    }
    let decider = CaseDecider {
        user: user.clone(),
        by_moderator,
        actor: by_moderator
            .then(|| user.clone())
            .or(requester.actor.clone()),
    };
    let case = DecidedCase {
        id,
        target,
        accused,
    };
    Ok((decider, case))
}

/// Refuses once what the refusal relies on is durable.
async fn refuse_not_found<T>(state: &CommandState) -> Result<T, CommandError> {
    state.log().head().await?;
    Err(Refusal::not_found().into())
}

/// Whether the user is the owner or an admin of the group that the target belongs to.
async fn is_governed_by(
    state: &CommandState,
    target: &CaseTarget,
    user: &UserId,
) -> Result<bool, LogError> {
    let Some(conversation) = target.conversation() else {
        return Ok(false);
    };
    let conversations = state.log().conversations();
    let (is_governed, _) = conversations
        .peek(conversation.as_str(), |conversation| {
            conversation.kind() == Some(ConversationKind::Group)
                && conversation.role_of(user) >= Some(Role::Admin)
        })
        .await?;
    Ok(is_governed)
}

async fn find_sender(
    state: &CommandState,
    conversation: &ConversationId,
    seq: i64,
) -> Result<Option<UserId>, LogError> {
    let locked = Conversation::store(state.log())
        .lock(conversation.as_str())
        .await?;
    if let Some(message) = locked.state().recent_message(seq) {
        return Ok(Some(message.sender.clone()));
    }
    let message = locked.load_message(seq).await?;
    Ok(message.map(|message| message.sender))
}
