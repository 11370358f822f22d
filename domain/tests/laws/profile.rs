//! Properties of the profile aggregate.

use cqrs_es::Aggregate;
use domain::custom_fields::CustomFields;
use domain::event::EventFamily;
use domain::profile::Profile;
use domain::profile::command::{
    ChangeProfile, ChangeSettings, LiftRestriction, ProfileCommand, RestrictUser, RevokeTokens,
};
use domain::profile::event::{ProfileEvent, RestrictionKind, UserKind};
use domain::profile::settings::{Consent, QuietHours, TimeOfDay};
use domain::texts::{About, DisplayName, TimeZoneName};
use domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use crate::harness::user;
use crate::proptest_config;

fn change() -> impl Strategy<Value = ProfileCommand> {
    let name = select(vec!["Ann", "Zo\u{eb}"]).prop_map(|name| DisplayName::parse(name).unwrap());
    let about = select(vec!["", "hi"]).prop_map(|text| About::parse(text).unwrap());
    let custom = (0_u8..3).prop_map(|n| {
        CustomFields::parse(&json!({ "n": n, "x": [1.5, 100.0, 18_446_744_073_709_551_615_u64] }))
            .unwrap()
    });
    let kind = select(vec![UserKind::User, UserKind::Bot]);
    (
        option::of(option::of(name)),
        option::of(option::of(about)),
        option::of(option::of(custom)),
        option::of(kind),
        option::of(any::<bool>()),
        0_usize..3,
    )
        .prop_map(|(display_name, about, custom, kind, deactivated, by)| {
            ProfileCommand::Change(ChangeProfile {
                display_name,
                avatar: None,
                about,
                locale: None,
                custom,
                kind,
                deactivated,
                by: user(by),
            })
        })
}

fn change_settings() -> impl Strategy<Value = ProfileCommand> {
    let consent = || option::of(select(vec![Consent::Anyone, Consent::Contacts]));
    let flag = || option::of(any::<bool>());
    let hours = (0_u8..12).prop_map(|hour| {
        let from = TimeOfDay::parse(&format!("{hour:02}:00")).unwrap();
        let to = TimeOfDay::parse("13:30").unwrap();
        QuietHours::new(from, to, TimeZoneName::parse("UTC").unwrap()).unwrap()
    });
    let hours = option::of(option::of(hours));
    (consent(), consent(), flag(), flag(), hours).prop_map(
        |(direct_from, groups_from, read_receipts, last_seen, quiet_hours)| {
            ProfileCommand::ChangeSettings(ChangeSettings {
                direct_from,
                groups_from,
                read_receipts,
                last_seen,
                quiet_hours,
            })
        },
    )
}

fn govern() -> impl Strategy<Value = ProfileCommand> {
    let time = || (0_i64..5).prop_map(Timestamp::from_millis);
    let kind = select(vec![RestrictionKind::Silenced, RestrictionKind::Banned]);
    prop_oneof![
        time().prop_map(|before| ProfileCommand::RevokeTokens(RevokeTokens {
            before,
            by: user(0)
        })),
        (kind, option::of(time())).prop_map(|(kind, until)| {
            ProfileCommand::Restrict(RestrictUser {
                kind,
                until,
                reason: until.map(|_| "spam".to_owned()),
                by: user(1),
                now: Timestamp::from_millis(-1),
            })
        }),
        time()
            .prop_map(|now| ProfileCommand::LiftRestriction(LiftRestriction { by: user(1), now })),
        Just(ProfileCommand::Erase(user(0))),
    ]
}

fn commands() -> impl Strategy<Value = Vec<ProfileCommand>> {
    vec(prop_oneof![change(), change_settings(), govern()], 0..40)
}

fn execute_all(commands: &[ProfileCommand]) -> (Profile, Vec<ProfileEvent>) {
    let (mut state, mut log) = (Profile::default(), vec![]);
    for command in commands {
        for event in state.decide(command.clone()).unwrap() {
            state.apply(event.clone());
            log.push(event);
        }
    }
    (state, log)
}

fn replay(log: &[ProfileEvent]) -> Profile {
    let mut state = Profile::default();
    for event in log {
        state.apply(event.clone());
    }
    state
}

proptest! {
    #![proptest_config(proptest_config(256))]

    #[test]
    fn replaying_the_log_or_a_snapshot_gives_the_same_state(commands in commands(), cut: Index) {
        let (state, log) = execute_all(&commands);
        prop_assert_eq!(&replay(&log), &state);
        let (before, after) = log.split_at(cut.index(log.len() + 1));
        let text = serde_json::to_value(replay(before)).unwrap();
        let mut read: Profile = serde_json::from_value(text).unwrap();
        for event in after {
            read.apply(event.clone());
        }
        prop_assert_eq!(read, state);
    }

    #[test]
    fn decoding_reverses_encoding_for_every_event(commands in commands()) {
        for event in execute_all(&commands).1 {
            let data = event.encode().unwrap();
            let read = ProfileEvent::decode(event.name(), event.version(), data.get().as_bytes()).unwrap();
            prop_assert_eq!(&read, &event);
            let again = read.encode().unwrap();
            prop_assert_eq!(again.get(), data.get());
        }
    }

    #[test]
    fn repeating_a_command_changes_nothing(commands in commands()) {
        let mut state = Profile::default();
        for command in commands {
            for event in state.decide(command.clone()).unwrap() {
                state.apply(event);
            }
            prop_assert_eq!(state.decide(command), Ok(vec![]));
        }
    }
}
