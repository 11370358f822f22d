//! The one place that evaluates policy, silences and bans, for every command.

use std::time::Duration;

use super::Conversation;
use super::access_command::SanctionKind;
use super::access_state::AccessState;
use super::event::Role;
use super::settings::{ConversationPolicy, PostPolicy};
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What a member wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberAction {
    Send,
    Edit,
    Recall,
    /// Add or remove a reaction.
    React,
    /// Change the title, the topic or a setting.
    Change,
}

/// Who wants to do it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ActingMember<'a> {
    pub user: &'a UserId,
    pub role: Role,
}

impl AccessState {
    /// Checks whether policy and silences let a member do something now. What the system does is
    /// not checked: imports, retention and erasure work in any conversation.
    pub fn check(
        &self,
        action: MemberAction,
        member: ActingMember<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        use MemberAction as A;
        self.check_not_silenced(member.user, now)?;
        if member.role >= Role::Admin {
            return Ok(());
        }
        let policy = &self.policy;
        if policy.frozen && action != A::Change {
            return Err(Refusal::barred(
                "frozen",
                "The conversation is frozen: only its owner and admins can write in it.",
            ));
        }
        if policy.post == PostPolicy::Admins && matches!(action, A::Send | A::Edit) {
            return Err(Refusal::barred(
                "read_only",
                "Only the owner and admins can write in this conversation.",
            ));
        }
        if action == A::Send {
            self.check_slow_mode(member.user, now)?;
        }
        Ok(())
    }

    fn check_not_silenced(&self, user: &UserId, now: Timestamp) -> Result<(), Refusal> {
        match self.sanction_in_force(SanctionKind::Silence, user, now) {
            None => Ok(()),
            Some(silence) => Err(Refusal::sanctioned(
                "silenced",
                "You are silenced in this conversation: you can read, but not write.",
                silence.until,
            )),
        }
    }

    /// Checks whether a user may become a member, or anything on the way to that. Callers check
    /// before whether the user may know of the conversation.
    pub fn check_not_banned(&self, user: &UserId, now: Timestamp) -> Result<(), Refusal> {
        match self.sanction_in_force(SanctionKind::Ban, user, now) {
            None => Ok(()),
            Some(ban) => Err(Refusal::sanctioned(
                "banned",
                format!("{user} is banned from this conversation until the ban is lifted or ends."),
                ban.until,
            )),
        }
    }

    fn check_slow_mode(&self, user: &UserId, now: Timestamp) -> Result<(), Refusal> {
        let slow_mode = self.policy.slow_mode;
        let Some(last) = self.slow_sends.get(user) else {
            return Ok(());
        };
        let next = last.millis().saturating_add(slow_mode.millis());
        // A clock that was set back must not make anybody wait longer than the setting says.
        let wait = next.saturating_sub(now.millis()).min(slow_mode.millis());
        match u64::try_from(wait) {
            Ok(wait) if wait > 0 => Err(Refusal::slow_mode(
                Duration::from_millis(wait),
                format!(
                    "Members wait {} seconds between two messages in this conversation.",
                    slow_mode.seconds()
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl Conversation {
    /// The policy.
    pub fn policy(&self) -> &ConversationPolicy {
        &self.access.policy
    }
}
