//! Where a message that is sent without a request comes from, and whether it still waits there.

use domain::held_id::HeldId;
use domain::ids::UserId;
use domain::mailbox::Mailbox;
use domain::refusal::Refusal;
use event_log::Observation;

use super::due_message::DueMessage;
use crate::handler::AttemptError;
use crate::state::CommandState;

/// The code of the refusal to release a held message on which somebody has decided meanwhile.
pub(crate) const NOT_HELD: &str = "not_held";

/// A message that waits in the mailbox of its sender.
#[derive(Debug, Clone, Copy)]
pub(super) enum WaitingMessage {
    /// A scheduled message that is due.
    Due(DueMessage),
    /// A held message that is released.
    Held(HeldId),
}

impl WaitingMessage {
    /// Checks that the message still waits as it was loaded. The append fails if the mailbox
    /// changes before it, so that what was cancelled or refused is never sent.
    pub(super) async fn observe(
        self,
        state: &CommandState,
        owner: &UserId,
        observed: &mut Vec<Observation>,
    ) -> Result<(), AttemptError> {
        let mailboxes = state.log().mailboxes();
        let (waits, observation) = mailboxes
            .peek(owner.as_str(), |mailbox| self.check(mailbox))
            .await?;
        observed.push(observation);
        Ok(waits?)
    }

    /// The same on the mailbox itself.
    pub(super) fn check(self, mailbox: &Mailbox) -> Result<(), Refusal> {
        match self {
            Self::Due(due) => due.check(mailbox),
            Self::Held(id) if mailbox.held(id).is_some() => Ok(()),
            Self::Held(_) => Err(Refusal::rule_violation(
                NOT_HELD,
                "The message is no longer held.",
            )),
        }
    }
}
