//! Drops registrations for pushes without a request of their user.

use domain::ids::{DeviceId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::push_command::DropPush;
use domain::mailbox::push_event::{PushDropCause, RegistrationDigest};
use event_log::{AppendedRange, LogError};
use push::store;

use super::append_decided::append_decided;
use crate::error::CommandError;
use crate::state::CommandState;

/// The registration cannot be dropped now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a registration for pushes cannot be dropped: {0}")]
pub struct PushDropError(&'static str);

/// Drops the registration of a device because its provider says that the token is gone, unless the
/// device has registered another one since.
pub async fn drop_gone_push(
    state: &CommandState,
    user: &str,
    device: &str,
    digest: &str,
) -> Result<(), PushDropError> {
    let dropped = drop_push(state, user, device, digest, PushDropCause::Gone).await;
    dropped.map_err(|error| PushDropError(error.code()))
}

/// Drops the registration of a device that has this digest, and removes the token.
pub(super) async fn drop_push(
    state: &CommandState,
    user: &str,
    device: &str,
    digest: &str,
    cause: PushDropCause,
) -> Result<(), CommandError> {
    let corrupt = |invalid: domain::ids::InvalidIdError| LogError::Corrupt(invalid.0.to_owned());
    let owner = UserId::parse(user).map_err(corrupt)?;
    let drop = DropPush {
        device: Some(DeviceId::parse(device).map_err(corrupt)?),
        digest: Some(RegistrationDigest::parse(digest).map_err(corrupt)?),
        cause,
    };
    let digest = drop.digest.clone();
    append(state, &owner, None, drop).await?;
    if let Some(digest) = digest {
        let removed = store::remove(state.push()?.pool(), user, device, &digest).await;
        removed.map_err(LogError::from)?;
    }
    Ok(())
}

/// Drops all registrations of a user, and removes the tokens. `None` if there are none.
pub(super) async fn drop_all(
    state: &CommandState,
    owner: &UserId,
    by: &UserId,
    cause: PushDropCause,
) -> Result<Option<AppendedRange>, CommandError> {
    let drop = DropPush {
        device: None,
        digest: None,
        cause,
    };
    let appended = append(state, owner, Some(by), drop).await?;
    // A process without tokens leaves the rest to the dispatcher.
    if let Ok(registry) = state.push() {
        let removed = store::remove_all(registry.pool(), owner.as_str()).await;
        removed.map_err(LogError::from)?;
    }
    Ok(appended)
}

async fn append(
    state: &CommandState,
    owner: &UserId,
    by: Option<&UserId>,
    drop: DropPush,
) -> Result<Option<AppendedRange>, CommandError> {
    let decide =
        |mailbox: &Mailbox| mailbox.decide(MailboxCommand::DropPush(drop.clone()), state.limits());
    append_decided(state.log().mailboxes(), owner, by, decide).await
}
