//! The commands of the deployment aggregate.

use super::content::{ContentAction, TextPlace, WordMatching};
use super::feature::Feature;
use super::flood::FloodRule;
use super::listed_words::ListedWords;
use super::state::MessageHook;
use crate::ids::{ConversationId, RuleName, UserId};
use crate::time::Timestamp;

/// A command to the deployment.
#[derive(Debug, Clone)]
pub enum DeploymentCommand {
    /// Switch a feature off or on.
    SwitchFeature(SwitchFeature),
    /// Place a legal hold.
    PlaceHold(PlaceHold),
    /// Lift a legal hold.
    LiftHold(RemoveRule),
    /// Set a word list.
    SetWordList(SetWordList),
    /// Remove a word list.
    RemoveWordList(RemoveRule),
    /// Set the rules for links.
    SetLinkRules(SetLinkRules),
    /// Set the flood rules.
    SetFloodRules(SetFloodRules),
    /// Set the hook.
    SetHook(SetHook),
    /// Remove the hook, on behalf of this user.
    RemoveHook(UserId),
}

/// The data of [`DeploymentCommand::SwitchFeature`].
#[derive(Debug, Clone)]
pub struct SwitchFeature {
    /// The feature.
    pub feature: Feature,
    /// Whether to switch it on.
    pub on: bool,
    /// Why; required to switch a feature off.
    pub reason: Option<String>,
    /// When it becomes on by itself.
    pub until: Option<Timestamp>,
    /// The administrator.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`DeploymentCommand::PlaceHold`].
#[derive(Debug, Clone)]
pub struct PlaceHold {
    /// The name of the hold.
    pub name: RuleName,
    /// The conversation that it covers.
    pub conversation: Option<ConversationId>,
    /// The sender whose messages it covers.
    pub user: Option<UserId>,
    /// The reason that the administrator gives.
    pub reason: String,
    /// The administrator.
    pub by: UserId,
}

/// The data of [`DeploymentCommand::LiftHold`] and [`DeploymentCommand::RemoveWordList`].
#[derive(Debug, Clone)]
pub struct RemoveRule {
    /// The name of the hold or of the list.
    pub name: RuleName,
    /// The administrator or moderator.
    pub by: UserId,
}

/// The data of [`DeploymentCommand::SetWordList`].
#[derive(Debug, Clone)]
pub struct SetWordList {
    /// The name of the list.
    pub name: RuleName,
    /// What happens to a text with one of its words.
    pub action: ContentAction,
    /// Whether a match must be a whole word.
    pub matching: WordMatching,
    /// The texts that it checks.
    pub places: Vec<TextPlace>,
    /// The words.
    pub words: ListedWords,
    /// The administrator or moderator.
    pub by: UserId,
}

/// The data of [`DeploymentCommand::SetLinkRules`]. The hosts are in ASCII.
#[derive(Debug, Clone)]
pub struct SetLinkRules {
    /// The hosts to refuse.
    pub deny: Vec<String>,
    /// If present, the only hosts to accept.
    pub allow_only: Option<Vec<String>>,
    /// What happens to a text with another host.
    pub action: ContentAction,
    /// The administrator or moderator.
    pub by: UserId,
}

/// The data of [`DeploymentCommand::SetFloodRules`].
#[derive(Debug, Clone)]
pub struct SetFloodRules {
    /// The rules; none to remove all of them.
    pub rules: Vec<FloodRule>,
    /// The administrator or moderator.
    pub by: UserId,
}

/// The data of [`DeploymentCommand::SetHook`].
#[derive(Debug, Clone)]
pub struct SetHook {
    /// The hook. If there is one already, the secret stays that one's.
    pub hook: MessageHook,
    /// The administrator or moderator.
    pub by: UserId,
}
