//! Rules for legal holds, which prevent erasure.

use super::Deployment;
use super::command::{PlaceHold, RemoveRule};
use super::event::{DeploymentEvent, HoldPlaced, RuleRemoved};
use super::limits::{MAX_HOLDS, check_reason};
use super::state::{HeldContent, HoldScope};
use crate::ids::RuleName;
use crate::refusal::Refusal;

impl Deployment {
    /// The scopes of all holds.
    pub fn holds(&self) -> impl Iterator<Item = &HoldScope> {
        self.holds.values().map(|held| &held.scope)
    }

    /// How often a hold has been lifted or changed. Content that retention has skipped because of a
    /// hold may be due since then.
    pub fn lifted_holds(&self) -> i64 {
        self.lifted_holds
    }

    pub(super) fn place_hold(&self, place: PlaceHold) -> Result<Vec<DeploymentEvent>, Refusal> {
        let PlaceHold {
            name,
            conversation,
            user,
            reason,
            by,
        } = place;
        if conversation.is_none() && user.is_none() {
            return Err(Refusal::invalid(
                "conversation",
                "A hold covers a conversation, a user, or a user in a conversation: name one.",
            ));
        }
        check_reason(Some(&reason))?;
        let wanted = HeldContent {
            scope: HoldScope { conversation, user },
            reason,
        };
        let current = self.holds.get(&name);
        if current == Some(&wanted) {
            return Ok(Vec::new());
        }
        if current.is_none() && self.holds.len() >= MAX_HOLDS {
            return Err(Refusal::invalid(
                "name",
                format!("There can be at most {MAX_HOLDS} holds; lift one first."),
            ));
        }
        let HeldContent { scope, reason } = wanted;
        Ok(vec![DeploymentEvent::HoldPlaced(HoldPlaced {
            name,
            conversation: scope.conversation,
            user: scope.user,
            reason,
            by,
        })])
    }

    pub(super) fn lift_hold(&self, lift: RemoveRule) -> Vec<DeploymentEvent> {
        let RemoveRule { name, by } = lift;
        if self.holds.contains_key(&name) {
            vec![DeploymentEvent::HoldLifted(RuleRemoved { name, by })]
        } else {
            Vec::new()
        }
    }

    pub(super) fn apply_hold(&mut self, placed: HoldPlaced) {
        let held = HeldContent {
            scope: HoldScope {
                conversation: placed.conversation,
                user: placed.user,
            },
            reason: placed.reason,
        };
        if self.holds.insert(placed.name, held).is_some() {
            self.lifted_holds += 1;
        }
    }

    pub(super) fn apply_lift(&mut self, name: &RuleName) {
        self.holds.remove(name);
        self.lifted_holds += 1;
    }
}
