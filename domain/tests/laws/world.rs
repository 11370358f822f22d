//! The test harness: a conversation with its whole log. It turns random actions into commands, with
//! the lookups that a service would make.

use cqrs_es::Aggregate;
use domain::body::{Body, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{
    AddMembers, Change, ConversationCommand, Create, Edit, Imported, ImportedEdit, ImportedMessage,
    ImportedReaction, React, Recall, RemoveMember, ReplyTo, Send,
};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::ids::{ReactionKey, Title, UserId};
use domain::limits::Limits;
use domain::message::MessageState;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use serde_json::json;

use crate::asks::{Ask, ImportLine};

pub struct World {
    pub state: Conversation,
    pub log: Vec<ConversationEvent>,
    pub limits: Limits,
    now: i64,
}

pub fn user(number: usize) -> UserId {
    UserId::parse(&format!("user-{number}")).unwrap()
}

fn users(numbers: &[usize]) -> Vec<UserId> {
    numbers.iter().copied().map(user).collect()
}

/// The seq of the message that an event concerns, if it concerns one.
pub fn seq_of(event: &ConversationEvent) -> Option<i64> {
    match event {
        ConversationEvent::MessageSent(e) => Some(e.seq),
        ConversationEvent::MessageEdited(e) => Some(e.seq),
        ConversationEvent::MessageRecalled(e) => Some(e.seq),
        ConversationEvent::MessageErased(e) => Some(e.seq),
        ConversationEvent::ReactionAdded(e) | ConversationEvent::ReactionRemoved(e) => Some(e.seq),
        _ => None,
    }
}

impl World {
    /// The limits are small, so that random actions reach them.
    pub fn new() -> Self {
        let limits = Limits {
            mentions: 2,
            users_per_command: 4,
            group_members: 5,
            reaction_keys: 3,
            recall_window_ms: 3_000,
            ..Limits::default()
        };
        Self {
            state: Conversation::default(),
            log: vec![],
            limits,
            now: 0,
        }
    }

    /// Executes all actions and ignores refusals.
    pub fn after(story: &[Ask]) -> Self {
        let mut world = Self::new();
        for ask in story {
            for command in world.commands(ask) {
                let _refused = world.obey(command);
            }
        }
        world
    }

    pub fn decide(&self, command: ConversationCommand) -> Result<Vec<ConversationEvent>, Refusal> {
        self.state.decide(command, &self.limits)
    }

    /// Decides a command and applies its events. Returns the number of events.
    pub fn obey(&mut self, command: ConversationCommand) -> Result<usize, Refusal> {
        let events = self.decide(command)?;
        let count = events.len();
        for event in events {
            self.state.apply(event.clone());
            self.log.push(event);
        }
        Ok(count)
    }

    /// The state of a message, folded from the log.
    pub fn folded(&self, seq: i64) -> Option<MessageState> {
        MessageState::fold(
            self.log
                .iter()
                .filter(|event| seq_of(event) == Some(seq))
                .cloned(),
        )
    }

    fn looked_up(&self, seq: i64) -> Option<MessageState> {
        if self.state.remembers(seq) {
            None
        } else {
            self.folded(seq)
        }
    }

    /// The commands of an action in the current state. Waiting yields no command.
    pub fn commands(&mut self, ask: &Ask) -> Vec<ConversationCommand> {
        match ask {
            Ask::Wait { millis } => {
                self.now += millis;
                vec![]
            }
            Ask::Talk { by, messages } => {
                vec![self.send(*by, None, &[], false); *messages]
            }
            Ask::Send {
                by,
                reply,
                mentions,
                blocked,
            } => {
                vec![self.send(*by, *reply, mentions, *blocked)]
            }
            Ask::Create { .. } | Ask::Change { .. } | Ask::Add { .. } | Ask::Remove { .. } => {
                vec![about_members(ask.clone())]
            }
            _ => vec![self.about_message(ask)],
        }
    }

    fn seq(&self, back: i64) -> i64 {
        self.state.head_seq() - back
    }

    fn send(
        &self,
        by: usize,
        reply: Option<i64>,
        mentions: &[usize],
        blocked: bool,
    ) -> ConversationCommand {
        ConversationCommand::Send(Send {
            sender: user(by),
            kind: MessageType::Text,
            body: Body::text("0"),
            reply_to: reply.map(|back| self.seq(back)),
            mentions: users(mentions),
            now: Timestamp::from_millis(self.now),
            blocked,
        })
    }

    fn about_message(&self, ask: &Ask) -> ConversationCommand {
        let now = Timestamp::from_millis(self.now);
        let react = |by: usize, back: i64, key: u8| {
            let (seq, key) = (
                self.seq(back),
                ReactionKey::parse(&key.to_string()).unwrap(),
            );
            React {
                seq,
                key,
                by: user(by),
                message: self.looked_up(seq),
            }
        };
        match *ask {
            Ask::Edit { by, back, text } => {
                let (seq, body) = (self.seq(back), json!({ "text": text.to_string() }));
                let message = self.looked_up(seq);
                ConversationCommand::Edit(Edit {
                    seq,
                    body,
                    by: user(by),
                    now,
                    message,
                })
            }
            Ask::Recall { by, back } => {
                let seq = self.seq(back);
                let message = self.looked_up(seq);
                ConversationCommand::Recall(Recall {
                    seq,
                    by: user(by),
                    now,
                    message,
                })
            }
            Ask::React { by, back, key } => ConversationCommand::React(react(by, back, key)),
            Ask::Unreact { by, back, key } => ConversationCommand::Unreact(react(by, back, key)),
            Ask::Import { ref lines } => ConversationCommand::Import(self.imported(lines)),
            ref other => unreachable!("{other:?} is not about a message"),
        }
    }

    fn imported(&self, lines: &[ImportLine]) -> Vec<Imported> {
        let sent_at = Timestamp::from_millis(self.now - 10_000);
        let item = |line: &ImportLine| {
            if line.joins_only {
                return Imported::Joined(users(&line.others));
            }
            let earlier = line.earlier.map(ReplyTo::Index);
            let reaction = |(place, other): (usize, &usize)| ImportedReaction {
                key: ReactionKey::parse(&(place % 2).to_string()).unwrap(),
                user: user(*other),
            };
            Imported::Message(ImportedMessage {
                sender: user(line.sender),
                kind: MessageType::Text,
                body: Body::text("0"),
                reply_to: line
                    .back
                    .map(|back| ReplyTo::Seq(self.seq(back)))
                    .or(earlier),
                sent_at,
                edit: line.edited.then_some(ImportedEdit {
                    edited_at: sent_at,
                    original: None,
                }),
                reactions: line.others.iter().enumerate().map(reaction).collect(),
            })
        };
        lines.iter().map(item).collect()
    }
}

fn about_members(ask: Ask) -> ConversationCommand {
    match ask {
        Ask::Create {
            direct,
            by,
            members,
            blocked,
        } => ConversationCommand::Create(Create {
            kind: if direct {
                ConversationKind::Direct
            } else {
                ConversationKind::Group
            },
            title: None,
            members: users(&members),
            by: user(by),
            blocked,
        }),
        Ask::Change { by, title, history } => {
            let title = title.map(|title| title.map(|t| Title::parse(&t.to_string()).unwrap()));
            ConversationCommand::Change(Change {
                title,
                history,
                by: user(by),
            })
        }
        Ask::Add {
            by,
            users: named,
            role,
        } => ConversationCommand::AddMembers(AddMembers {
            users: users(&named),
            role,
            by: user(by),
        }),
        Ask::Remove { by, user: removed } => ConversationCommand::RemoveMember(RemoveMember {
            user: user(removed),
            by: user(by),
        }),
        other => unreachable!("{other:?} is not about members"),
    }
}
