//! Rules for switching features off and on.

use super::Deployment;
use super::command::SwitchFeature;
use super::event::{DeploymentEvent, FeatureSwitched};
use super::limits::check_reason;
use super::state::SwitchedOff;
use crate::refusal::Refusal;

impl Deployment {
    pub(super) fn switch_feature(
        &self,
        switch: SwitchFeature,
    ) -> Result<Vec<DeploymentEvent>, Refusal> {
        let SwitchFeature {
            feature,
            on,
            reason,
            until,
            by,
            now,
        } = switch;
        let current = self.switched_off.get(&feature);
        let current = current.filter(|off| off.until.is_none_or(|until| until > now));
        if on {
            if until.is_some() {
                return Err(Refusal::invalid(
                    "until",
                    "Only a feature that is switched off can have a time at which it is on again.",
                ));
            }
            if current.is_none() {
                return Ok(Vec::new());
            }
        } else {
            check_reason(reason.as_deref())?;
            if until.is_some_and(|until| until <= now) {
                return Err(Refusal::invalid("until", "Expected a time in the future."));
            }
            let wanted = SwitchedOff {
                reason: reason.clone(),
                until,
            };
            if current == Some(&wanted) {
                return Ok(Vec::new());
            }
        }
        Ok(vec![DeploymentEvent::FeatureSwitched(FeatureSwitched {
            feature,
            on,
            reason,
            until,
            by,
        })])
    }

    pub(super) fn apply_switch(&mut self, switched: FeatureSwitched) {
        let FeatureSwitched {
            feature,
            on,
            reason,
            until,
            ..
        } = switched;
        if on {
            self.switched_off.remove(&feature);
        } else {
            self.switched_off
                .insert(feature, SwitchedOff { reason, until });
        }
    }
}
