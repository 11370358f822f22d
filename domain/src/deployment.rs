//! The deployment aggregate: what administrators and moderators set for the whole system. There is
//! one, and its state is small. The edge checks who may send its commands.

pub mod command;
pub mod content;
pub mod event;
pub mod feature;
pub mod flood;
pub mod limits;
pub mod listed_words;

mod flood_rules;
mod holds;
mod link_rules;
mod message_hook;
mod state;
mod switches;
mod word_lists;

pub use state::{HoldScope, LinkRules, MessageHook};

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::RuleName;
use crate::refusal::Refusal;
use command::DeploymentCommand;
use event::DeploymentEvent;
use feature::Feature;
use flood::FloodRule;
use state::{HeldContent, SwitchedOff, WordListDigest};

/// The id of the only aggregate of this kind.
pub const DEPLOYMENT_ID: &str = "tidings";

/// The state of the deployment, as far as its rules need it. What the services apply is folded from
/// the same events in the crate `moderation`.
///
/// It is stored in snapshots; the serialized field names must not change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    #[serde(default)]
    switched_off: BTreeMap<Feature, SwitchedOff>,
    #[serde(default)]
    holds: BTreeMap<RuleName, HeldContent>,
    #[serde(default)]
    lifted_holds: i64,
    #[serde(default)]
    word_lists: BTreeMap<RuleName, WordListDigest>,
    #[serde(default)]
    link_rules: LinkRules,
    #[serde(default)]
    flood_rules: Vec<FloodRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook: Option<MessageHook>,
}

impl Deployment {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it.
    pub fn decide(&self, command: DeploymentCommand) -> Result<Vec<DeploymentEvent>, Refusal> {
        match command {
            DeploymentCommand::SwitchFeature(switch) => self.switch_feature(switch),
            DeploymentCommand::PlaceHold(place) => self.place_hold(place),
            DeploymentCommand::LiftHold(lift) => Ok(self.lift_hold(lift)),
            DeploymentCommand::SetWordList(set) => self.set_word_list(set),
            DeploymentCommand::RemoveWordList(remove) => Ok(self.remove_word_list(remove)),
            DeploymentCommand::SetLinkRules(set) => self.set_link_rules(set),
            DeploymentCommand::SetFloodRules(set) => self.set_flood_rules(set),
            DeploymentCommand::SetHook(set) => self.set_hook(set),
            DeploymentCommand::RemoveHook(by) => Ok(self.remove_hook(by)),
        }
    }

    /// The number of holds, lists and hosts: a measure of the state's size.
    pub fn entry_count(&self) -> usize {
        let allowed = self.link_rules.allow_only.as_ref().map_or(0, Vec::len);
        let hosts = self.link_rules.deny.len() + allowed;
        let rules = self.holds.len() + self.word_lists.len() + self.flood_rules.len();
        rules + hosts
    }
}

impl Aggregate for Deployment {
    const TYPE: &'static str = "deployment";
    type Command = DeploymentCommand;
    type Event = DeploymentEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: DeploymentCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: DeploymentEvent) {
        match event {
            DeploymentEvent::FeatureSwitched(switched) => self.apply_switch(switched),
            DeploymentEvent::HoldPlaced(placed) => self.apply_hold(placed),
            DeploymentEvent::HoldLifted(lifted) => self.apply_lift(&lifted.name),
            DeploymentEvent::WordListSet(set) => self.apply_word_list(set),
            DeploymentEvent::WordListRemoved(removed) => {
                self.word_lists.remove(&removed.name);
            }
            DeploymentEvent::LinkRulesSet(set) => self.apply_link_rules(set),
            DeploymentEvent::FloodRulesSet(set) => self.flood_rules = set.rules,
            DeploymentEvent::HookSet(set) => self.apply_hook(set),
            DeploymentEvent::HookRemoved(_) => self.hook = None,
        }
    }
}

/// The upcasters for cqrs-es stores that read the `events` view.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<DeploymentEvent>()
}
