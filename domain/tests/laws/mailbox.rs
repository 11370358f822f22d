//! Properties of the mailbox aggregate.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::event::EventFamily;
use domain::ids::{ConversationId, DeviceId};
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{
    AckCursor, AddContact, ClearConversation, FollowThread, MailboxCommand, MarkRead, MarkUnread,
    ReadThread, RemoveContact, SetPreferences,
};
use domain::mailbox::event::{ContactRequested, MailboxEvent};
use domain::mailbox::push_command::{DropPush, RegisterPush};
use domain::mailbox::push_event::{PushDropCause, PushProvider, RegistrationDigest};
use domain::membership::MembershipSnapshot;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::harness::user;
use crate::proptest_config;

fn limits() -> Limits {
    Limits {
        blocks: 2,
        devices: 2,
        threads: 3,
        ..Limits::default()
    }
}

fn conversation(number: u8) -> ConversationId {
    ConversationId::parse(&format!("room-{number}")).unwrap()
}

fn device(number: u8) -> DeviceId {
    DeviceId::parse(&format!("device-{number}")).unwrap()
}

fn membership_snapshot() -> impl Strategy<Value = MembershipSnapshot> {
    (0_i64..10, 1_i64..3, 0_i64..10).prop_map(|(head_seq, stay, floor)| MembershipSnapshot {
        head_seq,
        stay,
        read_floor: floor.min(head_seq),
    })
}

fn read_mark_command() -> impl Strategy<Value = MailboxCommand> {
    prop_oneof![
        (0_u8..2, -1_i64..12, membership_snapshot()).prop_map(|(room, up_to, membership)| {
            MailboxCommand::MarkRead(MarkRead {
                conversation: conversation(room),
                up_to,
                membership,
            })
        }),
        (0_u8..2, -1_i64..12, membership_snapshot(), any::<bool>()).prop_map(
            |(room, from, membership, visible)| {
                let conversation = conversation(room);
                MailboxCommand::MarkUnread(MarkUnread {
                    conversation,
                    from,
                    membership,
                    visible,
                })
            }
        ),
    ]
}

fn preferences_command() -> impl Strategy<Value = MailboxCommand> {
    let choice = || option::of(any::<bool>());
    (
        0_u8..2,
        choice(),
        choice(),
        choice(),
        choice(),
        membership_snapshot(),
    )
        .prop_map(|(room, muted, pinned, archived, mentions, standing)| {
            let conversation = conversation(room);
            MailboxCommand::SetPreferences(SetPreferences {
                conversation,
                muted,
                pinned,
                archived,
                mentions,
                membership: standing,
            })
        })
}

/// A command about the contact of a user who has asked nothing, or once.
fn contact_command() -> impl Strategy<Value = MailboxCommand> {
    (0_usize..4, any::<bool>(), any::<bool>()).prop_map(|(number, asked, adds)| {
        let mut other = Mailbox::default();
        if asked {
            other.apply(MailboxEvent::ContactRequested(ContactRequested {
                user: user(9),
                note: None,
                number: 1,
            }));
        }
        let other = other.contact_acts(&user(9));
        let user = user(number);
        if adds {
            let note = None;
            MailboxCommand::AddContact(AddContact { user, note, other })
        } else {
            MailboxCommand::RemoveContact(RemoveContact { user, other })
        }
    })
}

fn thread_command() -> impl Strategy<Value = MailboxCommand> {
    let thread = || (0_u8..2, 1_i64..3, membership_snapshot());
    prop_oneof![
        (thread(), any::<bool>()).prop_map(|((room, root, membership), follow)| {
            MailboxCommand::FollowThread(FollowThread {
                conversation: conversation(room),
                root,
                follow,
                membership,
            })
        }),
        (thread(), -1_i64..12).prop_map(|((room, root, membership), up_to)| {
            MailboxCommand::ReadThread(ReadThread {
                conversation: conversation(room),
                root,
                up_to,
                membership,
            })
        }),
    ]
}

