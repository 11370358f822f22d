//! Rules for blocking users, whose direct messages the owner then refuses.

use super::Mailbox;
use super::event::{BlockedUser, MailboxEvent};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Mailbox {
    /// Whether the owner has blocked this user.
    pub fn has_blocked(&self, user: &UserId) -> bool {
        self.blocked_users.contains(user)
    }

    pub(super) fn block(
        &self,
        user: UserId,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        if self.has_blocked(&user) {
            return Ok(None);
        }
        let most = limits.blocks;
        if self.blocked_users.len() >= most {
            return Err(Refusal::invalid(
                "user",
                format!("A user can block at most {most} others."),
            ));
        }
        Ok(Some(MailboxEvent::UserBlocked(BlockedUser { user })))
    }

    pub(super) fn unblock(&self, user: UserId) -> Option<MailboxEvent> {
        self.has_blocked(&user)
            .then_some(MailboxEvent::UserUnblocked(BlockedUser { user }))
    }
}
