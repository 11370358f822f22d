//! The fold of the events of the deployment: everything that was set, as it was given.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::deployment::content::{ContentAction, TextPlace, WordMatching};
use domain::deployment::event::{
    DeploymentEvent, FeatureSwitched, HoldPlaced, HookSet, LinkRulesSet, WordListSet,
};
use domain::deployment::feature::Feature;
use domain::deployment::flood::FloodRule;
use domain::deployment::{LinkRules, MessageHook};
use domain::envelope::Envelope;
use domain::event::{EventDecodeError, EventFamily as _};
use domain::ids::{ConversationId, RuleName, UserId};
use domain::time::Timestamp;

/// Everything that is set for the deployment.
#[derive(Debug, Clone, Default)]
pub struct DeploymentRules {
    /// The features that were switched, by the newest switch of each.
    pub switches: BTreeMap<Feature, FeatureSwitch>,
    /// The legal holds.
    pub holds: BTreeMap<RuleName, PlacedHold>,
    /// The word lists.
    pub word_lists: BTreeMap<RuleName, Arc<WordList>>,
    /// The rules for links.
    pub link_rules: Arc<LinkRules>,
    /// The flood rules.
    pub flood_rules: Vec<FloodRule>,
    /// The hook.
    pub hook: Option<Arc<ActiveHook>>,
}

/// The newest switch of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureSwitch {
    /// Whether the feature was switched on.
    pub on: bool,
    /// Why it was switched.
    pub reason: Option<String>,
    /// When a feature that is off becomes on by itself.
    pub until: Option<Timestamp>,
    /// Who did it.
    pub by: UserId,
    /// The time of the last change.
    pub at: Timestamp,
}

impl FeatureSwitch {
    /// Whether the feature is off at this time.
    pub fn is_off(&self, now: Timestamp) -> bool {
        !self.on && self.until.is_none_or(|until| until > now)
    }
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedHold {
    /// The conversation that it covers.
    pub conversation: Option<ConversationId>,
    /// The sender whose messages it covers.
    pub user: Option<UserId>,
    /// Why it was placed.
    pub reason: String,
    /// Who placed it.
    pub by: UserId,
    /// When it was placed.
    pub at: Timestamp,
}

/// A word list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList {
    /// What happens to a text with one of its words.
    pub action: ContentAction,
    /// Whether a match must be a whole word.
    pub matching: WordMatching,
    /// The texts that it checks.
    pub places: Vec<TextPlace>,
    /// The words, as they were given.
    pub words: Vec<String>,
    /// Who set it.
    pub by: UserId,
    /// The time of the last change.
    pub at: Timestamp,
}

/// The hook that checks messages before they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveHook {
    /// Where and how to ask.
    pub hook: MessageHook,
    /// Who set it.
    pub by: UserId,
    /// When it was set.
    pub at: Timestamp,
}

impl DeploymentRules {
    /// The types of the events that it is folded from.
    pub fn event_types() -> Vec<String> {
        let types = DeploymentEvent::TYPES.iter();
        types.map(|newest| newest.name.to_owned()).collect()
    }

    /// Applies the next event of the deployment.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<(), EventDecodeError> {
        let Envelope {
            event_type,
            version,
            data,
            time,
            ..
        } = envelope;
        let event = DeploymentEvent::decode(event_type, *version, data.get().as_bytes())?;
        match event {
            DeploymentEvent::FeatureSwitched(switched) => self.apply_switch(switched, *time),
            DeploymentEvent::HoldPlaced(placed) => self.apply_hold(placed, *time),
            DeploymentEvent::HoldLifted(lifted) => {
                self.holds.remove(&lifted.name);
            }
            DeploymentEvent::WordListSet(set) => self.apply_word_list(set, *time),
            DeploymentEvent::WordListRemoved(removed) => {
                self.word_lists.remove(&removed.name);
            }
            DeploymentEvent::LinkRulesSet(set) => {
                let LinkRulesSet {
                    deny,
                    allow_only,
                    action,
                    by: _,
                } = set;
                self.link_rules = Arc::new(LinkRules {
                    deny,
                    allow_only,
                    action,
                });
            }
            DeploymentEvent::FloodRulesSet(set) => self.flood_rules = set.rules,
            DeploymentEvent::HookSet(set) => self.apply_hook(set, *time),
            DeploymentEvent::HookRemoved(_) => self.hook = None,
        }
        Ok(())
    }

    fn apply_hook(&mut self, set: HookSet, at: Timestamp) {
        let by = set.by.clone();
        let hook = MessageHook::from(set);
        self.hook = Some(Arc::new(ActiveHook { hook, by, at }));
    }

    fn apply_switch(&mut self, switched: FeatureSwitched, at: Timestamp) {
        let FeatureSwitched {
            feature,
            on,
            reason,
            until,
            by,
        } = switched;
        let switch = FeatureSwitch {
            on,
            reason,
            until,
            by,
            at,
        };
        self.switches.insert(feature, switch);
    }

    fn apply_hold(&mut self, placed: HoldPlaced, at: Timestamp) {
        let HoldPlaced {
            name,
            conversation,
            user,
            reason,
            by,
        } = placed;
        let hold = PlacedHold {
            conversation,
            user,
            reason,
            by,
            at,
        };
        self.holds.insert(name, hold);
    }

    /// The parts of a list are in one append, so nobody sees a list without its later parts for
    /// longer than one batch of events.
    fn apply_word_list(&mut self, set: WordListSet, at: Timestamp) {
        let WordListSet {
            name,
            action,
            matching,
            places,
            words,
            part,
            parts: _,
            digest: _,
            by,
        } = set;
        if part > 1
            && let Some(list) = self.word_lists.get_mut(&name)
        {
            Arc::make_mut(list).words.extend(words);
            return;
        }
        let list = WordList {
            action,
            matching,
            places,
            words,
            by,
            at,
        };
        self.word_lists.insert(name, Arc::new(list));
    }
}
