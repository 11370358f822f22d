//! The state of one message, as far as the rules need it to decide the next command.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::body::MessageType;
use crate::conversation::event::{ConversationEvent, MessageReaction, MessageSent};
use crate::ids::{FileId, ReactionKey, UserId};
use crate::time::Timestamp;

/// The state of one message, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    /// The user who sent it.
    pub sender: UserId,
    /// When it was sent; for an imported message, when it was sent in the source system.
    pub sent_at: Timestamp,
    /// The message type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// Whether it was recalled for everyone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recalled: bool,
    /// The user who recalled it, while it is recalled. Snapshots of older releases do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled_by: Option<UserId>,
    /// Whether its content was permanently erased. An erased message is also recalled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
    /// The digest of the newest body (see `MessageBody::digest`). It reveals an edit that changes
    /// nothing.
    #[serde(with = "crate::digest")]
    pub body_digest: u128,
    /// The seq of the message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<i64>,
    /// The file that it uses, also while it is recalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileId>,
    /// The users who reacted, by reaction key. Every key has at least one user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reactions: BTreeMap<ReactionKey, BTreeSet<UserId>>,
}

impl MessageState {
    /// The state of a message that has just been sent.
    pub fn from_sent(event: &MessageSent) -> Self {
        Self {
            sender: event.sender.clone(),
            sent_at: event.sent_at,
            kind: event.kind,
            recalled: false,
            recalled_by: None,
            erased: false,
            body_digest: event.body.digest(),
            thread: event.thread,
            file: event.body.file(event.kind),
            reactions: BTreeMap::new(),
        }
    }

    /// Folds the events of one message, oldest first. Returns `None` if it was never sent.
    pub fn fold(events: impl IntoIterator<Item = ConversationEvent>) -> Option<Self> {
        events
            .into_iter()
            .fold(None, |message, event| match (message, event) {
                (_, ConversationEvent::MessageSent(sent)) => Some(Self::from_sent(&sent)),
                (Some(mut message), event) => {
                    message.apply(event);
                    Some(message)
                }
                (None, _) => None,
            })
    }

    /// Applies a later event of this message. Other kinds of events have no effect.
    pub(crate) fn apply(&mut self, event: ConversationEvent) {
        match event {
            ConversationEvent::MessageEdited(edited) => {
                self.body_digest = edited.body.digest();
                self.file = edited.body.file(self.kind);
            }
            ConversationEvent::MessageRecalled(recalled) => {
                self.recalled = true;
                self.recalled_by = Some(recalled.by);
            }
            ConversationEvent::MessageRestored(_) => {
                self.recalled = self.erased;
                self.recalled_by = None;
            }
            ConversationEvent::MessageErased(_) => {
                self.recalled = true;
                self.erased = true;
                // A short text can be guessed from its digest, so the digest is erased too.
                self.body_digest = 0;
                self.file = None;
            }
            ConversationEvent::ReactionAdded(MessageReaction { key, user, .. }) => {
                self.reactions.entry(key).or_default().insert(user);
            }
            ConversationEvent::ReactionRemoved(MessageReaction { key, user, .. }) => {
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

    /// Whether `user` has reacted with `key`.
    pub fn has_reaction(&self, key: &ReactionKey, user: &UserId) -> bool {
        self.reactions
            .get(key)
            .is_some_and(|users| users.contains(user))
    }
}
