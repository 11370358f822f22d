//! The test harness: a conversation with its whole log. It turns random actions into commands, with
//! the lookups that a service would make.

use cqrs_es::Aggregate;
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::access_command::{
    AccessCommand, CreateLink, EndLink, JoinByLink, JoinConversation, JoinDecision, LiftSanction,
    SanctionUser,
};
use domain::conversation::command::{
    AddMembers, ChangeConversation, ConversationCommand, CreateConversation, EditMessage,
    ImportItem, ImportedEdit, ImportedMessage, ImportedReaction, RecallMessage, RemoveMember,
    ReplyTarget, RestoreMessage, SendMessage, ThreadLookup, UpdatePin, UpdateReaction,
};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::conversation::settings::PolicyChange;
use domain::ids::{ClientKey, ReactionKey, Title, UserId};
use domain::limits::Limits;
use domain::link_code::LinkId;
use domain::message::MessageState;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use serde_json::json;

use crate::strategies::{ConversationAction, ImportLineAction};

pub struct ConversationHarness {
    pub state: Conversation,
    pub log: Vec<ConversationEvent>,
    pub limits: Limits,
    now: i64,
    /// How many links were created.
    links: usize,
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
        ConversationEvent::MessageRestored(e) => Some(e.seq),
        ConversationEvent::ReactionAdded(e) | ConversationEvent::ReactionRemoved(e) => Some(e.seq),
        _ => None,
    }
}

impl ConversationHarness {
    /// The limits are small, so that random actions reach them.
    pub fn new() -> Self {
        let limits = Limits {
            mentions: 2,
            users_per_command: 4,
            group_members: 5,
            reaction_keys: 3,
            recall_window_ms: 3_000,
            join_requests: 2,
            links: 2,
            sanctions: 2,
            ..Limits::default()
        };
        Self {
            state: Conversation::default(),
            log: vec![],
            limits,
            now: 0,
            links: 0,
        }
    }

    /// Executes all actions and ignores refusals.
    pub fn replay(story: &[ConversationAction]) -> Self {
        let mut world = Self::new();
        for ask in story {
            for command in world.commands_for(ask) {
                let _refused = world.execute(command);
            }
        }
        world
    }

    pub fn decide(&self, command: ConversationCommand) -> Result<Vec<ConversationEvent>, Refusal> {
        self.state.decide(command, &self.limits)
    }

    /// Decides a command and applies its events. Returns the number of events.
    pub fn execute(&mut self, command: ConversationCommand) -> Result<usize, Refusal> {
        let events = self.decide(command)?;
        let count = events.len();
        for event in events {
            self.state.apply(event.clone());
            self.log.push(event);
        }
        Ok(count)
    }

    /// The state of a message, folded from the log.
    pub fn fold_message(&self, seq: i64) -> Option<MessageState> {
        MessageState::fold(
            self.log
                .iter()
                .filter(|event| seq_of(event) == Some(seq))
                .cloned(),
        )
    }

    fn look_up_message(&self, seq: i64) -> Option<MessageState> {
        if self.state.is_recent(seq) {
            None
        } else {
            self.fold_message(seq)
        }
    }

    /// The commands of an action in the current state. Waiting yields no command.
    pub fn commands_for(&mut self, ask: &ConversationAction) -> Vec<ConversationCommand> {
        match ask {
            ConversationAction::Wait { millis } => {
                self.now += millis;
                vec![]
            }
            ConversationAction::Talk { by, messages } => {
                vec![self.send_command(*by, None, None, &[], false); *messages]
            }
            ConversationAction::Send {
                by,
                reply,
                thread,
                mentions,
                blocked,
            } => {
                vec![self.send_command(*by, *reply, *thread, mentions, *blocked)]
            }
            ConversationAction::Create { .. }
            | ConversationAction::Change { .. }
            | ConversationAction::Add { .. }
            | ConversationAction::Remove { .. } => {
                vec![self.member_command(ask.clone())]
            }
            ConversationAction::CreateLink { .. } => {
                self.links += 1;
                self.access_command(ask).into_iter().collect()
            }
            _ => match self.access_command(ask) {
                Some(command) => vec![command],
                None => vec![self.message_command(ask)],
            },
        }
    }

