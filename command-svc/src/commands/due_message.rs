//! A scheduled message that is due, and whether it still is.

use domain::mailbox::Mailbox;
use domain::refusal::Refusal;
use domain::time::Timestamp;

/// The code of the refusal of a scheduled message that was changed or cancelled meanwhile.
pub(crate) const NOT_DUE: &str = "not_due";

/// A scheduled message that is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct DueMessage {
    pub(super) number: i64,
    pub(super) send_at: Timestamp,
    /// The digest of the body with which it was loaded.
    pub(super) body_digest: u128,
}

impl DueMessage {
    /// Checks that the message still waits as it was loaded.
    pub(super) fn check(self, mailbox: &Mailbox) -> Result<(), Refusal> {
        let message = mailbox.scheduled(self.number);
        let is_due = message.is_some_and(|message| {
            !message.failed
                && message.send_at == self.send_at
                && message.body_digest == self.body_digest
        });
        if is_due {
            return Ok(());
        }
        Err(Refusal::rule_violation(
            NOT_DUE,
            "The message is no longer due.",
        ))
    }
}
