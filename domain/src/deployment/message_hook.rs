//! Rules for the hook: an outside service that checks messages before they are sent.

use super::Deployment;
use super::command::SetHook;
use super::event::{DeploymentEvent, HookRemoved, HookSet};
use super::limits::{HOOK_TIMEOUT_MS, MAX_HOOK_URL_BYTES};
use super::state::MessageHook;
use crate::ids::UserId;
use crate::refusal::Refusal;

impl Deployment {
    /// The hook.
    pub fn hook(&self) -> Option<&MessageHook> {
        self.hook.as_ref()
    }

    /// A hook that is changed keeps its secret, so its service need not be changed at the same
    /// moment. The one of the command is for a new hook.
    pub(super) fn set_hook(&self, set: SetHook) -> Result<Vec<DeploymentEvent>, Refusal> {
        let SetHook { mut hook, by } = set;
        if hook.url.len() > MAX_HOOK_URL_BYTES {
            return Err(Refusal::invalid(
                "url",
                format!("Expected an address of at most {MAX_HOOK_URL_BYTES} bytes."),
            ));
        }
        if !HOOK_TIMEOUT_MS.contains(&hook.timeout_ms) {
            let (from, to) = (HOOK_TIMEOUT_MS.start(), HOOK_TIMEOUT_MS.end());
            return Err(Refusal::invalid(
                "timeout_ms",
                format!("Expected {from} to {to} milliseconds."),
            ));
        }
        hook.types.sort_unstable_by_key(|kind| kind.as_str());
        hook.types.dedup();
        if let Some(current) = &self.hook {
            hook.secret_id.clone_from(&current.secret_id);
            if *current == hook {
                return Ok(Vec::new());
            }
        }
        let MessageHook {
            url,
            types,
            timeout_ms,
            on_failure,
            secret_id,
        } = hook;
        Ok(vec![DeploymentEvent::HookSet(HookSet {
            url,
            types,
            timeout_ms,
            on_failure,
            secret_id,
            by,
        })])
    }

    pub(super) fn remove_hook(&self, by: UserId) -> Vec<DeploymentEvent> {
        let removed = self.hook.is_some();
        let event = removed.then_some(DeploymentEvent::HookRemoved(HookRemoved { by }));
        event.into_iter().collect()
    }

    pub(super) fn apply_hook(&mut self, set: HookSet) {
        self.hook = Some(MessageHook::from(set));
    }
}

impl From<HookSet> for MessageHook {
    fn from(set: HookSet) -> Self {
        let HookSet {
            url,
            types,
            timeout_ms,
            on_failure,
            secret_id,
            by: _,
        } = set;
        Self {
            url,
            types,
            timeout_ms,
            on_failure,
            secret_id,
        }
    }
}