    fn resolve_seq(&self, back: i64) -> i64 {
        self.state.head_seq() - back
    }

    fn send_command(
        &self,
        by: usize,
        reply: Option<i64>,
        thread: Option<i64>,
        mentions: &[usize],
        blocked: bool,
    ) -> ConversationCommand {
        ConversationCommand::Send(SendMessage {
            sender: user(by),
            kind: MessageType::Text,
            body: MessageBody::from_text("0"),
            reply_to: reply.map(|back| self.resolve_seq(back)),
            mentions: users(mentions),
            client_message_id: ClientKey::parse("k").unwrap(),
            now: Timestamp::from_millis(self.now),
            blocked,
            thread: thread.map(|back| ThreadLookup {
                root: self.resolve_seq(back),
                message: self.look_up_message(self.resolve_seq(back)),
            }),
            scheduled_for: None,
            desk: None,
        })
    }

    fn message_command(&self, ask: &ConversationAction) -> ConversationCommand {
        let now = Timestamp::from_millis(self.now);
        let react = |by: usize, back: i64, key: u8| {
            let (seq, key) = (
                self.resolve_seq(back),
                ReactionKey::parse(&key.to_string()).unwrap(),
            );
            UpdateReaction {
                seq,
                key,
                by: user(by),
                now,
                message: self.look_up_message(seq),
            }
        };
        match *ask {
            ConversationAction::Edit { by, back, text } => {
                let (seq, body) = (self.resolve_seq(back), json!({ "text": text.to_string() }));
                let message = self.look_up_message(seq);
                ConversationCommand::Edit(EditMessage {
                    seq,
                    body,
                    by: user(by),
                    now,
                    message,
                })
            }
            ConversationAction::Recall { by, back } => {
                let seq = self.resolve_seq(back);
                let message = self.look_up_message(seq);
                ConversationCommand::Recall(RecallMessage {
                    seq,
                    by: user(by),
                    now,
                    message,
                })
            }
            ConversationAction::Restore { by, back } => {
                let seq = self.resolve_seq(back);
                ConversationCommand::Restore(RestoreMessage {
                    seq,
                    by: user(by),
                    message: self.look_up_message(seq),
                })
            }
            ConversationAction::Pin { by, back, pinned } => {
                let seq = self.resolve_seq(back);
                let pin = UpdatePin {
                    seq,
                    by: user(by),
                    message: self.look_up_message(seq),
                };
                if pinned {
                    ConversationCommand::Pin(pin)
                } else {
                    ConversationCommand::Unpin(pin)
                }
            }
            ConversationAction::React { by, back, key } => {
                ConversationCommand::React(react(by, back, key))
            }
            ConversationAction::Unreact { by, back, key } => {
                ConversationCommand::Unreact(react(by, back, key))
            }
            ConversationAction::Import { ref lines } => {
                ConversationCommand::Import(self.import_items(lines))
            }
            ref other => unreachable!("{other:?} is not about a message"),
        }
    }

    fn import_items(&self, lines: &[ImportLineAction]) -> Vec<ImportItem> {
        let sent_at = Timestamp::from_millis(self.now - 10_000);
        let item = |line: &ImportLineAction| {
            if line.joins_only {
                return ImportItem::Members {
                    users: users(&line.other_users),
                    joined_at: None,
                };
            }
            let earlier = line.earlier.map(ReplyTarget::Index);
            let back = line
                .back
                .map(|back| ReplyTarget::Seq(self.resolve_seq(back)));
            let reaction = |(place, other): (usize, &usize)| ImportedReaction {
                key: ReactionKey::parse(&(place % 2).to_string()).unwrap(),
                user: user(*other),
            };
            ImportItem::Message(ImportedMessage {
                sender: user(line.sender),
                kind: MessageType::Text,
                body: MessageBody::from_text("0"),
                reply_to: back.or(earlier),
                thread: earlier.or(back),
                sent_at,
                edit: line.edited.then_some(ImportedEdit {
                    edited_at: sent_at,
                    original: None,
                }),
                reactions: line.other_users.iter().enumerate().map(reaction).collect(),
            })
        };
        lines.iter().map(item).collect()
    }

