//! The parts of the state of the deployment. They are stored in snapshots; the serialized field
//! names must not change.

use serde::{Deserialize, Serialize};

use super::content::{ContentAction, HookFailureAction};
use crate::body::MessageType;
use crate::ids::{ConversationId, UserId};
use crate::time::Timestamp;

/// A feature that was switched off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SwitchedOff {
    pub reason: Option<String>,
    pub until: Option<Timestamp>,
}

/// What a legal hold covers: the messages of a conversation, those of a sender, or those of a
/// sender in one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldScope {
    /// The conversation; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The sender; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

impl HoldScope {
    /// Whether it covers the whole conversation, with its title.
    pub fn covers_conversation(&self, id: &ConversationId) -> bool {
        self.user.is_none() && self.conversation.as_ref() == Some(id)
    }

    /// The sender whose messages in this conversation it covers, if it covers those of one sender.
    pub fn covered_sender(&self, id: &ConversationId) -> Option<&UserId> {
        let is_here = self.conversation.as_ref().is_none_or(|own| own == id);
        self.user.as_ref().filter(|_| is_here)
    }
}

/// A hold, as the state keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct HeldContent {
    pub scope: HoldScope,
    pub reason: String,
}

/// A word list, as the state keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct WordListDigest {
    #[serde(with = "crate::digest")]
    pub digest: u128,
    pub words: usize,
}

/// Which hosts texts may link to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRules {
    /// The refused hosts, in ASCII. A host includes its subdomains.
    pub deny: Vec<String>,
    /// If present, the only hosts that are accepted.
    pub allow_only: Option<Vec<String>>,
    /// What happens to a text with another host.
    pub action: ContentAction,
}

impl Default for LinkRules {
    /// The rules of a new system: every host is accepted.
    fn default() -> Self {
        Self {
            deny: Vec::new(),
            allow_only: None,
            action: ContentAction::Refuse,
        }
    }
}

/// The hook. It is stored in snapshots; the serialized field names must not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHook {
    /// Where to ask.
    pub url: String,
    /// The types of messages that it checks; all if empty.
    pub types: Vec<MessageType>,
    /// How long to wait for its answer, in milliseconds.
    pub timeout_ms: u32,
    /// What happens if it does not answer in time, or not in the form that is asked for.
    pub on_failure: HookFailureAction,
    /// The name of the secret that signs the questions. The secret itself is not part of the log.
    pub secret_id: String,
}

impl MessageHook {
    /// Whether messages of this type are checked.
    pub fn checks(&self, kind: MessageType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }
}
