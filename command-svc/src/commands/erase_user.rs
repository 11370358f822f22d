//! Erases what a user wrote besides messages: the profile, notes with requests and reports, and
//! messages that are scheduled.

use std::sync::Arc;

use cqrs_es::Aggregate;
use domain::ids::UserId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{CancelScheduledMessages, MailboxCommand};
use domain::profile::command::ProfileCommand;
use domain::refusal::Refusal;
use event_log::{AggregateStore, AppendError, AppendRequest, AppendedRange, CachedAggregate};

use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::state::CommandState;

/// Erases what the profile of a user says. `None` if it says nothing.
pub(super) async fn erase_profile(
    state: &CommandState,
    user: &UserId,
    by: &UserId,
) -> Result<Option<AppendedRange>, CommandError> {
    append_decided(state.log().profiles(), user, by, |profile| {
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
    append_decided(state.log().mailboxes(), user, by, erase).await
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
    append_decided(state.log().mailboxes(), owner, by, cancel).await
}

/// Appends what this decision of `by` about an aggregate of the user returns. `None` if that is
/// nothing.
async fn append_decided<A: CachedAggregate>(
    store: &Arc<AggregateStore<A>>,
    user: &UserId,
    by: &UserId,
    decide: impl Fn(&A) -> Result<Vec<<A as Aggregate>::Event>, Refusal>,
) -> Result<Option<AppendedRange>, CommandError> {
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let locked = store.lock(user.as_str()).await?;
        let events = decide(locked.state())?;
        if events.is_empty() {
            return Ok(None);
        }
        let append = AppendRequest {
            actor: Some(by.clone()),
            ..AppendRequest::from_events(events)
        };
        match locked.append(append).wait().await {
            Ok(appended) => return Ok(Some(appended)),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
            Err(AppendError::Log(error)) => return Err(error.into()),
        }
    }
}
