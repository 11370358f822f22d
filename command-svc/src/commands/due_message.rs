//! A scheduled message that is due, and whether it still is.

use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::Observation;

use crate::handler::AttemptError;
use crate::state::CommandState;

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
    /// Checks that the message still waits as it was loaded. The append fails if the mailbox
    /// changes before it, so that a cancelled message is never sent.
    pub(super) async fn observe(
        self,
        state: &CommandState,
        owner: &UserId,
        observed: &mut Vec<Observation>,
    ) -> Result<(), AttemptError> {
        let mailboxes = state.log().mailboxes();
        let (is_due, observation) = mailboxes
            .peek(owner.as_str(), |mailbox| {
                mailbox.scheduled(self.number).is_some_and(|message| {
                    !message.failed
                        && message.send_at == self.send_at
                        && message.body_digest == self.body_digest
                })
            })
            .await?;
        observed.push(observation);
        if is_due {
            return Ok(());
        }
        Err(Refusal::rule_violation(NOT_DUE, "The message is no longer due.").into())
    }
}
