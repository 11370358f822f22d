//! The read mark is stored in two places. The effective mark is always the one that follows from
//! processing everything in order: joining sets it to the head, sending sets it to the sent
//! message, reading advances it, marking unread sets it.

use cqrs_es::Aggregate;
use domain::conversation::command::ConversationCommand;
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, MarkRead, MarkUnread};
use domain::mailbox::event::MailboxEvent;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::harness::{ConversationHarness, user};
use crate::proptest_config;
use crate::strategies::ConversationAction;

/// The owner of the group.
const OWNER: usize = 0;
/// The owner of the mailbox.
const READER: usize = 1;

#[derive(Debug, Clone)]
enum ReaderStep {
    OthersSend,
    ReaderSends,
    ReaderLeaves,
    ReaderJoins,
    ReadUpTo(i64),
    UnreadFrom(i64),
}

fn steps() -> impl Strategy<Value = Vec<ReaderStep>> {
    let step = prop_oneof![
        3 => Just(ReaderStep::OthersSend),
        2 => Just(ReaderStep::ReaderSends),
        1 => Just(ReaderStep::ReaderLeaves),
        1 => Just(ReaderStep::ReaderJoins),
        2 => (-1_i64..30).prop_map(ReaderStep::ReadUpTo),
        2 => (-1_i64..30).prop_map(ReaderStep::UnreadFrom),
    ];
    vec(step, 0..60)
}

struct ReadMarkScenario {
    world: ConversationHarness,
    mailbox: Mailbox,
    /// The expected mark; `None` while the reader is not a member.
    mark: Option<i64>,
}

impl ReadMarkScenario {
    fn new() -> Self {
        let mut world = ConversationHarness::new();
        let members = vec![READER];
        execute(
            &mut world,
            &ConversationAction::Create {
                direct: false,
                by: OWNER,
                members,
                blocked: false,
            },
        );
        Self {
            world,
            mailbox: Mailbox::default(),
            mark: Some(0),
        }
    }

    fn apply(&mut self, step: &ReaderStep) {
        match *step {
            ReaderStep::OthersSend => {
                execute(
                    &mut self.world,
                    &ConversationAction::Talk {
                        by: OWNER,
                        messages: 1,
                    },
                );
            }
            ReaderStep::ReaderSends => {
                if execute(
                    &mut self.world,
                    &ConversationAction::Talk {
                        by: READER,
                        messages: 1,
                    },
                ) {
                    self.mark = Some(self.world.state.head_seq());
                }
            }
            ReaderStep::ReaderLeaves => {
                execute(
                    &mut self.world,
                    &ConversationAction::Remove {
                        by: READER,
                        user: READER,
                    },
                );
                self.mark = None;
            }
            ReaderStep::ReaderJoins => {
                if execute(
                    &mut self.world,
                    &ConversationAction::Add {
                        by: OWNER,
                        users: vec![READER],
                        role: None,
                    },
                ) {
                    self.mark = Some(self.world.state.head_seq());
                }
            }
            ReaderStep::ReadUpTo(up_to) => self.read(up_to),
            ReaderStep::UnreadFrom(from) => self.mark_unread(from),
        }
    }

    fn read(&mut self, up_to: i64) {
        let Some(standing) = self.world.state.membership_snapshot(&user(READER)) else {
            return;
        };
        let read = MarkRead {
            conversation: room(),
            up_to,
            membership: standing,
        };
        let accepted = self.execute(MailboxCommand::MarkRead(read));
        assert_eq!(accepted.is_some(), up_to >= 0);
        if accepted.is_some() {
            self.mark = self.mark.map(|mark| mark.max(up_to.min(standing.head_seq)));
        }
    }

    fn mark_unread(&mut self, from: i64) {
        let Some(standing) = self.world.state.membership_snapshot(&user(READER)) else {
            return;
        };
        let visible = self.world.state.can_see(&user(READER), from);
        let unread = MarkUnread {
            conversation: room(),
            from,
            membership: standing,
            visible,
        };
        let accepted = self.execute(MailboxCommand::MarkUnread(unread));
        assert_eq!(accepted.is_some(), visible);
        if accepted.is_some() {
            self.mark = Some(from - 1);
        }
    }

    /// Executes a command and returns its events, or `None` if it is refused. Checks that repeating
    /// an accepted command causes no events.
    fn execute(&mut self, command: MailboxCommand) -> Option<Vec<MailboxEvent>> {
        let limits = &self.world.limits;
        let events = self.mailbox.decide(command.clone(), limits).ok()?;
        for event in &events {
            self.mailbox.apply(event.clone());
        }
        assert_eq!(self.mailbox.decide(command, limits), Ok(vec![]));
        Some(events)
    }

    fn effective_mark(&self) -> Option<i64> {
        let standing = self.world.state.membership_snapshot(&user(READER))?;
        Some(self.mailbox.read_mark(&room(), standing))
    }
}

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

/// Executes the commands of an action. Returns whether they caused an event.
fn execute(world: &mut ConversationHarness, ask: &ConversationAction) -> bool {
    let commands: Vec<ConversationCommand> = world.commands_for(ask);
    commands
        .into_iter()
        .any(|command| world.execute(command).is_ok_and(|events| events > 0))
}

proptest! {
    #![proptest_config(proptest_config(512))]

    #[test]
    fn the_effective_mark_follows_from_processing_everything_in_order(steps in steps()) {
        let mut reading = ReadMarkScenario::new();
        for step in &steps {
            reading.apply(step);
            prop_assert_eq!(reading.effective_mark(), reading.mark, "after {:?}", step);
        }
    }
}
