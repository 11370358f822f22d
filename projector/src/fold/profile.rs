//! Applies the events of a user's profile. They have no entries: nobody's feed contains them.

use domain::ids::UserId;
use domain::profile::event::{ProfileEvent, PublicProfile};
use domain::profile::settings::UserSettings;

use super::outcome::FoldError;
use super::sequence::check_sequence;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::{ProfileState, ReceiptsOffPeriod};
use crate::working_set::{RowChange, TrackedRow};

impl Fold<'_> {
    pub(super) fn apply_profile(
        &mut self,
        at: EventPosition,
        user: &UserId,
        event: &ProfileEvent,
    ) -> Result<(), FoldError> {
        let known = self.working_set.profiles.get(user);
        check_sequence(known.map_or(0, |known| known.row.sequence), at.sequence)?;
        // Works on a copy, so that an event that cannot be folded changes nothing.
        let mut profile = known.map_or_else(ProfileState::default, |known| known.row.clone());
        profile.apply(event)?;
        profile.sequence = at.sequence;
        profile.user_id = self.assign_user_id(user);
        self.set_read_receipts(at, user, profile.read_receipts);
        let tracked = self
            .working_set
            .profiles
            .entry(user.clone())
            .or_insert_with(|| TrackedRow::new(ProfileState::default()));
        *tracked.mark(RowChange::Row) = profile;
        Ok(())
    }

    /// Notes whether a user sends and sees read receipts from this position on.
    fn set_read_receipts(&mut self, at: EventPosition, name: &UserId, on: bool) {
        let Some(user) = self.working_set.users.get_mut(name) else {
            return;
        };
        if user.row.read_receipts == on {
            return;
        }
        user.mark(RowChange::Row).read_receipts = on;
        let user = user.row.id;
        let periods = &mut self.rows.receipts_off;
        if !on {
            periods.push(ReceiptsOffPeriod::from(user, at.position));
            return;
        }
        let mut earlier = periods.iter_mut();
        match earlier.find(|period| period.user == user && period.to_position.is_none()) {
            Some(period) => period.to_position = Some(at.position),
            None => self.rows.receipts_on.push((user, at.position)),
        }
    }
}

impl ProfileState {
    fn apply(&mut self, event: &ProfileEvent) -> Result<(), serde_json::Error> {
        match event {
            ProfileEvent::ProfileChanged(changed) => self.set_public_profile(&changed.profile),
            ProfileEvent::ProfileErased(_) => self.set_public_profile(&PublicProfile::default()),
            ProfileEvent::SettingsChanged(settings) => self.set_settings(settings)?,
            ProfileEvent::UserKindChanged(changed) => {
                changed.kind.as_str().clone_into(&mut self.kind);
            }
            ProfileEvent::UserDeactivated(_) => self.deactivated = true,
            ProfileEvent::UserReactivated(_) => self.deactivated = false,
            ProfileEvent::TokensRevoked(revoked) => {
                self.revoked_before = self.revoked_before.max(Some(revoked.before.into()));
            }
            ProfileEvent::UserRestricted(restricted) => {
                self.restriction = Some(serde_json::to_string(restricted)?);
            }
            ProfileEvent::RestrictionLifted(_) => self.restriction = None,
        }
        Ok(())
    }

    fn set_public_profile(&mut self, profile: &PublicProfile) {
        self.display_name = profile.display_name.clone().map(String::from);
        self.avatar = profile.avatar.clone().map(String::from);
        self.about = profile.about.clone().map(String::from);
        self.locale = profile.locale.clone().map(String::from);
        let custom = profile.custom.as_ref();
        self.custom = custom.map(|fields| fields.as_json().to_owned());
    }

    fn set_settings(&mut self, settings: &UserSettings) -> Result<(), serde_json::Error> {
        settings
            .direct_from
            .as_str()
            .clone_into(&mut self.direct_from);
        settings
            .groups_from
            .as_str()
            .clone_into(&mut self.groups_from);
        self.groups_from_chosen = settings.groups_from_chosen;
        self.read_receipts = settings.read_receipts;
        self.last_seen = settings.last_seen;
        let quiet_hours = settings.quiet_hours.as_ref();
        self.quiet_hours = quiet_hours.map(serde_json::to_string).transpose()?;
        Ok(())
    }
}
