//! The profile aggregate: what a user shows of themselves, their settings, and what administrators
//! and moderators have decided about them. Who may send which command is checked before: the owner
//! changes profile and settings, administrators everything, moderators restrictions.

pub mod command;
pub mod event;
pub mod settings;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use command::{
    ChangeProfile, ChangeSettings, LiftRestriction, ProfileCommand, RestrictUser, RevokeTokens,
};
use event::{
    ProfileChanged, ProfileErased, ProfileEvent, PublicProfile, RestrictionLifted, TokensRevoked,
    UserActivation, UserKind, UserKindChanged, UserRestricted,
};
use settings::UserSettings;

/// The state of one profile.
///
/// It is stored in snapshots; the serialized field names must not change, and a new field needs a
/// default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What others see.
    #[serde(rename = "profile")]
    shown: PublicProfile,
    settings: UserSettings,
    kind: UserKind,
    deactivated: bool,
    /// Tokens issued up to this time are invalid.
    revoked_before: Option<Timestamp>,
    restriction: Option<UserRestricted>,
}

impl Profile {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it.
    pub fn decide(&self, command: ProfileCommand) -> Result<Vec<ProfileEvent>, Refusal> {
        Ok(match command {
            ProfileCommand::Change(change) => self.change(change),
            ProfileCommand::ChangeSettings(change) => {
                self.change_settings(change).into_iter().collect()
            }
            ProfileCommand::RevokeTokens(revoke) => self.revoke(revoke).into_iter().collect(),
            ProfileCommand::Restrict(restrict) => self.restrict(restrict)?.into_iter().collect(),
            ProfileCommand::LiftRestriction(lift) => self.lift(lift).into_iter().collect(),
            ProfileCommand::Erase(by) => {
                let erased = ProfileEvent::ProfileErased(ProfileErased { by });
                let is_empty = self.shown == PublicProfile::default();
                (!is_empty).then_some(erased).into_iter().collect()
            }
        })
    }

    /// What others see of the user.
    pub fn public_profile(&self) -> &PublicProfile {
        &self.shown
    }

    /// The user's settings.
    pub fn settings(&self) -> &UserSettings {
        &self.settings
    }

    /// What kind of user it is.
    pub fn kind(&self) -> UserKind {
        self.kind
    }

    /// Whether an administrator has deactivated the user.
    pub fn is_deactivated(&self) -> bool {
        self.deactivated
    }

    /// Tokens that were issued up to this time are invalid.
    pub fn revoked_before(&self) -> Option<Timestamp> {
        self.revoked_before
    }

    /// The restriction of the user, which may have ended by itself.
    pub fn restriction(&self) -> Option<&UserRestricted> {
        self.restriction.as_ref()
    }

    fn change(&self, change: ChangeProfile) -> Vec<ProfileEvent> {
        let by = change.by;
        let known = &self.shown;
        let profile = PublicProfile {
            display_name: change
                .display_name
                .unwrap_or_else(|| known.display_name.clone()),
            avatar: change.avatar.unwrap_or_else(|| known.avatar.clone()),
            about: change.about.unwrap_or_else(|| known.about.clone()),
            locale: change.locale.unwrap_or_else(|| known.locale.clone()),
            custom: change.custom.unwrap_or_else(|| known.custom.clone()),
        };
        let mut events = Vec::new();
        if profile != *known {
            let by = by.clone();
            events.push(ProfileEvent::ProfileChanged(ProfileChanged {
                profile,
                by,
                flags: Vec::new(),
            }));
        }
        if let Some(kind) = change.kind.filter(|kind| *kind != self.kind) {
            let by = by.clone();
            events.push(ProfileEvent::UserKindChanged(UserKindChanged { kind, by }));
        }
        match change.deactivated {
            Some(true) if !self.deactivated => {
                events.push(ProfileEvent::UserDeactivated(UserActivation { by }));
            }
            Some(false) if self.deactivated => {
                events.push(ProfileEvent::UserReactivated(UserActivation { by }));
            }
            _ => {}
        }
        events
    }

    fn change_settings(&self, change: ChangeSettings) -> Option<ProfileEvent> {
        let known = &self.settings;
        let settings = UserSettings {
            direct_from: change.direct_from.unwrap_or(known.direct_from),
            groups_from: change.groups_from.unwrap_or(known.groups_from),
            groups_from_chosen: known.groups_from_chosen || change.groups_from.is_some(),
            read_receipts: change.read_receipts.unwrap_or(known.read_receipts),
            last_seen: change.last_seen.unwrap_or(known.last_seen),
            quiet_hours: change
                .quiet_hours
                .unwrap_or_else(|| known.quiet_hours.clone()),
        };
        (settings != *known).then_some(ProfileEvent::SettingsChanged(settings))
    }

    fn revoke(&self, revoke: RevokeTokens) -> Option<ProfileEvent> {
        let RevokeTokens { before, by } = revoke;
        let is_later = self.revoked_before.is_none_or(|known| known < before);
        is_later.then_some(ProfileEvent::TokensRevoked(TokensRevoked { before, by }))
    }

    fn restrict(&self, restrict: RestrictUser) -> Result<Option<ProfileEvent>, Refusal> {
        let RestrictUser {
            kind,
            until,
            reason,
            by,
            now,
        } = restrict;
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::invalid(
                "until",
                "Expected a time in the future, or null for a restriction that does not end by \
                 itself.",
            ));
        }
        let is_same = self.restriction.as_ref().is_some_and(|known| {
            known.kind == kind && known.until == until && known.reason == reason
        });
        Ok(
            (!is_same).then_some(ProfileEvent::UserRestricted(UserRestricted {
                kind,
                until,
                reason,
                by,
            })),
        )
    }

    /// Nothing is left to lift once the restriction has ended by itself.
    fn lift(&self, lift: LiftRestriction) -> Option<ProfileEvent> {
        let LiftRestriction { by, now } = lift;
        let restriction = self.restriction.as_ref()?;
        let is_in_force = restriction.is_in_force(now);
        is_in_force.then_some(ProfileEvent::RestrictionLifted(RestrictionLifted { by }))
    }
}

impl Aggregate for Profile {
    const TYPE: &'static str = "profile";
    type Command = ProfileCommand;
    type Event = ProfileEvent;
    type Error = Refusal;
    type Services = Limits;

    async fn handle(
        &mut self,
        command: ProfileCommand,
        _: &Limits,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ProfileEvent) {
        match event {
            ProfileEvent::ProfileChanged(changed) => self.shown = changed.profile,
            ProfileEvent::SettingsChanged(settings) => self.settings = settings,
            ProfileEvent::UserKindChanged(changed) => self.kind = changed.kind,
            ProfileEvent::UserDeactivated(_) => self.deactivated = true,
            ProfileEvent::UserReactivated(_) => self.deactivated = false,
            ProfileEvent::TokensRevoked(revoked) => {
                self.revoked_before = self.revoked_before.max(Some(revoked.before));
            }
            ProfileEvent::UserRestricted(restricted) => self.restriction = Some(restricted),
            ProfileEvent::RestrictionLifted(_) => self.restriction = None,
            ProfileEvent::ProfileErased(_) => self.shown = PublicProfile::default(),
        }
    }
}

/// The upcasters for cqrs-es stores that read the `events` view.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<ProfileEvent>()
}
