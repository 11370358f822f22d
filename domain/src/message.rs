//! What one message has become: as much of it as the rules need to decide the next command.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::body::MessageType;
use crate::conversation::event::{ConversationEvent, MessageSent, Reaction};
use crate::ids::{ReactionKey, UserId};
use crate::time::Timestamp;

/// One message, folded from the events that speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    /// Who sent it.
    pub sender: UserId,
    /// When; for an imported message, when it was sent there.
    pub sent_at: Timestamp,
    /// What kind of message.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// It was taken back for everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recalled: bool,
    /// It is gone for good. An erased message is also a recalled one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
    /// Of the newest body, see `Body::digest`: enough to see that an edit changes nothing.
    #[serde(with = "crate::digest")]
    pub body_digest: u128,
    /// Who reacted with what. No key is without a user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reactions: BTreeMap<ReactionKey, BTreeSet<UserId>>,
}

impl MessageState {
    /// A message as it is when it was just sent.
    pub fn sent(event: &MessageSent) -> Self {
        Self {
            sender: event.sender.clone(),
            sent_at: event.sent_at,
            kind: event.kind,
            recalled: false,
            erased: false,
            body_digest: event.body.digest(),
            reactions: BTreeMap::new(),
        }
    }

    /// Folds the events that speak of one message, oldest first. `None` if it was never sent.
    pub fn fold(events: impl IntoIterator<Item = ConversationEvent>) -> Option<Self> {
        events
            .into_iter()
            .fold(None, |message, event| match (message, event) {
                (_, ConversationEvent::MessageSent(sent)) => Some(Self::sent(&sent)),
                (Some(mut message), event) => {
                    message.apply(event);
                    Some(message)
                }
                (None, _) => None,
            })
    }

    /// What happened to this message after it was sent. Events of other kinds change nothing.
    pub(crate) fn apply(&mut self, event: ConversationEvent) {
        match event {
            ConversationEvent::MessageEdited(edited) => self.body_digest = edited.body.digest(),
            ConversationEvent::MessageRecalled(_) => self.recalled = true,
            ConversationEvent::MessageErased(_) => {
                self.recalled = true;
                self.erased = true;
                // A digest of a short text is as good as the text.
                self.body_digest = 0;
            }
            ConversationEvent::ReactionAdded(Reaction { key, user, .. }) => {
                self.reactions.entry(key).or_default().insert(user);
            }
            ConversationEvent::ReactionRemoved(Reaction { key, user, .. }) => {
                if let Some(users) = self.reactions.get_mut(&key) {
                    users.remove(&user);
                    if users.is_empty() {
                        self.reactions.remove(&key);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether this user has reacted with this key.
    pub fn has_reaction(&self, key: &ReactionKey, user: &UserId) -> bool {
        self.reactions
            .get(key)
            .is_some_and(|users| users.contains(user))
    }
}
