//! Rules for setting what counts as flooding.

use super::Deployment;
use super::command::SetFloodRules;
use super::event::{DeploymentEvent, FloodRulesSet};
use super::limits::MAX_FLOOD_RULES;
use crate::refusal::Refusal;

impl Deployment {
    pub(super) fn set_flood_rules(
        &self,
        set: SetFloodRules,
    ) -> Result<Vec<DeploymentEvent>, Refusal> {
        let SetFloodRules { rules, by } = set;
        if rules.len() > MAX_FLOOD_RULES {
            let detail = format!("There can be at most {MAX_FLOOD_RULES} flood rules.");
            return Err(Refusal::invalid("rules", detail));
        }
        for (index, rule) in rules.iter().enumerate() {
            rule.check(index)?;
        }
        if rules == self.flood_rules {
            return Ok(Vec::new());
        }
        let set = FloodRulesSet { rules, by };
        Ok(vec![DeploymentEvent::FloodRulesSet(set)])
    }
}
