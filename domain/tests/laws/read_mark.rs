//! The read mark is stored in two places. The effective mark is always the one that follows from
//! processing everything in order: joining sets it to the head, sending sets it to the sent
//! message, reading advances it, marking unread sets it.

use cqrs_es::Aggregate;
use domain::conversation::command::ConversationCommand;
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, MarkUnread, Read};
use domain::mailbox::event::MailboxEvent;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::asks::Ask;
use crate::stories;
use crate::world::{World, user};

/// The owner of the group.
const OWNER: usize = 0;
/// The owner of the mailbox.
const READER: usize = 1;

#[derive(Debug, Clone)]
enum Step {
    OthersSend,
    ReaderSends,
    ReaderLeaves,
    ReaderJoins,
    ReadUpTo(i64),
    UnreadFrom(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::OthersSend),
        2 => Just(Step::ReaderSends),
        1 => Just(Step::ReaderLeaves),
        1 => Just(Step::ReaderJoins),
        2 => (-1_i64..30).prop_map(Step::ReadUpTo),
        2 => (-1_i64..30).prop_map(Step::UnreadFrom),
    ];
    vec(step, 0..60)
}

struct Reading {
    world: World,
    mailbox: Mailbox,
    /// The expected mark; `None` while the reader is not a member.
    mark: Option<i64>,
}

impl Reading {
    fn new() -> Self {
        let mut world = World::new();
        let members = vec![READER];
        obey(
            &mut world,
            &Ask::Create {
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

    fn take(&mut self, step: &Step) {
        match *step {
            Step::OthersSend => {
                obey(
                    &mut self.world,
                    &Ask::Talk {
                        by: OWNER,
                        messages: 1,
                    },
                );
            }
            Step::ReaderSends => {
                if obey(
                    &mut self.world,
                    &Ask::Talk {
                        by: READER,
                        messages: 1,
                    },
                ) {
                    self.mark = Some(self.world.state.head_seq());
                }
            }
            Step::ReaderLeaves => {
                obey(
                    &mut self.world,
                    &Ask::Remove {
                        by: READER,
                        user: READER,
                    },
                );
                self.mark = None;
            }
            Step::ReaderJoins => {
                if obey(
                    &mut self.world,
                    &Ask::Add {
                        by: OWNER,
                        users: vec![READER],
                        role: None,
                    },
                ) {
                    self.mark = Some(self.world.state.head_seq());
                }
            }
            Step::ReadUpTo(up_to) => self.read(up_to),
            Step::UnreadFrom(from) => self.mark_unread(from),
        }
    }

    fn read(&mut self, up_to: i64) {
        let Some(standing) = self.world.state.standing(&user(READER)) else {
            return;
        };
        let read = Read {
            conversation: room(),
            up_to,
            standing,
        };
        let accepted = self.command(MailboxCommand::Read(read));
        assert_eq!(accepted.is_some(), up_to >= 0);
        if accepted.is_some() {
            self.mark = self.mark.map(|mark| mark.max(up_to.min(standing.head_seq)));
        }
    }

    fn mark_unread(&mut self, from: i64) {
        let Some(standing) = self.world.state.standing(&user(READER)) else {
            return;
        };
        let visible = self.world.state.may_see(&user(READER), from);
        let unread = MarkUnread {
            conversation: room(),
            from,
            standing,
            visible,
        };
        let accepted = self.command(MailboxCommand::MarkUnread(unread));
        assert_eq!(accepted.is_some(), visible);
        if accepted.is_some() {
            self.mark = Some(from - 1);
        }
    }

    /// Executes a command and returns its events, or `None` if it is refused. Checks that repeating
    /// an accepted command causes no events.
    fn command(&mut self, command: MailboxCommand) -> Option<Vec<MailboxEvent>> {
        let limits = &self.world.limits;
        let events = self.mailbox.decide(command.clone(), limits).ok()?;
        for event in &events {
            self.mailbox.apply(event.clone());
        }
        assert_eq!(self.mailbox.decide(command, limits), Ok(vec![]));
        Some(events)
    }

    fn effective(&self) -> Option<i64> {
        let standing = self.world.state.standing(&user(READER))?;
        Some(self.mailbox.read_mark(&room(), standing))
    }
}

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

/// Executes the commands of an action. Returns whether they caused an event.
fn obey(world: &mut World, ask: &Ask) -> bool {
    let commands: Vec<ConversationCommand> = world.commands(ask);
    commands
        .into_iter()
        .any(|command| world.obey(command).is_ok_and(|events| events > 0))
}

proptest! {
    #![proptest_config(stories(512))]

    #[test]
    fn the_effective_mark_follows_from_processing_everything_in_order(steps in steps()) {
        let mut reading = Reading::new();
        for step in &steps {
            reading.take(step);
            prop_assert_eq!(reading.effective(), reading.mark, "after {:?}", step);
        }
    }
}
