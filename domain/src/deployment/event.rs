//! The events of the deployment aggregate. They are stored forever: read [`crate::event`] before
//! you change them.

use serde::{Deserialize, Serialize};

use super::content::{ContentAction, HookFailureAction, TextPlace, WordMatching};
use super::feature::Feature;
use super::flood::FloodRule;
use crate::body::MessageType;
use crate::ids::{ConversationId, RuleName, UserId};
use crate::time::Timestamp;

/// An event of the deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentEvent {
    /// A feature was switched off or on.
    FeatureSwitched(FeatureSwitched),
    /// A legal hold was placed, or replaced by one of the same name.
    HoldPlaced(HoldPlaced),
    /// A legal hold was lifted.
    HoldLifted(RuleRemoved),
    /// A word list was set. A long list has several parts, all in one append.
    WordListSet(WordListSet),
    /// A word list was removed.
    WordListRemoved(RuleRemoved),
    /// The rules for links were set.
    LinkRulesSet(LinkRulesSet),
    /// The flood rules were set.
    FloodRulesSet(FloodRulesSet),
    /// The hook was set, or changed.
    HookSet(HookSet),
    /// The hook was removed.
    HookRemoved(HookRemoved),
}

/// The data of [`DeploymentEvent::FeatureSwitched`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureSwitched {
    /// The feature.
    pub feature: Feature,
    /// Whether the feature is on.
    pub on: bool,
    /// Why; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When a feature that is off becomes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::HoldPlaced`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldPlaced {
    /// The name of the hold.
    pub name: RuleName,
    /// What it covers: the messages of this conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// What it covers: the messages that this user has sent. With a conversation, only those there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Why; for people.
    pub reason: String,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::HoldLifted`] and [`DeploymentEvent::WordListRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleRemoved {
    /// The name of what is gone.
    pub name: RuleName,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::WordListSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordListSet {
    /// The name of the list.
    pub name: RuleName,
    /// What happens to a text with one of its words.
    pub action: ContentAction,
    /// Whether a match must be a whole word.
    #[serde(rename = "match")]
    pub matching: WordMatching,
    /// The texts that it checks.
    #[serde(rename = "in")]
    pub places: Vec<TextPlace>,
    /// The words of this part, as they were given.
    pub words: Vec<String>,
    /// The number of this part: 1, 2, 3, ...
    pub part: usize,
    /// How many parts the list has.
    pub parts: usize,
    /// The digest of the whole list, which reveals a change that changes nothing.
    #[serde(with = "crate::digest")]
    pub digest: u128,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::LinkRulesSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkRulesSet {
    /// The refused hosts, in ASCII. A host includes its subdomains.
    pub deny: Vec<String>,
    /// If present, every other host is treated as if it were denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_only: Option<Vec<String>>,
    /// What happens to a text with such a host.
    pub action: ContentAction,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::FloodRulesSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FloodRulesSet {
    /// The rules, which replace the earlier ones. They count the messages after this event.
    pub rules: Vec<FloodRule>,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::HookSet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HookSet {
    /// Where to ask.
    pub url: String,
    /// The types of messages that the hook checks; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<MessageType>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u32,
    /// What happens to a message without an answer.
    pub on_failure: HookFailureAction,
    /// The name of the secret that signs the questions. The secret itself is not part of the log.
    pub secret_id: String,
    /// Who did it.
    pub by: UserId,
}

/// The data of [`DeploymentEvent::HookRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HookRemoved {
    /// Who did it.
    pub by: UserId,
}