fn device_command() -> impl Strategy<Value = MailboxCommand> {
    prop_oneof![
        (0_u8..4, 0_usize..3, any::<bool>()).prop_map(|(number, provider, preview)| {
            MailboxCommand::RegisterPush(RegisterPush {
                device: device(number),
                provider: PushProvider::ALL[provider],
                digest: RegistrationDigest::parse(&format!("{provider}").repeat(64)).unwrap(),
                preview,
            })
        }),
        (0_u8..4).prop_map(|number| {
            MailboxCommand::DropPush(DropPush {
                device: Some(device(number)),
                digest: None,
                cause: PushDropCause::Removed,
            })
        }),
        (0_u8..4).prop_map(|number| MailboxCommand::RemoveDevice(device(number))),
    ]
}

fn commands() -> impl Strategy<Value = Vec<MailboxCommand>> {
    let command = prop_oneof![
        read_mark_command(),
        preferences_command(),
        (0_u8..4, -1_i64..12).prop_map(|(number, cursor)| {
            MailboxCommand::Ack(AckCursor {
                device: device(number),
                cursor,
                head: 10,
            })
        }),
        (0_u8..2, -1_i64..12, membership_snapshot()).prop_map(|(room, up_to, membership)| {
            MailboxCommand::Clear(ClearConversation {
                conversation: conversation(room),
                up_to,
                membership,
            })
        }),
        thread_command(),
        (0_usize..4).prop_map(|number| MailboxCommand::Block(user(number))),
        (0_usize..4).prop_map(|number| MailboxCommand::Unblock(user(number))),
        contact_command(),
        device_command(),
    ];
    vec(command, 0..60)
}

fn execute_all(commands: &[MailboxCommand]) -> (Mailbox, Vec<MailboxEvent>) {
    let (mut state, mut log) = (Mailbox::default(), vec![]);
    for command in commands {
        for event in state.decide(command.clone(), &limits()).unwrap_or_default() {
            state.apply(event.clone());
            log.push(event);
        }
    }
    (state, log)
}

fn replay(log: &[MailboxEvent]) -> Mailbox {
    let mut state = Mailbox::default();
    for event in log {
        state.apply(event.clone());
    }
    state
}

proptest! {
    #![proptest_config(proptest_config(256))]

    #[test]
    fn replaying_the_log_gives_the_same_state(commands in commands()) {
        let (state, log) = execute_all(&commands);
        prop_assert_eq!(replay(&log), state);
    }

    #[test]
    fn a_snapshot_and_the_rest_of_the_log_give_the_same_state(
        commands in commands(),
        cut: Index,
    ) {
        let (state, log) = execute_all(&commands);
        let (before, after) = log.split_at(cut.index(log.len() + 1));
        let early = replay(before);
        let text = serde_json::to_string(&early).unwrap();
        let mut read: Mailbox = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &early);
        let value = serde_json::to_value(&early).unwrap();
        prop_assert_eq!(&serde_json::from_value::<Mailbox>(value).unwrap(), &early);
        for event in after {
            read.apply(event.clone());
        }
        prop_assert_eq!(read, state);
    }

    #[test]
    fn decoding_reverses_encoding_for_every_event(commands in commands()) {
        for event in execute_all(&commands).1 {
            let data = event.encode().unwrap();
            let read = MailboxEvent::decode(event.name(), event.version(), data.get().as_bytes()).unwrap();
            prop_assert_eq!(read, event);
        }
    }

    #[test]
    fn repeating_a_command_changes_nothing(commands in commands()) {
        let mut state = Mailbox::default();
        for command in commands {
            let Ok(events) = state.decide(command.clone(), &limits()) else { continue };
            prop_assert!(events.len() <= 1);
            for event in events {
                state.apply(event);
            }
            prop_assert_eq!(state.decide(command, &limits()), Ok(vec![]));
        }
    }

    #[test]
    fn cursors_only_advance_and_acks_record_the_previous_cursor(commands in commands()) {
        let (state, log) = execute_all(&commands);
        let mut cursors = BTreeMap::new();
        for event in log {
            match event {
                MailboxEvent::DeviceAcked(acked) => {
                    let before = cursors.insert(acked.device, acked.cursor).unwrap_or(0);
                    prop_assert_eq!(acked.previous, before);
                    prop_assert!(acked.cursor > before && acked.cursor <= 10);
                }
                MailboxEvent::DeviceRemoved(removed) => {
                    cursors.remove(&removed.device);
                }
                _ => {}
            }
        }
        prop_assert!(cursors.len() <= limits().devices);
        for number in 0..4 {
            let expected = cursors.get(&device(number)).copied();
            prop_assert_eq!(state.device_cursor(&device(number)), expected);
        }
    }
}
