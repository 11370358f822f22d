//! The file that is to become an avatar. The lookup is observed, so an avatar and the deletion of
//! its file cannot both be appended.

use domain::ids::UserId;
use domain::refusal::Refusal;
use domain::texts::Avatar;
use event_log::{LogError, Observation};

use crate::state::CommandState;

/// Whether the file that a command names as avatar can become one.
pub(crate) struct AvatarFile(Result<(), Refusal>);

impl AvatarFile {
    /// Looks up the file of this avatar, if it is one, and adds it to `observed`. It must be a file
    /// of one of the `owners`.
    pub(super) async fn observe(
        state: &CommandState,
        avatar: Option<&Avatar>,
        owners: &[&UserId],
        observed: &mut Vec<Observation>,
    ) -> Result<Self, LogError> {
        let Some(id) = avatar.and_then(Avatar::file) else {
            return Ok(Self(Ok(())));
        };
        let files = state.log().files();
        let (usable, observation) = files
            .peek(id.as_str(), |file| file.require_avatar(owners))
            .await?;
        observed.push(observation);
        Ok(Self(usable))
    }

    /// Refuses a change to an avatar whose file cannot become one. An avatar that stays what it was
    /// needs no check: an administrator may have removed its file.
    pub(super) fn check(
        self,
        old: Option<&Avatar>,
        new: Option<&Option<Avatar>>,
    ) -> Result<(), Refusal> {
        let is_changed = new.is_some_and(|new| new.as_ref() != old);
        if is_changed { self.0 } else { Ok(()) }
    }
}
