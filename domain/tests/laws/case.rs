//! Properties of the case aggregate.

use cqrs_es::Aggregate;
use domain::case::Case;
use domain::case::command::{AddEvidence, CaseCommand, FileReport, ResolveCase};
use domain::case::event::{CaseAction, CaseEvent, CaseKind, ReportReason};
use domain::case::target::CaseTarget;
use domain::event::EventFamily;
use domain::ids::ConversationId;
use domain::texts::CaseNote;
use domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::harness::user;
use crate::proptest_config;

fn target() -> CaseTarget {
    let conversation = ConversationId::parse("oslo").unwrap();
    CaseTarget::Message {
        conversation,
        seq: 7,
    }
}

fn note() -> impl Strategy<Value = Option<CaseNote>> {
    option::of(select(vec!["", "Zo\u{eb}"])).prop_map(|text| {
        let note = text.map(CaseNote::parse);
        note.transpose().unwrap()
    })
}

fn command() -> impl Strategy<Value = CaseCommand> {
    let reason = select(vec![ReportReason::Spam, ReportReason::Other]);
    let file = (0_usize..4, reason, note()).prop_map(|(reporter, reason, note)| {
        CaseCommand::File(FileReport {
            target: target(),
            reporter: user(reporter),
            reason,
            note,
        })
    });
    let kind = select(vec![CaseKind::Flag, CaseKind::Flood]);
    let add = (kind, 0_i64..8, option::of(0_usize..4)).prop_map(|(kind, position, by)| {
        CaseCommand::AddEvidence(AddEvidence {
            kind,
            target: target(),
            source_position: position,
            detail: "insults".to_owned(),
            user: by.map(user),
        })
    });
    let action = select(vec![
        CaseAction::Nothing,
        CaseAction::Recall,
        CaseAction::Silence,
        CaseAction::Ban,
    ]);
    let resolve = (action, option::of(0_i64..9), note()).prop_map(|(action, until, note)| {
        CaseCommand::Resolve(ResolveCase {
            action,
            user: Some(user(1)),
            until: until.map(Timestamp::from_millis),
            note,
            by: user(0),
            now: Timestamp::from_millis(4),
        })
    });
    prop_oneof![file, add, resolve, Just(CaseCommand::Reopen(user(0)))]
}

fn execute_all(commands: &[CaseCommand]) -> (Case, Vec<CaseEvent>) {
    let (mut state, mut log) = (Case::default(), vec![]);
    for command in commands {
        for event in state.decide(command.clone()).unwrap_or_default() {
            state.apply(event.clone());
            log.push(event);
        }
    }
    (state, log)
}

fn replay(log: &[CaseEvent]) -> Case {
    let mut state = Case::default();
    for event in log {
        state.apply(event.clone());
    }
    state
}

proptest! {
    #![proptest_config(proptest_config(256))]

    #[test]
    fn replaying_the_log_or_a_snapshot_gives_the_same_state(
        commands in vec(command(), 0..40),
        cut: Index,
    ) {
        let (state, log) = execute_all(&commands);
        prop_assert_eq!(&replay(&log), &state);
        let (before, after) = log.split_at(cut.index(log.len() + 1));
        let text = serde_json::to_value(replay(before)).unwrap();
        let mut read: Case = serde_json::from_value(text).unwrap();
        for event in after {
            read.apply(event.clone());
        }
        prop_assert_eq!(read, state);
    }

    #[test]
    fn decoding_reverses_encoding_for_every_event(commands in vec(command(), 0..40)) {
        for event in execute_all(&commands).1 {
            let data = event.encode().unwrap();
            let read = CaseEvent::decode(event.name(), event.version(), data.get().as_bytes()).unwrap();
            prop_assert_eq!(&read, &event);
            let again = read.encode().unwrap();
            prop_assert_eq!(again.get(), data.get());
        }
    }

    #[test]
    fn repeating_a_command_changes_nothing(commands in vec(command(), 0..40)) {
        let mut state = Case::default();
        for command in commands {
            let Ok(events) = state.decide(command.clone()) else {
                continue;
            };
            for event in events {
                state.apply(event);
            }
            prop_assert_eq!(state.decide(command), Ok(vec![]));
        }
    }

    /// Reports and evidence follow an opening, a resolution closes, and nothing closes twice.
    #[test]
    fn a_case_is_open_from_an_opening_to_a_resolution(commands in vec(command(), 0..40)) {
        let mut is_open = false;
        for event in execute_all(&commands).1 {
            match event {
                CaseEvent::CaseOpened(_) | CaseEvent::CaseReopened(_) => {
                    prop_assert!(!is_open);
                    is_open = true;
                }
                CaseEvent::CaseResolved(_) => {
                    prop_assert!(is_open);
                    is_open = false;
                }
                CaseEvent::ReportFiled(_) | CaseEvent::EvidenceAdded(_) => prop_assert!(is_open),
            }
        }
    }
}
