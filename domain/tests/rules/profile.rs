//! Profiles, settings, deactivation, revocation and restrictions.

use domain::profile::Profile;
use domain::profile::command::{
    ChangeProfile, ChangeSettings, LiftRestriction, ProfileCommand, RestrictUser, RevokeTokens,
};
use domain::profile::event::{
    ProfileChanged, ProfileErased, ProfileEvent, PublicProfile, RestrictionKind, RestrictionLifted,
    TokensRevoked, UserActivation, UserKind, UserKindChanged, UserRestricted,
};
use domain::profile::settings::{Consent, UserSettings};
use domain::texts::{About, DisplayName};
use domain::time::Timestamp;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn empty() -> Given<Profile> {
    given([])
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn change(by: &str) -> ChangeProfile {
    ChangeProfile {
        display_name: None,
        avatar: None,
        about: None,
        locale: None,
        custom: None,
        kind: None,
        deactivated: None,
        by: user(by),
    }
}

fn rename(to: Option<&str>) -> ProfileCommand {
    ProfileCommand::Change(ChangeProfile {
        display_name: Some(to.map(name)),
        ..change("anna")
    })
}

fn changed(display_name: Option<&str>, about: Option<&str>) -> ProfileEvent {
    ProfileEvent::ProfileChanged(ProfileChanged {
        profile: PublicProfile {
            display_name: display_name.map(name),
            about: about.map(|text| About::parse(text).unwrap()),
            ..PublicProfile::default()
        },
        by: user("anna"),
        flags: vec![],
    })
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_null_removes() {
    empty()
        .when(rename(Some("Anna")))
        .then([changed(Some("Anna"), None)])
        .when(ProfileCommand::Change(ChangeProfile {
            about: Some(Some(About::parse("busy").unwrap())),
            ..change("anna")
        }))
        .then([changed(Some("Anna"), Some("busy"))])
        .when(rename(None))
        .then([changed(None, Some("busy"))])
        .when(rename(None))
        .then_nothing();
}

#[test]
fn an_administrator_changes_several_things_at_once() {
    let by = || user("root");
    let all = || {
        ProfileCommand::Change(ChangeProfile {
            display_name: Some(Some(name("Helper"))),
            kind: Some(UserKind::Bot),
            deactivated: Some(true),
            ..change("root")
        })
    };
    let profile = PublicProfile {
        display_name: Some(name("Helper")),
        ..PublicProfile::default()
    };
    empty()
        .when(all())
        .then([
            ProfileEvent::ProfileChanged(ProfileChanged {
                profile,
                by: by(),
                flags: vec![],
            }),
            ProfileEvent::UserKindChanged(UserKindChanged {
                kind: UserKind::Bot,
                by: by(),
            }),
            ProfileEvent::UserDeactivated(UserActivation { by: by() }),
        ])
        .when(all())
        .then_nothing()
        .when(ProfileCommand::Change(ChangeProfile {
            deactivated: Some(false),
            ..change("root")
        }))
        .then([ProfileEvent::UserReactivated(UserActivation { by: by() })]);
}

#[test]
fn settings_have_defaults_and_are_changed_one_by_one() {
    let only = ProfileCommand::ChangeSettings(ChangeSettings {
        direct_from: Some(Consent::Contacts),
        ..ChangeSettings::default()
    });
    let settings = UserSettings {
        direct_from: Consent::Contacts,
        ..UserSettings::default()
    };
    empty()
        .when(ProfileCommand::ChangeSettings(ChangeSettings {
            last_seen: Some(true),
            read_receipts: Some(true),
            ..ChangeSettings::default()
        }))
        .then_nothing()
        .when(only.clone())
        .then([ProfileEvent::SettingsChanged(settings)])
        .when(only)
        .then_nothing();
}

#[test]
fn a_user_chooses_the_default_too() {
    let anyone = ProfileCommand::ChangeSettings(ChangeSettings {
        groups_from: Some(Consent::Anyone),
        ..ChangeSettings::default()
    });
    let chosen = UserSettings {
        groups_from_chosen: true,
        ..UserSettings::default()
    };
    empty()
        .when(anyone.clone())
        .then([ProfileEvent::SettingsChanged(chosen)])
        .when(anyone)
        .then_nothing();
}

#[test]
fn a_revocation_only_moves_forward() {
    let revoke = |before| {
        ProfileCommand::RevokeTokens(RevokeTokens {
            before: Timestamp::from_millis(before),
            by: user("root"),
        })
    };
    let revoked = |before| {
        ProfileEvent::TokensRevoked(TokensRevoked {
            before: Timestamp::from_millis(before),
            by: user("root"),
        })
    };
    empty()
        .when(revoke(5))
        .then([revoked(5)])
        .when(revoke(4))
        .then_nothing()
        .when(revoke(6))
        .then([revoked(6)]);
}

#[test]
fn a_restriction_is_replaced_and_lifted() {
    let restrict = |kind, until| {
        ProfileCommand::Restrict(RestrictUser {
            kind,
            until,
            reason: None,
            by: user("mod"),
            now: Timestamp::from_millis(5),
        })
    };
    let restricted = |kind, until| {
        ProfileEvent::UserRestricted(UserRestricted {
            kind,
            until,
            reason: None,
            by: user("mod"),
        })
    };
    let lift_at = |now| {
        let (by, now) = (user("mod"), Timestamp::from_millis(now));
        ProfileCommand::LiftRestriction(LiftRestriction { by, now })
    };
    let lift = || lift_at(5);
    let until = Some(Timestamp::from_millis(9));
    let (silenced, banned) = (RestrictionKind::Silenced, RestrictionKind::Banned);
    empty()
        .when(lift())
        .then_nothing()
        .when(restrict(silenced, until))
        .then([restricted(silenced, until)])
        .when(restrict(silenced, until))
        .then_nothing()
        .when(lift_at(9))
        .then_nothing()
        .when(restrict(banned, None))
        .then([restricted(banned, None)])
        .when(lift())
        .then([ProfileEvent::RestrictionLifted(RestrictionLifted {
            by: user("mod"),
        })])
        .when(lift())
        .then_nothing()
        .when(restrict(silenced, Some(Timestamp::from_millis(5))))
        .then_refused("invalid");
}

#[test]
fn erasing_removes_what_the_profile_says_and_nothing_else() {
    let erase = || ProfileCommand::Erase(user("root"));
    let deactivated = ProfileEvent::UserDeactivated(UserActivation { by: user("root") });
    let after = given::<Profile>([changed(Some("Anna"), Some("busy")), deactivated])
        .when(erase())
        .then([ProfileEvent::ProfileErased(ProfileErased {
            by: user("root"),
        })]);
    assert_eq!(*after.state.public_profile(), PublicProfile::default());
    assert!(after.state.is_deactivated());
    after.when(erase()).then_nothing();
}
