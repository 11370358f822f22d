//! Rules for setting which hosts texts may link to.

use super::Deployment;
use super::command::SetLinkRules;
use super::event::{DeploymentEvent, LinkRulesSet};
use super::limits::MAX_HOSTS;
use super::state::LinkRules;
use crate::refusal::Refusal;

impl Deployment {
    pub(super) fn set_link_rules(
        &self,
        set: SetLinkRules,
    ) -> Result<Vec<DeploymentEvent>, Refusal> {
        let SetLinkRules {
            deny,
            allow_only,
            action,
            by,
        } = set;
        for (field, hosts) in [("deny", Some(&deny)), ("allow_only", allow_only.as_ref())] {
            if hosts.is_some_and(|hosts| hosts.len() > MAX_HOSTS) {
                let detail = format!("At most {MAX_HOSTS} hosts can be listed.");
                return Err(Refusal::invalid(field, detail));
            }
        }
        let wanted = LinkRules {
            deny,
            allow_only,
            action,
        };
        if wanted == self.link_rules {
            return Ok(Vec::new());
        }
        Ok(vec![DeploymentEvent::LinkRulesSet(LinkRulesSet {
            deny: wanted.deny,
            allow_only: wanted.allow_only,
            action,
            by,
        })])
    }

    pub(super) fn apply_link_rules(&mut self, set: LinkRulesSet) {
        self.link_rules = LinkRules {
            deny: set.deny,
            allow_only: set.allow_only,
            action: set.action,
        };
    }
}
