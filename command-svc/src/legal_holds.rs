//! What legal holds protect from an erasure.
//!
//! The decision relies on the newest state of the deployment, and the append is a conflict if that
//! has changed: an erasure and a hold at the same time are in one order, the same for everybody.

use domain::deployment::{DEPLOYMENT_ID, Deployment, HoldScope};
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::{LogError, Observation};
use log_integrity::erasure::scope;

use crate::error::CommandError;
use crate::state::CommandState;

/// How many messages are read at a time to find those of a sender.
const PAGE_MESSAGES: i64 = 500;

/// What an erasure does with content under a legal hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeldContentPolicy {
    /// It is refused, and erases nothing: a command.
    Refuse,
    /// It leaves that content out: retention.
    Skip,
}

impl HeldContentPolicy {
    /// Who acts: the administrator who erases. Retention is nobody's act.
    pub(crate) fn actor(self, by: &UserId) -> Option<UserId> {
        (self == Self::Refuse).then(|| by.clone())
    }
}

/// The holds on one conversation.
#[derive(Debug, Default)]
pub(crate) struct ConversationHolds {
    /// Whether all of it is held, with its title.
    is_whole: bool,
    /// The senders whose messages are held.
    senders: Vec<UserId>,
}

impl ConversationHolds {
    /// Loads the holds on a conversation. A decision that relies on them must carry the
    /// observation.
    pub(crate) async fn load(
        state: &CommandState,
        id: &ConversationId,
    ) -> Result<(Self, Observation), LogError> {
        let deployments = state.log().deployments();
        let find = |deployment: &Deployment| Self {
            is_whole: deployment.holds().any(|hold| hold.covers_conversation(id)),
            senders: deployment
                .holds()
                .filter_map(|hold| hold.covered_sender(id).cloned())
                .collect(),
        };
        deployments.peek(DEPLOYMENT_ID, find).await
    }

    /// Which of these messages are not held, in order.
    pub(crate) async fn filter_free(
        &self,
        state: &CommandState,
        id: &ConversationId,
        seqs: &[i64],
    ) -> Result<Vec<i64>, LogError> {
        if self.is_whole {
            return Ok(Vec::new());
        }
        let mut free = seqs.to_vec();
        let (first, last) = (seqs.iter().min(), seqs.iter().max());
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(free);
        };
        for sender in &self.senders {
            let mut after = first - 1;
            loop {
                let pool = state.log().pool();
                let sender = Some(sender.as_str());
                let (held, more) =
                    scope::find_messages(pool, id.as_str(), sender, after, PAGE_MESSAGES).await?;
                free.retain(|seq| !held.contains(seq));
                match more.filter(|seq| seq < last) {
                    Some(seq) => after = seq,
                    None => break,
                }
            }
        }
        Ok(free)
    }

    /// Whether the title is held.
    pub(crate) fn covers_title(&self) -> bool {
        self.is_whole
    }
}

/// Refuses to erase a conversation, or what a user has sent there, if a hold covers any of it.
pub(crate) async fn check_conversation(
    state: &CommandState,
    id: &ConversationId,
    user: Option<&UserId>,
) -> Result<(), CommandError> {
    let (holds, _) = ConversationHolds::load(state, id).await?;
    let mut is_held = holds.is_whole;
    for sender in holds
        .senders
        .iter()
        .filter(|sender| user.is_none_or(|user| user == *sender))
    {
        let pool = state.log().pool();
        let sender = Some(sender.as_str());
        let mut after = Some(0);
        while let Some(from) = after.filter(|_| !is_held) {
            let found = scope::find_messages(pool, id.as_str(), sender, from, PAGE_MESSAGES).await;
            let (held, more) = found.map_err(LogError::from)?;
            is_held = !held.is_empty();
            after = more;
        }
    }
    refuse_if(is_held)
}

/// Refuses to erase everything that a user has sent if a hold covers it in all conversations.
pub(crate) async fn check_user(state: &CommandState, user: &UserId) -> Result<(), CommandError> {
    let covers = |hold: &HoldScope| hold.conversation.is_none() && hold.user.as_ref() == Some(user);
    let deployments = state.log().deployments();
    let found = deployments.peek(DEPLOYMENT_ID, |deployment| deployment.holds().any(covers));
    let (is_held, _) = found.await?;
    refuse_if(is_held)
}

fn refuse_if(is_held: bool) -> Result<(), CommandError> {
    if is_held {
        Err(CommandError::Rejected(Refusal::held()))
    } else {
        Ok(())
    }
}