    /// The link that was created as the `number`th last one.
    fn link_id(&self, number: usize) -> LinkId {
        LinkId::new(self.links.saturating_sub(number) as u128)
    }

    /// The command of an action about access; `None` for any other.
    fn access_command(&self, ask: &ConversationAction) -> Option<ConversationCommand> {
        use ConversationAction as A;
        let now = Timestamp::from_millis(self.now);
        let decision = |by: usize, other: usize| JoinDecision {
            user: user(other),
            by: user(by),
            now,
        };
        Some(ConversationCommand::Access(match *ask {
            A::SetPolicy { by, ref policy } => {
                return Some(ConversationCommand::Change(ChangeConversation {
                    title: None,
                    history: None,
                    policy: policy.clone(),
                    by: user(by),
                    now,
                }));
            }
            A::Sanction {
                by,
                user: other,
                kind,
                lasting,
                by_moderator,
            } => AccessCommand::Sanction(SanctionUser {
                kind,
                user: user(other),
                until: lasting.map(|lasting| Timestamp::from_millis(self.now + lasting)),
                reason: None,
                by: user(by),
                by_moderator,
                now,
            }),
            A::Lift {
                by,
                user: other,
                kind,
            } => AccessCommand::Lift(LiftSanction {
                kind,
                user: user(other),
                by: user(by),
                by_moderator: false,
                now,
            }),
            A::Join { user: asking } => AccessCommand::Join(JoinConversation {
                user: user(asking),
                note: None,
                now,
            }),
            A::Admit { by, user } => AccessCommand::Admit(decision(by, user)),
            A::Decline { by, user } => AccessCommand::Decline(decision(by, user)),
            A::CreateLink { by, max_uses } => AccessCommand::CreateLink(CreateLink {
                link: self.link_id(0),
                max_uses,
                expires_at: None,
                by: user(by),
                now,
            }),
            A::JoinByLink { user: asking, link } => AccessCommand::JoinByLink(JoinByLink {
                link: self.link_id(link),
                user: user(asking),
                now,
            }),
            A::EndLink { by, link } => AccessCommand::EndLink(EndLink {
                link: self.link_id(link),
                by: user(by),
            }),
            _ => return None,
        }))
    }

    fn member_command(&self, ask: ConversationAction) -> ConversationCommand {
        let now = Timestamp::from_millis(self.now);
        match ask {
            ConversationAction::Create {
                direct,
                by,
                members,
                blocked,
            } => ConversationCommand::Create(CreateConversation {
                kind: if direct {
                    ConversationKind::Direct
                } else {
                    ConversationKind::Group
                },
                title: None,
                members: users(&members),
                by: user(by),
                blocked,
                created_at: None,
            }),
            ConversationAction::Change { by, title, history } => {
                let title = title.map(|title| title.map(|t| Title::parse(&t.to_string()).unwrap()));
                ConversationCommand::Change(ChangeConversation {
                    title,
                    history,
                    policy: PolicyChange::default(),
                    by: user(by),
                    now,
                })
            }
            ConversationAction::Add {
                by,
                users: named,
                role,
            } => ConversationCommand::AddMembers(AddMembers {
                users: users(&named),
                role,
                by: user(by),
                now,
            }),
            ConversationAction::Remove { by, user: removed } => {
                ConversationCommand::RemoveMember(RemoveMember {
                    user: user(removed),
                    by: user(by),
                })
            }
            other => unreachable!("{other:?} is not about members"),
        }
    }
}
