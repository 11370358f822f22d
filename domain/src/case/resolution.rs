//! Rules for closing a case and opening it again.

use super::Case;
use super::command::ResolveCase;
use super::event::{CaseAction, CaseEvent, CaseReopened, CaseResolved};
use super::target::CaseTarget;
use crate::ids::UserId;
use crate::refusal::Refusal;

impl Case {
    /// Checks a resolution before something is done about the target. Returns whether something is
    /// to be done: not if the case has been closed in just this way.
    pub fn check_resolution(&self, resolve: &ResolveCase) -> Result<bool, Refusal> {
        let target = self.target.as_ref().ok_or_else(Refusal::not_found)?;
        if let Some(known) = self.resolution() {
            if known.action == resolve.action && known.until == resolve.until {
                return Ok(false);
            }
            return Err(Refusal::conflict(
                "The case has been closed with another action; reopen it first.",
            ));
        }
        check_action(target, resolve.action)?;
        if let Some(until) = resolve.until {
            let can_end = matches!(resolve.action, CaseAction::Silence | CaseAction::Ban);
            if !can_end {
                return Err(Refusal::invalid(
                    "until",
                    "Only a silence or a ban can end by itself; omit until.",
                ));
            }
            if until <= resolve.now {
                return Err(Refusal::invalid(
                    "until",
                    "Expected a time in the future, or null for what does not end by itself.",
                ));
            }
        }
        Ok(true)
    }

    /// Checks whether the case can be opened again, before something is undone. Returns whether it
    /// is closed.
    pub fn check_reopening(&self) -> Result<bool, Refusal> {
        if self.target.is_none() {
            return Err(Refusal::not_found());
        }
        let action = self.resolution().map(|resolution| resolution.action);
        if matches!(action, Some(CaseAction::Release | CaseAction::Refuse)) {
            return Err(Refusal::rule_violation(
                "irreversible",
                "The decision about a held message is final, because its sender knows it.",
            ));
        }
        Ok(action.is_some())
    }

    pub(super) fn resolve(&self, resolve: ResolveCase) -> Result<Vec<CaseEvent>, Refusal> {
        if !self.check_resolution(&resolve)? {
            return Ok(Vec::new());
        }
        let ResolveCase {
            action,
            user,
            until,
            note,
            by,
            now: _,
        } = resolve;
        Ok(vec![CaseEvent::CaseResolved(CaseResolved {
            action,
            user,
            until,
            note,
            by,
        })])
    }

    pub(super) fn reopen(&self, by: UserId) -> Result<Vec<CaseEvent>, Refusal> {
        let reopened = CaseEvent::CaseReopened(CaseReopened { by });
        let is_closed = self.check_reopening()?;
        Ok(is_closed.then_some(reopened).into_iter().collect())
    }
}

/// Checks that something of this kind can be done about a target.
fn check_action(target: &CaseTarget, action: CaseAction) -> Result<(), Refusal> {
    let is_held = matches!(target, CaseTarget::Held { .. });
    let is_message = matches!(target, CaseTarget::Message { .. });
    let expected = match action {
        CaseAction::Release | CaseAction::Refuse if !is_held => {
            "Only a message that is held can be released or refused."
        }
        CaseAction::Release | CaseAction::Refuse => return Ok(()),
        _ if is_held => "A message that is held can be released or refused.",
        CaseAction::Recall if !is_message => "Only a message can be recalled.",
        _ => return Ok(()),
    };
    Err(Refusal::invalid("action", expected))
}
