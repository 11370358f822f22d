//! Erases what a user wrote besides messages: the profile, notes with requests and reports, and
//! messages that are scheduled.

use domain::ids::UserId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{CancelScheduledMessages, MailboxCommand};
use domain::profile::command::ProfileCommand;
use event_log::AppendedRange;

use super::append_decided::append_decided;
use crate::error::CommandError;
use crate::state::CommandState;

/// Erases what the profile of a user says. `None` if it says nothing.
pub(super) async fn erase_profile(
    state: &CommandState,
    user: &UserId,
    by: &UserId,
) -> Result<Option<AppendedRange>, CommandError> {
    append_decided(state.log().profiles(), user, Some(by), |profile| {
        profile.decide(ProfileCommand::Erase(by.clone()))
    })
    .await
}

/// Erases the notes that a user wrote. There must be some.
pub(super) async fn erase_notes(
    state: &CommandState,
    user: &UserId,
    by: &UserId,
) -> Result<Option<AppendedRange>, CommandError> {
    let erase =
        |mailbox: &Mailbox| mailbox.decide(MailboxCommand::EraseNotes(by.clone()), state.limits());
    append_decided(state.log().mailboxes(), user, Some(by), erase).await
}

/// Cancels these scheduled messages of a user, or all of them, which erases their content. `None`
/// if none of them waits.
pub(super) async fn cancel_scheduled(
    state: &CommandState,
    owner: &UserId,
    numbers: Option<Vec<i64>>,
    by: &UserId,
) -> Result<Option<AppendedRange>, CommandError> {
    let cancel = |mailbox: &Mailbox| {
        let all = || mailbox.scheduled_numbers().collect();
        let cancel = CancelScheduledMessages {
            numbers: numbers.clone().unwrap_or_else(all),
            by: by.clone(),
            now: None,
        };
        mailbox.decide(MailboxCommand::CancelScheduled(cancel), state.limits())
    };
    append_decided(state.log().mailboxes(), owner, Some(by), cancel).await
}
